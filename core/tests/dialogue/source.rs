//! Where a client came from.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use crate::chat::Chat;

fn source(chat: &Chat) -> Option<&str> {
    chat.snapshot.client.as_ref().unwrap().source.as_deref()
}

#[test]
fn the_first_payload_stays_and_is_the_source_of_the_lead() {
    let mut chat = Chat::new();
    chat.says("/start ads_google-42");
    chat.says("/start other");
    assert_eq!(source(&chat), Some("ads_google-42"));
    chat.says("/quote");
    assert_eq!(chat.snapshot.lead.as_ref().unwrap().lead_source, "ads_google-42");
}

#[test]
fn without_a_payload_the_channel_is_the_source() {
    let mut chat = Chat::new();
    chat.says("/start");
    assert_eq!(source(&chat), None);
    chat.says("/quote");
    assert_eq!(chat.snapshot.lead.as_ref().unwrap().lead_source, "terminal_bot");
}

#[test]
fn hostile_payloads_are_cleaned() {
    let long = "a".repeat(5_000);
    for (payload, kept) in [
        ("'; DROP TABLE leads; --", Some("DROPTABLEleads--")),
        ("<script>alert(1)</script>", Some("scriptalert1script")),
        ("реклама", None),
        ("\u{202e}\u{0}", None),
        ("  ", None),
        ("a\nb", Some("ab")),
        (long.as_str(), Some(&long[..64])),
    ] {
        let mut chat = Chat::new();
        chat.says(&format!("/start {payload}"));
        assert_eq!(source(&chat), kept, "{payload}");
    }
}
