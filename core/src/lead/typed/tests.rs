//! The rules by themselves. What clients write, line by line, is in core/tests/dialogue/typed/.

use super::*;
use proptest::prelude::*;

fn ranges(unit: Unit, choices: &[(&str, u64, Option<u64>)]) -> Ranges {
    let choices = choices.iter().map(|(choice, from, below)| ChoiceRange {
        choice: (*choice).to_owned(),
        from: from * 1_000,
        below: below.map(|below| below * 1_000),
    });
    Ranges {
        unit,
        choices: choices.collect(),
    }
}

fn money() -> Ranges {
    let choices = [
        ("small", 0, Some(10_000)),
        ("middle", 10_000, Some(50_000)),
        ("large", 50_000, None),
    ];
    ranges(Unit::Money(Currency::Dollar), &choices)
}

fn days() -> Ranges {
    ranges(Unit::Days, &[("soon", 0, Some(14)), ("later", 30, Some(90))])
}

#[test]
fn a_choice_takes_its_lower_end_and_not_its_upper_one() {
    for (typed, choice) in [
        ("10k", "middle"),
        ("9,999", "small"),
        ("50k", "large"),
        ("up to 10k", "small"),
        ("up to 50k", "middle"),
        ("at least 50k", "large"),
    ] {
        assert_eq!(money().read(typed), Reading::Choice(choice), "{typed}");
    }
}

#[test]
fn a_range_needs_two_thirds_in_one_choice() {
    for (typed, reading) in [
        ("30-60k", Reading::Choice("middle")),
        ("31-61k", Reading::Unclear),
        ("40-70k", Reading::Choice("large")),
        ("39-68k", Reading::Unclear),
        ("at least 25k", Reading::Choice("middle")),
        ("at least 26k", Reading::Unclear),
    ] {
        assert_eq!(money().read(typed), reading, "{typed}");
    }
}

#[test]
fn what_lies_in_no_range_is_unclear() {
    for typed in ["in 20 days", "in 4 months", "in 2-6 weeks"] {
        assert_eq!(days().read(typed), Reading::Unclear, "{typed}");
    }
    assert_eq!(days().read("in 5 weeks"), Reading::Choice("later"));
}

#[test]
fn the_currency_is_the_fields_own() {
    assert_eq!(money().read("$20k"), Reading::Choice("middle"));
    assert_eq!(money().read("20k bucks"), Reading::Choice("middle"));
    assert_eq!(money().read("20k euros"), Reading::OtherCurrency);
    assert_eq!(money().read("20 т.р."), Reading::OtherCurrency);
    assert_eq!(money().read("in euros?"), Reading::Nothing);
}

proptest! {
    #[test]
    fn no_text_panics(typed in "\\PC{0,80}") {
        money().read(&typed);
        days().read(&typed);
    }

    #[test]
    fn no_words_panic(words in proptest::collection::vec(
        "[0-9]{1,22}|[0-9.,' ]{1,9}|k|к|m|млн|тыс|\\.|-|/|or|and|to|up to|от|до|between|сто|two|hundred|тысяч|half|€|\\+|week|пару|месяцев|in",
        0..9,
    )) {
        for between in ["", " "] {
            let typed = words.join(between);
            money().read(&typed);
            days().read(&typed);
        }
    }

    #[test]
    fn an_amount_is_read_alike_in_every_spelling(thousands in 1_u64..2_000) {
        let plain = thousands * 1_000;
        let grouped = match thousands {
            1_000.. => format!("{} {:03} 000", thousands / 1_000, thousands % 1_000),
            _ => format!("{thousands} 000"),
        };
        let expected = match plain {
            ..10_000 => "small",
            10_000..50_000 => "middle",
            _ => "large",
        };
        for typed in [
            format!("{thousands}k"),
            format!("about {thousands} thousand"),
            format!("${thousands}k"),
            format!("{plain} dollars"),
            format!("{thousands} тыс. долларов"),
            grouped,
        ] {
            // A bare year is none.
            if !(1_990..2_100).contains(&plain) {
                let money = money();
                prop_assert_eq!(money.read(&typed), Reading::Choice(expected), "{}", typed);
            }
        }
    }
}
