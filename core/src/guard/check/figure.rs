//! Numbers in a text and what they measure, in English and Russian spelling.

use std::collections::BTreeSet;
use std::ops::Range;

/// A currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::guard) enum Currency {
    Euro,
    Dollar,
    Pound,
    Rouble,
    Franc,
    Other,
}

/// What a period is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::guard) enum Span {
    Minutes,
    Hours,
    Days,
    Weeks,
    Months,
    Years,
}

/// A number and what it measures. Numbers are in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::guard) enum Measure {
    Plain(u64),
    Money(u64, Currency),
    Percent(u64),
    Lasts(u64, Span),
    /// Minutes of a day.
    At(u64),
    /// A day, a month, perhaps a year.
    Date(u64, u64, Option<u64>),
}

/// A figure in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::guard) struct Figure {
    pub range: Range<usize>,
    pub measure: Measure,
}

impl Figure {
    /// All figures of a text, in order.
    pub fn all(text: &str) -> Vec<Figure> {
        read(&tokens(text))
    }

    /// Whether it says what it measures.
    pub fn is_measured(&self) -> bool {
        !matches!(self.measure, Measure::Plain(_))
    }

    /// Whether it is a bare number below ten: of a list, of a few things.
    pub fn is_small(&self) -> bool {
        matches!(self.measure, Measure::Plain(value) if value < 10_000)
    }
}

/// The figures of several texts.
#[derive(Clone, Debug, Default)]
pub(in crate::guard) struct Figures {
    measures: BTreeSet<Measure>,
    values: BTreeSet<u64>,
    days: BTreeSet<(u64, u64)>,
}

impl Figures {
    pub fn of(texts: &[&str]) -> Self {
        let mut figures = Figures::default();
        for figure in texts.iter().flat_map(|text| Figure::all(text)) {
            match figure.measure {
                Measure::Plain(value) | Measure::Money(value, _) => {
                    figures.values.insert(value);
                }
                Measure::Date(day, month, _) => {
                    figures.days.insert((day, month));
                }
                Measure::Percent(_) | Measure::Lasts(..) | Measure::At(_) => {}
            }
            figures.measures.insert(figure.measure);
        }
        figures
    }

    /// Whether a figure is among them. An amount without a currency fits any; a date without a year
    /// any year; a full hour the bare number.
    pub fn bear_out(&self, figure: &Figure) -> bool {
        let has = |measure: Measure| self.measures.contains(&measure);
        match figure.measure {
            Measure::Plain(value) => self.values.contains(&value),
            Measure::Money(value, _) => has(figure.measure) || has(Measure::Plain(value)),
            Measure::Percent(_) | Measure::Lasts(..) => has(figure.measure),
            Measure::At(minutes) => {
                let hour = minutes.is_multiple_of(60).then_some(minutes / 60 * 1_000);
                has(figure.measure) || hour.is_some_and(|hour| has(Measure::Plain(hour)))
            }
            Measure::Date(day, month, None) => self.days.contains(&(day, month)),
            Measure::Date(day, month, Some(_)) => has(figure.measure) || has(Measure::Date(day, month, None)),
        }
    }
}

/// Whether a word at the end of an unfinished text may be part of a figure that goes on.
pub(super) fn may_go_on(word: &str) -> bool {
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

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// Thousandths, and whether it has its thousands (`2k`) already.
    Number(u64, bool),
    At(u64),
    Date(u64, u64, Option<u64>),
    Word(String),
    Sign(char),
}

#[derive(Clone, Debug)]
struct Token {
    range: Range<usize>,
    kind: Kind,
}

impl Token {
    fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            Kind::Number(..) | Kind::At(_) | Kind::Date(..) | Kind::Sign(_) => None,
        }
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let glued = text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let (length, kind) = if c.is_ascii_digit() && !glued {
            let (length, kind) = number(rest);
            (length, Some(kind))
        } else if c.is_alphanumeric() {
            let length = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
            let word = rest[..length].to_lowercase().replace('ё', "е");
            (length, Some(Kind::Word(word)))
        } else {
            // A line's end keeps a number from the unit of the next line.
            let counts = (!c.is_whitespace() || c == '\n') && !matches!(c, '*' | '_' | '`' | '~' | '≈' | '+');
            (c.len_utf8(), counts.then_some(Kind::Sign(c)))
        };
        if let Some(kind) = kind {
            found.push(Token {
                range: at..at + length,
                kind,
            });
        }
        at += length;
    }
    found
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// The date, time or number at the start of `text`, and its length.
fn number(text: &str) -> (usize, Kind) {
    date(text).or_else(|| time(text)).unwrap_or_else(|| amount(text))
}

