//! What is typed and what is shown.

use frontdesk_core::dialogue::{AgentAction, UpdateKind};
use frontdesk_core::port::messenger::{Action, Button, Keyboard, OutboundCall};
use frontdesk_core::port::{Messenger, UpdateDecoder};
use frontdesk_core::text::{RichText, markdown};
use frontdesk_core::time::Timestamp;
use frontdesk_terminal::{
    Input, Keyboardist, Screen, TerminalDecoder, TerminalMessenger, client_lane, staff_lane,
};
use futures_util::FutureExt;
use std::io::Write;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().map_err(|_| std::io::ErrorKind::Other)?.write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[expect(clippy::unwrap_used, reason = "part of a test")]
fn desk() -> (Paper, Keyboardist, impl Fn(frontdesk_core::id::ChatId, Action)) {
    let paper = Paper::default();
    let screen = Screen::new(Box::new(paper.clone()), false);
    let messenger = TerminalMessenger::new(screen.clone());
    let show = move |chat, action| {
        messenger
            .call(&OutboundCall {
                chat,
                thread: None,
                action,
            })
            .now_or_never()
            .unwrap()
            .unwrap();
    };
    (paper, Keyboardist::new(screen), show)
}

fn send(text: &str, keyboard: Option<Keyboard>) -> Action {
    Action::Send {
        content: RichText::plain(text),
        keyboard,
    }
}

#[expect(clippy::panic, clippy::unwrap_used, reason = "part of a test")]
fn what(input: &Input) -> UpdateKind {
    let Input::Update(bytes) = input else {
        panic!("{input:?}")
    };
    TerminalDecoder.decode(bytes, 1).unwrap().what
}

#[test]
fn where_a_link_leads_is_shown_beside_it() {
    let (paper, _, show) = desk();
    let content = markdown("**See** [our prices](https://a.example/x) or https://b.example");
    let keyboard = None;
    show(client_lane().chat, Action::Send { content, keyboard });
    assert_eq!(
        String::from_utf8(paper.0.lock().unwrap().clone()).unwrap(),
        "See our prices (https://a.example/x) or https://b.example\n\n"
    );
}

#[test]
fn a_number_is_the_button_of_the_newest_keyboard() {
    let (paper, mut keys, show) = desk();
    let now = Timestamp::from_seconds(1);
    assert_eq!(what(&keys.line("1", now)), UpdateKind::Text { text: "1".into() });
    let button = |label: &str, data: &str| Button {
        label: label.into(),
        data: data.into(),
    };
    let rows = vec![vec![button("One", "m:1"), button("Two", "m:2")]];
    show(client_lane().chat, send("Hello", Some(Keyboard::Inline(rows))));
    assert_eq!(
        String::from_utf8(paper.0.lock().unwrap().clone()).unwrap(),
        "Hello\n  [1] One  [2] Two\n\n"
    );
    assert!(matches!(what(&keys.line(" 2 ", now)), UpdateKind::Tap { data, .. } if data == "m:2"));
    assert_eq!(what(&keys.line("3", now)), UpdateKind::Text { text: "3".into() });
    show(
        client_lane().chat,
        send("Next", Some(Keyboard::Inline(vec![vec![button("Other", "m:9")]]))),
    );
    assert!(matches!(what(&keys.line("1", now)), UpdateKind::Tap { data, .. } if data == "m:9"));
}

#[test]
fn update_ids_grow_even_when_the_clock_does_not() {
    let (_, mut keys, _) = desk();
    let now = Timestamp::from_seconds(5);
    let mut id = || {
        let Input::Update(bytes) = keys.line("x", now) else {
            panic!("no update")
        };
        TerminalDecoder.peek(&bytes).unwrap().update_id.0
    };
    let (first, second) = (id(), id());
    assert!(second > first);
}

#[test]
fn agents_files_and_hints() {
    let (_, mut keys, _) = desk();
    let now = Timestamp::from_seconds(1);
    for (line, action) in [
        (
            "/as agent hello there",
            AgentAction::Say {
                text: "hello there".into(),
            },
        ),
        (
            "/as agent // a note",
            AgentAction::Note {
                text: "a note".into(),
            },
        ),
        ("/as agent /bot", AgentAction::HandBack),
        ("/as agent /close", AgentAction::Close),
        ("/as agent /lead", AgentAction::ShowLead),
    ] {
        assert!(
            matches!(keys.line(line, now), Input::Agent(post) if post.action == action),
            "{line}"
        );
    }
    for line in [
        "/as",
        "/as agent",
        "/as client hi",
        "/file",
        "/file /nowhere/at/all",
        "/file /",
        "/contact",
    ] {
        assert!(
            matches!(keys.line(line, now), Input::Hint(hint) if hint.contains("expected")),
            "{line}"
        );
    }
    assert_eq!(keys.line("/quit", now), Input::Quit);
    assert!(matches!(
        what(&keys.line("/contact +4930901820", now)),
        UpdateKind::Contact { own: true, .. }
    ));
    let file = std::env::current_exe().unwrap();
    let input = keys.line(&format!("/file {}", file.display()), now);
    assert!(matches!(what(&input), UpdateKind::Media(media) if media.size_bytes > Some(1_000)));
}

#[test]
fn no_escape_sequence_of_a_client_reaches_the_terminal() {
    let (paper, _, show) = desk();
    show(staff_lane().chat, send("card\n\x1b[2Jevil\x07", None));
    let shown = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
    assert_eq!(shown, "staff │ card\nstaff │ [2Jevil\n\n");
}

#[test]
fn bytes_that_are_no_update_are_refused_without_panic() {
    for bytes in [&b""[..], b"{}", b"[]", b"\xff", b"{\"update_id\":1}"] {
        assert!(TerminalDecoder.peek(bytes).is_err());
        assert!(TerminalDecoder.decode(bytes, 1).is_err());
    }
    assert!(TerminalDecoder.decode(b"{}", 2).is_err());
}
