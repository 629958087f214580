//! Words and signs that make a number an amount, a period or a date, in English and Russian.

use super::{Currency, Span};

/// Whether a word at the end of an unfinished text may be part of a figure that goes on.
pub(crate) fn may_go_on(word: &str) -> bool {
    let lower = word.to_lowercase();
    let letters: String = lower.chars().filter(|c| c.is_alphabetic()).collect();
    (word.contains(|c: char| c.is_ascii_digit() || sign(c).is_some()) && !word.contains("://"))
        || month(&letters).is_some()
        || currency(&letters).is_some()
        || number_word(&letters).is_some()
        || multiplier(&letters).is_some()
        || is_kind_of_day(&letters)
        || is_connector(&lower)
}

pub(crate) fn multiplier(word: &str) -> Option<u64> {
    match word {
        "k" | "к" | "тыс" | "thousand" => Some(1_000),
        "m" | "mio" | "mln" | "млн" | "million" | "миллион" | "миллиона" | "миллионов" => {
            Some(1_000_000)
        }
        word if word.starts_with("тысяч") => Some(1_000),
        _ => None,
    }
}

pub(crate) fn sign(c: char) -> Option<Currency> {
    match c {
        '€' => Some(Currency::Euro),
        '$' => Some(Currency::Dollar),
        '£' => Some(Currency::Pound),
        '₽' => Some(Currency::Rouble),
        '¥' | '₴' | '₸' | '₿' => Some(Currency::Other),
        _ => None,
    }
}

pub(crate) fn currency(word: &str) -> Option<Currency> {
    let one_of = |stems: &[&str]| stems.iter().any(|stem| word.starts_with(stem));
    match word {
        "eur" | "euro" | "euros" | "евро" => Some(Currency::Euro),
        "usd" | "bucks" => Some(Currency::Dollar),
        "gbp" | "quid" => Some(Currency::Pound),
        "rub" | "р" | "руб" => Some(Currency::Rouble),
        "chf" => Some(Currency::Franc),
        "btc" | "usdt" | "eth" | "cny" | "jpy" | "uah" => Some(Currency::Other),
        _ if one_of(&["dollar", "доллар", "бакс"]) => Some(Currency::Dollar),
        _ if one_of(&["pound", "фунт"]) => Some(Currency::Pound),
        _ if one_of(&["rouble", "ruble", "рубл"]) => Some(Currency::Rouble),
        _ if one_of(&["franc", "франк"]) => Some(Currency::Franc),
        _ if one_of(&["cent", "цент", "копе"]) => Some(Currency::Other),
        _ => None,
    }
}

pub(crate) fn span(word: &str) -> Option<Span> {
    let one_of = |words: &[&str]| words.contains(&word);
    match word {
        _ if one_of(&["minute", "minutes", "min", "мин"]) || word.starts_with("минут") => {
            Some(Span::Minutes)
        }
        _ if one_of(&["hour", "hours", "hrs", "h", "час", "часа", "часов", "часам", "ч"]) => {
            Some(Span::Hours)
        }
        _ if one_of(&["day", "days", "день", "дня", "дней", "сутки", "суток", "дням"]) => {
            Some(Span::Days)
        }
        _ if one_of(&["week", "weeks"]) || word.starts_with("недел") => Some(Span::Weeks),
        _ if one_of(&["month", "months"]) || word.starts_with("месяц") => Some(Span::Months),
        _ if one_of(&["year", "years", "год", "года", "лет"]) => Some(Span::Years),
        _ => None,
    }
}

/// Words that may stand between a number and its days.
pub(crate) fn is_kind_of_day(word: &str) -> bool {
    [
        "business",
        "working",
        "work",
        "calendar",
        "full",
        "рабоч",
        "календарн",
        "полн",
    ]
    .iter()
    .any(|stem| word.starts_with(stem))
}

pub(crate) fn month(word: &str) -> Option<u64> {
    const MONTHS: [(&str, &str); 12] = [
        ("january", "январ"),
        ("february", "феврал"),
        ("march", "март"),
        ("april", "апрел"),
        ("may", "мая"),
        ("june", "июн"),
        ("july", "июл"),
        ("august", "август"),
        ("september", "сентябр"),
        ("october", "октябр"),
        ("november", "ноябр"),
        ("december", "декабр"),
    ];
    let at = MONTHS.iter().position(|(english, russian)| {
        word == *english
            || (word.len() >= 3
                && *english != "may"
                && english.strip_prefix(word).is_some()
                && word.len() <= 4)
            || word.starts_with(russian)
            || (*english == "may" && word == "май")
    })?;
    u64::try_from(at + 1).ok()
}

/// Numbers in words, with the Russian cases in which amounts are said.
const NUMBER_WORDS: [(u64, &[&str]); 36] = [
    (1, &["one", "один", "одна", "одну", "одной", "одного"]),
    (2, &["two", "два", "две", "двух"]),
    (3, &["three", "три", "трех"]),
    (4, &["four", "четыре", "четырех"]),
    (5, &["five", "пять", "пяти"]),
    (6, &["six", "шесть", "шести"]),
    (7, &["seven", "семь", "семи"]),
    (8, &["eight", "восемь", "восьми"]),
    (9, &["nine", "девять", "девяти"]),
    (10, &["ten", "десять", "десяти"]),
    (11, &["eleven", "одиннадцать", "одиннадцати"]),
    (12, &["twelve", "двенадцать", "двенадцати"]),
    (13, &["thirteen", "тринадцать", "тринадцати"]),
    (14, &["fourteen", "четырнадцать", "четырнадцати"]),
    (15, &["fifteen", "пятнадцать", "пятнадцати"]),
    (16, &["sixteen", "шестнадцать", "шестнадцати"]),
    (17, &["seventeen", "семнадцать", "семнадцати"]),
    (18, &["eighteen", "восемнадцать", "восемнадцати"]),
    (19, &["nineteen", "девятнадцать", "девятнадцати"]),
    (20, &["twenty", "двадцать", "двадцати"]),
    (30, &["thirty", "тридцать", "тридцати"]),
    (40, &["forty", "fourty", "сорок", "сорока"]),
    (50, &["fifty", "пятьдесят", "пятидесяти"]),
    (60, &["sixty", "шестьдесят", "шестидесяти"]),
    (70, &["seventy", "семьдесят", "семидесяти"]),
    (80, &["eighty", "восемьдесят", "восьмидесяти"]),
    (90, &["ninety", "девяносто", "девяноста"]),
    (100, &["hundred", "сто", "ста"]),
    (200, &["двести", "двухсот"]),
    (300, &["триста", "трехсот"]),
    (400, &["четыреста", "четырехсот"]),
    (500, &["пятьсот", "пятисот"]),
    (600, &["шестьсот", "шестисот"]),
    (700, &["семьсот", "семисот"]),
    (800, &["восемьсот", "восьмисот"]),
    (900, &["девятьсот", "девятисот"]),
];

pub(crate) fn number_word(word: &str) -> Option<u64> {
    NUMBER_WORDS
        .iter()
        .find(|(_, words)| words.contains(&word))
        .map(|(value, _)| *value)
}

pub(crate) fn is_connector(word: &str) -> bool {
    matches!(
        word,
        "-" | "–" | "—" | "‑" | "/" | "to" | "or" | "and" | "до" | "или" | "и"
    )
}