fn date(text: &str) -> Option<(usize, Kind)> {
    let mut parts = [0_u64; 3];
    let mut lengths = [0; 3];
    let mut at = 0;
    let separator = text[digits(text)..]
        .chars()
        .next()
        .filter(|c| matches!(c, '.' | '/' | '-'))?;
    for part in 0..3 {
        let length = digits(&text[at..]);
        parts[part] = text[at..at + length].parse().ok()?;
        lengths[part] = length;
        at += length;
        if part < 2 {
            text[at..].starts_with(separator).then_some(())?;
            at += 1;
        }
    }
    let goes_on =
        text[at..].starts_with(separator) && text[at + 1..].starts_with(|c: char| c.is_ascii_digit());
    let (day, month, year) = match lengths {
        [4, 1..=2, 1..=2] => (parts[2], parts[1], parts[0]),
        [1..=2, 1..=2, 4] => (parts[0], parts[1], parts[2]),
        [1..=2, 1..=2, 2] if separator != '-' => (parts[0], parts[1], 2_000 + parts[2]),
        _ => return None,
    };
    // American dates have the month first.
    let (day, month) = if month > 12 { (month, day) } else { (day, month) };
    let is_date = !goes_on && (1..=31).contains(&day) && (1..=12).contains(&month);
    is_date.then_some((at, Kind::Date(day, month, Some(year))))
}

fn time(text: &str) -> Option<(usize, Kind)> {
    let hours = digits(text);
    let rest = text[hours..].strip_prefix(':')?;
    let hour: u64 = text[..hours].parse().ok()?;
    let minute: u64 = rest.get(..2)?.parse().ok()?;
    let is_time = hours <= 2 && hour < 25 && minute < 60 && digits(rest) == 2;
    is_time.then_some((hours + 3, Kind::At(hour * 60 + minute)))
}

fn is_group_separator(c: char) -> bool {
    matches!(
        c,
        ',' | '.' | ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '’'
    )
}

fn amount(text: &str) -> (usize, Kind) {
    let first = digits(text);
    let mut whole = text[..first].to_owned();
    let mut at = first;
    let mut grouped_by = None;
    while first <= 3 && !text.starts_with('0') {
        let Some(separator) = text[at..].chars().next().filter(|c| is_group_separator(*c)) else {
            break;
        };
        let group = &text[at + separator.len_utf8()..];
        if digits(group) != 3 || grouped_by.is_some_and(|by| by != separator) {
            break;
        }
        grouped_by = Some(separator);
        whole.push_str(&group[..3]);
        at += separator.len_utf8() + 3;
    }
    let mut thousandths = 0;
    if let Some(fraction) = text[at..].strip_prefix(['.', ',']) {
        let length = digits(fraction);
        if length > 0 && !grouped_by.is_some_and(|by| text[at..].starts_with(by)) {
            let padded = format!("{:0<3}", &fraction[..length.min(3)]);
            thousandths = padded.parse().unwrap_or(0);
            at += 1 + length;
        }
    }
    let value = whole.parse::<u64>().unwrap_or(u64::MAX / 1_000_000_000_000);
    let value = value.saturating_mul(1_000).saturating_add(thousandths);
    let letters = text[at..]
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(text.len() - at);
    match multiplier(&text[at..at + letters].to_lowercase()) {
        Some(times) => (at + letters, Kind::Number(value.saturating_mul(times), true)),
        None => (at, Kind::Number(value, false)),
    }
}

fn multiplier(word: &str) -> Option<u64> {
    match word {
        "k" | "к" | "тыс" | "thousand" => Some(1_000),
        "m" | "mio" | "mln" | "млн" | "million" | "миллион" | "миллиона" | "миллионов" => {
            Some(1_000_000)
        }
        word if word.starts_with("тысяч") => Some(1_000),
        _ => None,
    }
}

fn sign(c: char) -> Option<Currency> {
    match c {
        '€' => Some(Currency::Euro),
        '$' => Some(Currency::Dollar),
        '£' => Some(Currency::Pound),
        '₽' => Some(Currency::Rouble),
        '¥' | '₴' | '₸' | '₿' => Some(Currency::Other),
        _ => None,
    }
}

