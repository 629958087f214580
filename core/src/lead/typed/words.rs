//! What may stand around an amount, in English and Russian. Words are in lower case, without `ё`.

/// What a phrase makes of the amount beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The amount is the most.
    UpTo,
    /// The amount is the least.
    From,
    /// The first of two amounts follows.
    Between,
    /// Joins two amounts into a range.
    Join,
    /// Joins the ends after "between".
    And,
    /// Joins two alternatives.
    Or,
    /// Says nothing.
    Filler,
}

type Phrases = &'static [(&'static str, Role)];

/// Phrases of several words come first where they begin alike: the longest that fits counts.
const BOTH: Phrases = &[
    ("up to", Role::UpTo),
    ("at most", Role::UpTo),
    ("at the most", Role::UpTo),
    ("less than", Role::UpTo),
    ("no more than", Role::UpTo),
    ("not more than", Role::UpTo),
    ("or less", Role::UpTo),
    ("max", Role::UpTo),
    ("maximum", Role::UpTo),
    ("tops", Role::UpTo),
    ("under", Role::UpTo),
    ("within", Role::UpTo),
    ("at least", Role::From),
    ("more than", Role::From),
    ("no less than", Role::From),
    ("not less than", Role::From),
    ("or more", Role::From),
    ("over", Role::From),
    ("min", Role::From),
    ("minimum", Role::From),
    ("between", Role::Between),
    ("to", Role::Join),
    ("and", Role::And),
    ("or", Role::Or),
    ("or so", Role::Filler),
    ("or thereabouts", Role::Filler),
    ("give or take", Role::Filler),
    ("thanks a million", Role::Filler),
    ("something like", Role::Filler),
    ("до", Role::UpTo),
    ("не более", Role::UpTo),
    ("не больше", Role::UpTo),
    ("не более чем", Role::UpTo),
    ("не больше чем", Role::UpTo),
    ("меньше", Role::UpTo),
    ("менее", Role::UpTo),
    ("максимум", Role::UpTo),
    ("макс", Role::UpTo),
    ("в пределах", Role::UpTo),
    ("от", Role::From),
    ("более", Role::From),
    ("больше", Role::From),
    ("свыше", Role::From),
    ("не менее", Role::From),
    ("не меньше", Role::From),
    ("как минимум", Role::From),
    ("минимум", Role::From),
    ("по меньшей мере", Role::From),
    ("и больше", Role::From),
    ("и более", Role::From),
    ("или больше", Role::From),
    ("между", Role::Between),
    ("и", Role::And),
    ("или", Role::Or),
    ("или около того", Role::Filler),
    ("или так", Role::Filler),
    ("где то", Role::Filler),
    ("плюс минус", Role::Filler),
    ("plus minus", Role::Filler),
    ("plus or minus", Role::Filler),
    ("в районе", Role::Filler),
];

const MONEY: Phrases = &[
    ("below", Role::UpTo),
    ("not above", Role::UpTo),
    ("not over", Role::UpTo),
    ("no higher than", Role::UpTo),
    ("or under", Role::UpTo),
    ("or below", Role::UpTo),
    ("capped at", Role::UpTo),
    ("from", Role::From),
    ("above", Role::From),
    ("starting at", Role::From),
    ("starting from", Role::From),
    ("upwards of", Role::From),
    ("north of", Role::From),
    ("not below", Role::From),
    ("not under", Role::From),
    ("and up", Role::From),
    ("and above", Role::From),
    ("and more", Role::From),
    ("and upwards", Role::From),
    ("plus", Role::From),
    ("не дороже", Role::UpTo),
    ("не свыше", Role::UpTo),
    ("не выше", Role::UpTo),
    ("уложиться в", Role::UpTo),
    ("и меньше", Role::UpTo),
    ("или меньше", Role::UpTo),
    ("выше", Role::From),
    ("не ниже", Role::From),
    ("и выше", Role::From),
    ("плюс", Role::From),
    ("с", Role::From),
    ("без ндс", Role::Filler),
    ("с ндс", Role::Filler),
];

const DAYS: Phrases = &[
    ("no later than", Role::UpTo),
    ("not later than", Role::UpTo),
    ("no sooner than in", Role::From),
    ("no sooner than", Role::From),
    ("not sooner than", Role::From),
    ("no earlier than", Role::From),
    ("not earlier than", Role::From),
    ("not before", Role::From),
    ("from now", Role::Filler),
    ("from today", Role::Filler),
    ("в течение", Role::UpTo),
    ("в течении", Role::UpTo),
    ("не позже", Role::UpTo),
    ("не позже чем через", Role::UpTo),
    ("не позднее", Role::UpTo),
    ("не раньше", Role::From),
    ("не раньше чем через", Role::From),
    ("не ранее", Role::From),
    ("не ранее чем через", Role::From),
];

/// Words beside an amount that change nothing, whatever is counted.
const FILLERS: &str = "a about all an approx approximately are around be can could circa d for guess hm hmm i if is it \
    its just let like ll m maybe might my of ok okay on only our perhaps please possible potentially probably re \
    roughly s say should so somewhere sure thank thanks that the then think this tho though total um us ve we well \
    will would yeah yep yes \
    бы быть будет в возможно все вроде да думаю думаем для за мне могу может можем можно мой мы на навскидку \
    наверное наверно нам нас наш ну ок около ориентировочно пожалуйста пока порядка предварительно приблизительно \
    примерно проект проекта проекту скорее спасибо так то того у что это этот я";

const MONEY_FILLERS: &str = "afford allocate allocated at available ballpark budget budgeted budgets ca comfortable \
    cost figure got has have in invest max pay plan planned planning project range ready region set spend aside \
    sum vat net excluding \
    бюджет бюджета бюджете бюджетом бюджету весь всего выделено выделили выделим выделить вложить готов готова готовы \
    деньги денег есть заложено заложили закладываем заплатить имеем имеется итого меня могли общий общем планируем \
    планирую потратить располагаем рассчитываем рассчитываю сумма сумме суммой сумму тратить хотим хотели хотелось \
    хочу составляет";

const DAY_FILLERS: &str = "begin beginning begins from get go going hopefully ideally in kick next off plan planned \
    planning ready some start started starting starts time want \
    ближайшее ближайшие ближайших где готовы запустить запуститься начало начать начинать начнем начинаем \
    надо нужно планируем планирую приступить сроки срок спустя старт стартовать стартуем хотим хотели хотелось хочу \
    через";

/// The role of the longest phrase that the words begin with, and its length.
pub(super) fn role(words: &[&str], money: bool) -> Option<(Role, usize)> {
    let own = if money { MONEY } else { DAYS };
    let fits = |phrase: &str| {
        let mut length = 0;
        let same = phrase.split(' ').all(|word| {
            length += 1;
            words.get(length - 1) == Some(&word)
        });
        same.then_some(length)
    };
    let phrase = BOTH
        .iter()
        .chain(own)
        .filter_map(|(phrase, role)| Some((*role, fits(phrase)?)))
        .max_by_key(|(_, length)| *length);
    phrase.or_else(|| {
        let word = words.first()?;
        let fillers = if money { MONEY_FILLERS } else { DAY_FILLERS };
        let filler = FILLERS.split_whitespace().chain(fillers.split_whitespace());
        filler
            .into_iter()
            .any(|filler| filler == *word)
            .then_some((Role::Filler, 1))
    })
}
