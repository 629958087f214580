//! Answers typed where the form shows buttons, as clients write them.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use crate::chat::Chat;

/// Walks a fresh chat to a field of the form.
fn asked_for(field: &str) -> Chat {
    let mut chat = Chat::new();
    chat.says("/quote");
    for answer in ["devops", "Twelve services, releases by hand.", "not sure"] {
        let form = &chat.snapshot.lead.as_ref().unwrap().form;
        if form.field == field {
            break;
        }
        chat.says(answer);
    }
    assert_eq!(chat.snapshot.lead.as_ref().unwrap().form.field, field);
    chat
}

fn value(chat: &Chat, field: &str) -> Option<String> {
    chat.snapshot
        .lead
        .as_ref()
        .unwrap()
        .value(field)
        .map(str::to_owned)
}

/// Every line of a file that is not read as it says.
fn misread(lines: &str) -> Vec<String> {
    let mut field = "";
    let mut wrong = Vec::new();
    let mut read = 0;
    for line in lines.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            field = name;
        } else if !line.is_empty() && !line.starts_with('#') {
            let (typed, expected) = line.rsplit_once('|').unwrap();
            let (typed, expected) = (typed.trim(), expected.trim());
            let mut chat = asked_for(field);
            let said = chat.says(typed);
            let got = value(&chat, field);
            let form = &chat.snapshot.lead.as_ref().unwrap().form;
            let asked_again = got.is_none() && form.field == field && !said.is_empty();
            let holds = match expected {
                "?" => asked_again,
                choice => got.as_deref() == Some(choice),
            };
            if !holds {
                wrong.push(format!(
                    "{field}: {typed}: expected {expected}, read {got:?}; said: {said}"
                ));
            }
            read += 1;
        }
    }
    assert!(read >= 150, "only {read} lines");
    wrong
}

#[test]
fn what_is_typed_in_english_is_read_or_asked_again() {
    let wrong = misread(include_str!("typed/en.txt"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_typed_in_russian_is_read_or_asked_again() {
    let wrong = misread(include_str!("typed/ru.txt"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn another_currency_is_told_apart_and_not_converted() {
    for (typed, told) in [("$40k", "in euros"), ("400 000 рублей", "в евро")] {
        let mut chat = asked_for("budget_range");
        let said = chat.says(typed);
        assert!(said.contains(told), "{said}");
        assert_eq!(value(&chat, "budget_range"), None);
        assert!(chat.says("40k").contains("(4/8)"), "{}", chat.said());
    }
}
