//! The shipped playbook's golden transcripts, and the project's own.

mod shipped;

use frontdesk_core::playbook::Playbook;
use frontdesk_transcript::Rehearsal;
use shipped::{files_in, shipped};
use std::path::Path;

#[test]
fn every_golden_transcript_holds() {
    let files = shipped();
    let rehearsal = Rehearsal::new(Playbook::parse(&files).unwrap_or_else(|problems| panic!("{problems}")));
    let mut transcripts: Vec<(String, String)> = files
        .into_iter()
        .filter(|(name, _)| name.starts_with("golden/"))
        .collect();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../transcripts");
    let mut own_files = files_in(&own);
    // What is sent unasked is off in the shipped playbook: see below.
    own_files.retain(|name, _| !name.starts_with("nudges/"));
    transcripts.extend(own_files);
    assert!(transcripts.len() >= 6);
    let failed: Vec<String> = transcripts
        .iter()
        .filter_map(|(name, text)| Some(format!("{name}:{}", rehearsal.play(text).err()?)))
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The shipped playbook with all that it may send unasked.
#[expect(clippy::unwrap_used, reason = "part of a test")]
fn nudging() -> Playbook {
    let mut files = shipped();
    let main = files.get_mut("playbook.toml").unwrap();
    for (off, on) in [
        ("# reminder_after = \"24h\"", "reminder_after = \"24h\""),
        ("# [follow_up]", "[follow_up]"),
        ("# after = \"48h\"", "after = \"48h\""),
    ] {
        assert!(main.contains(off), "{off}");
        *main = main.replace(off, on);
    }
    for (locale, text) in [("en", "I am closing this for now."), ("ru", "Пока закрываю.")] {
        let texts = files.get_mut(&format!("locales/{locale}.ftl")).unwrap();
        texts.extend(["\nclosed-idle = ", text, "\n"]);
    }
    Playbook::parse(&files).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn what_is_sent_unasked_is_sent_once_and_in_working_hours() {
    let rehearsal = Rehearsal::new(nudging());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../transcripts/nudges");
    let transcripts = files_in(&folder);
    assert!(transcripts.len() >= 9);
    let failed: Vec<String> = transcripts
        .iter()
        .filter_map(|(name, text)| Some(format!("{name}:{}", rehearsal.play(text).err()?)))
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn what_does_not_hold_is_told_with_its_line() {
    let files = shipped();
    let rehearsal = Rehearsal::new(Playbook::parse(&files).unwrap_or_else(|problems| panic!("{problems}")));
    for (transcript, line, why) in [
        (
            "> /start\n< Goodbye",
            2,
            "expected `Goodbye`, but the client was told",
        ),
        ("> /start\n<! Welcome", 2, "expected nothing with `Welcome`"),
        ("> /start\n< (nothing)", 2, "expected silence"),
        ("# x\n[Nope]", 2, "there is no button [Nope]"),
        ("> /start\n$ hot", 2, "the staff was told nothing"),
        ("hello", 1, "is no line of a transcript"),
        ("\n\n+2 moons", 3, "+2 days"),
        ("(ufo)", 1, "expected photo"),
        ("= now yesterday", 1, "RFC 3339"),
    ] {
        let error = rehearsal.play(transcript).unwrap_err();
        assert_eq!(error.line, line, "{transcript}: {error}");
        assert!(error.why.contains(why), "{transcript}: {error}");
    }
}