fn currency(word: &str) -> Option<Currency> {
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

fn span(word: &str) -> Option<Span> {
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
fn is_kind_of_day(word: &str) -> bool {
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

fn month(word: &str) -> Option<u64> {
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

fn number_word(word: &str) -> Option<u64> {
    const WORDS: [&[&str]; 12] = [
        &["one", "один", "одна", "одну", "одной", "одного"],
        &["two", "два", "две", "двух"],
        &["three", "три", "трех"],
        &["four", "четыре", "четырех"],
        &["five", "пять", "пяти"],
        &["six", "шесть", "шести"],
        &["seven", "семь", "семи"],
        &["eight", "восемь", "восьми"],
        &["nine", "девять", "девяти"],
        &["ten", "десять", "десяти"],
        &["eleven", "одиннадцать"],
        &["twelve", "двенадцать", "двенадцати"],
    ];
    let others = [
        (20, &["twenty", "двадцать"]),
        (30, &["thirty", "тридцать"]),
        (50, &["fifty", "пятьдесят"]),
        (100, &["hundred", "сто"]),
    ];
    if let Some(at) = WORDS.iter().position(|words| words.contains(&word)) {
        return u64::try_from(at + 1).ok();
    }
    others
        .iter()
        .find(|(_, words)| words.contains(&word))
        .map(|(value, _)| *value)
}

fn is_connector(word: &str) -> bool {
    matches!(
        word,
        "-" | "–" | "—" | "‑" | "/" | "to" | "or" | "and" | "до" | "или" | "и"
    )
}

/// One number of a range.
struct Part {
    range: Range<usize>,
    value: u64,
    has_thousands: bool,
    /// Whether it was written in digits; words count with a unit only.
    in_digits: bool,
}

fn read(tokens: &[Token]) -> Vec<Figure> {
    let mut figures = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at].kind {
            Kind::At(minutes) => {
                figures.push(Figure {
                    range: tokens[at].range.clone(),
                    measure: Measure::At(*minutes),
                });
                at += 1;
            }
            Kind::Date(day, month, year) => {
                figures.push(Figure {
                    range: tokens[at].range.clone(),
                    measure: Measure::Date(*day, *month, *year),
                });
                at += 1;
            }
            Kind::Number(..) | Kind::Word(_) => {
                if let Some((figure, next)) = dated(tokens, at) {
                    figures.push(figure);
                    at = next;
                } else if part(tokens, at).is_some() {
                    at = range_of_numbers(tokens, at, &mut figures);
                } else {
                    at += 1;
                }
            }
            Kind::Sign(_) => at += 1,
        }
    }
    figures
}

/// `24 November 2026`, `November 24th`, `24 ноября`.
fn dated(tokens: &[Token], at: usize) -> Option<(Figure, usize)> {
    let month_at = |at: usize| tokens.get(at).and_then(Token::word).and_then(month);
    let day_at = |at: usize| match tokens.get(at).map(|token| &token.kind) {
        Some(Kind::Number(value, false)) if (1_000..=31_000).contains(value) && value % 1_000 == 0 => {
            Some(value / 1_000)
        }
        _ => None,
    };
    let is_word = |at: usize, words: &[&str]| {
        let word = tokens.get(at).and_then(Token::word);
        word.is_some_and(|word| words.contains(&word))
    };
    let ordinal = ["st", "nd", "rd", "th", "го", "of"];
    let (day, month, mut next) = if let Some(day) = day_at(at) {
        let mut next = at + 1;
        while is_word(next, &ordinal) {
            next += 1;
        }
        (day, month_at(next)?, next + 1)
    } else {
        let month = month_at(at)?;
        let day = day_at(at + 1)?;
        (day, month, at + 2 + usize::from(is_word(at + 2, &ordinal)))
    };
    let comma = usize::from(matches!(tokens.get(next).map(|t| &t.kind), Some(Kind::Sign(','))));
    let year = match tokens.get(next + comma).map(|token| &token.kind) {
        Some(Kind::Number(value, false)) if (1_900_000..2_200_000).contains(value) => Some(value / 1_000),
        _ => None,
    };
    if year.is_some() {
        next += comma + 1;
    }
    let range = tokens[at].range.start..tokens[next - 1].range.end;
    let measure = Measure::Date(day, month, year);
    Some((Figure { range, measure }, next))
}

fn part(tokens: &[Token], at: usize) -> Option<(Part, usize)> {
    let token = tokens.get(at)?;
    let (value, mut has_thousands, in_digits) = match &token.kind {
        Kind::Number(value, has_thousands) => (*value, *has_thousands, true),
        Kind::Word(word) => (number_word(word)? * 1_000, false, false),
        Kind::At(_) | Kind::Date(..) | Kind::Sign(_) => return None,
    };
    let mut value = value;
    let mut next = at + 1;
    let mut end = token.range.end;
    if let Some(times) = tokens.get(next).and_then(Token::word).and_then(multiplier)
        && !has_thousands
    {
        value = value.saturating_mul(times);
        has_thousands = true;
        end = tokens[next].range.end;
        next += 1;
        if matches!(tokens.get(next).map(|token| &token.kind), Some(Kind::Sign('.'))) {
            next += 1;
        }
    }
    let part = Part {
        range: token.range.start..end,
        value,
        has_thousands,
        in_digits,
    };
    Some((part, next))
}

/// Reads numbers joined by "to", a dash and the like, and gives all of them the unit around them.
fn range_of_numbers(tokens: &[Token], start: usize, figures: &mut Vec<Figure>) -> usize {
    let mut parts = Vec::new();
    let mut next = start;
    let mut end = start;
    while let Some((part, after)) = part(tokens, next) {
        parts.push(part);
        end = after;
        let connector = tokens.get(after).is_some_and(|token| match &token.kind {
            Kind::Sign(c) => is_connector(c.encode_utf8(&mut [0; 4])),
            Kind::Word(word) => is_connector(word),
            Kind::Number(..) | Kind::At(_) | Kind::Date(..) => false,
        });
        // A currency may stand before each number of a range: "€2k – €3k".
        let ahead = after + 1;
        let skip = usize::from(connector && unit_before(tokens, ahead + 1).is_some());
        if !connector || dated(tokens, ahead + skip).is_some() {
            break;
        }
        next = ahead + skip;
    }
    let before = unit_before(tokens, start);
    let (after, end) = unit_after(tokens, end);
    let mut larger: Option<(u64, bool)> = None;
    for part in parts.iter_mut().rev() {
        // "2-3k": the smaller number before has the thousands of the larger behind.
        if let Some((value, true)) = larger
            && !part.has_thousands
            && part.value < 1_000_000
            && part.value.saturating_mul(1_000) <= value
        {
            part.value = part.value.saturating_mul(1_000);
            part.has_thousands = true;
        }
        larger = Some((part.value, part.has_thousands));
    }
    for part in parts {
        let measure = match (before, &after) {
            (_, Some(Unit::Money(currency))) => Measure::Money(part.value, *currency),
            (Some(currency), None) => Measure::Money(part.value, currency),
            (_, Some(Unit::Percent)) => Measure::Percent(part.value),
            (_, Some(Unit::Span(span))) => Measure::Lasts(part.value, *span),
            (None, None) if part.in_digits => Measure::Plain(part.value),
            (None, None) => continue,
        };
        figures.push(Figure {
            range: part.range,
            measure,
        });
    }
    end
}

enum Unit {
    Money(Currency),
    Percent,
    Span(Span),
}

/// The currency whose sign or name stands right before the token at `at`.
fn unit_before(tokens: &[Token], at: usize) -> Option<Currency> {
    match &tokens.get(at.checked_sub(1)?)?.kind {
        Kind::Sign(c) => sign(*c),
        Kind::Word(word) => currency(word),
        Kind::Number(..) | Kind::At(_) | Kind::Date(..) => None,
    }
}

fn unit_after(tokens: &[Token], at: usize) -> (Option<Unit>, usize) {
    let dash = usize::from(matches!(
        tokens.get(at).map(|token| &token.kind),
        Some(Kind::Sign('-'))
    ));
    let Some(token) = tokens.get(at + dash) else {
        return (None, at);
    };
    let unit = match &token.kind {
        Kind::Sign('%') => Some((Unit::Percent, 1)),
        Kind::Sign(c) if dash == 0 => sign(*c).map(|currency| (Unit::Money(currency), 1)),
        Kind::Word(word) if word == "percent" || word.starts_with("процент") => {
            Some((Unit::Percent, 1))
        }
        Kind::Word(word) if is_kind_of_day(word) => {
            let next = tokens.get(at + dash + 1).and_then(Token::word);
            next.and_then(span).map(|span| (Unit::Span(span), 2))
        }
        Kind::Word(word) => currency(word)
            .map(|currency| (Unit::Money(currency), 1))
            .or_else(|| span(word).map(|span| (Unit::Span(span), 1))),
        Kind::Sign(_) | Kind::Number(..) | Kind::At(_) | Kind::Date(..) => None,
    };
    match unit {
        Some((unit, length)) => (Some(unit), at + dash + length),
        None => (None, at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn measures(text: &str) -> Vec<Measure> {
        Figure::all(text)
            .into_iter()
            .map(|figure| figure.measure)
            .collect()
    }

    #[test]
    fn one_amount_in_many_spellings() {
        let euros = [Measure::Money(2_500_000, Currency::Euro)];
        for text in [
            "EUR 2,500",
            "€2,500",
            "€ 2 500",
            "2.500 €",
            "2500 euros",
            "2 500 евро",
            "€2.5k",
            "2,5 тыс. евро",
            "2.5k EUR",
            "2'500 EUR",
            "2,500.00 €",
            "**2,500** euro",
            "2.5 thousand euros",
            "2 500 евро",
        ] {
            assert_eq!(measures(text), euros, "{text}");
        }
    }

    #[test]
    fn measures_of_all_kinds() {
        use Measure::{At, Date, Lasts, Money, Percent, Plain};
        for (text, expected) in [
            (
                "EUR 2,500 to 6,000",
                vec![Money(2_500_000, Currency::Euro), Money(6_000_000, Currency::Euro)],
            ),
            (
                "от 2 до 6 тысяч рублей",
                vec![
                    Money(2_000_000, Currency::Rouble),
                    Money(6_000_000, Currency::Rouble),
                ],
            ),
            (
                "$10k-$50k",
                vec![
                    Money(10_000_000, Currency::Dollar),
                    Money(50_000_000, Currency::Dollar),
                ],
            ),
            (
                "2–3k €",
                vec![Money(2_000_000, Currency::Euro), Money(3_000_000, Currency::Euro)],
            ),
            ("19% or 7,5 процента", vec![Percent(19_000), Percent(7_500)]),
            (
                "one to two weeks",
                vec![Lasts(1_000, Span::Weeks), Lasts(2_000, Span::Weeks)],
            ),
            (
                "одну-две недели",
                vec![Lasts(1_000, Span::Weeks), Lasts(2_000, Span::Weeks)],
            ),
            ("5 business days", vec![Lasts(5_000, Span::Days)]),
            ("a 3-day workshop", vec![Lasts(3_000, Span::Days)]),
            ("9:00–18:30", vec![At(540), At(1_110)]),
            ("24 November 2026", vec![Date(24, 11, Some(2026))]),
            ("by November 24th, 2026", vec![Date(24, 11, Some(2026))]),
            ("до 1 марта", vec![Date(1, 3, None)]),
            (
                "24.11.2026, 2026-11-24",
                vec![Date(24, 11, Some(2026)), Date(24, 11, Some(2026))],
            ),
            (
                "12 engineers, 24/7",
                vec![Plain(12_000), Plain(24_000), Plain(7_000)],
            ),
            ("k8s, S3 and two people", vec![]),
            ("from 1\nEUR and more", vec![Plain(1_000)]),
            ("0.5", vec![Plain(500)]),
            ("1 000 000", vec![Plain(1_000_000_000)]),
        ] {
            assert_eq!(measures(text), expected, "{text}");
        }
    }

    #[test]
    fn figures_are_borne_out() {
        let company = Figures::of(&[
            "An audit costs EUR 2,500 to 6,000 and takes one to two weeks. 19 % VAT.",
            "9-18",
        ]);
        for (text, expected) in [
            ("2.5k euro", true),
            ("$2,500", false),
            ("€2,600", false),
            ("1–2 weeks", true),
            ("2 days", false),
            ("19%", true),
            ("9:00", true),
            ("10:30", false),
            ("1 March", false),
            ("2500", true),
        ] {
            let figure = &Figure::all(text)[0];
            assert_eq!(company.bear_out(figure), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_figures_are_in_order(text in "[0-9a-zк€$% .,:/а-я-]{0,60}", any in any::<String>()) {
            for text in [text, any] {
                let all = Figure::all(&text);
                prop_assert!(all.is_sorted_by_key(|figure| figure.range.start));
                prop_assert!(all.iter().all(|figure| text.get(figure.range.clone()).is_some()));
            }
        }
    }
}
