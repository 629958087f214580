//! The chat in the terminal, with nothing installed and nothing set.

use std::time::Duration;

use frontdesk_e2e::{Ended, Invocation, PATIENCE, Secrecy};
use tempfile::TempDir;

use crate::within_seconds;

/// The chat as a newcomer starts it: no argument, no setting but where the data is.
fn chat(folder: &TempDir) -> Invocation {
    let said = ["how much is a devops audit", "ann@example.com", "AI assistant"];
    let secrecy = said.iter().fold(Secrecy::default(), |all, text| all.text(text));
    Invocation::frontdesk(folder.path(), &[])
        .with("DATA_DIR", folder.path().join("data").display().to_string())
        .keeping(secrecy)
}

/// Every text is there, one after the other.
#[track_caller]
fn assert_in_order(output: &str, texts: &[&str]) {
    let mut rest = output;
    for text in texts {
        match rest.find(text) {
            Some(at) => rest = &rest[at + text.len()..],
            None => panic!("no {text:?} (in this place) in:\n{output}"),
        }
    }
}

fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

async fn say(folder: &TempDir, lines: &[&str]) -> Ended {
    let input = lines.join("\n") + "\n";
    chat(folder).run_with(&input).await.fine()
}

#[tokio::test]
async fn piped_lines_are_answered_and_the_end_of_input_is_exit_0() {
    within_seconds(30, async {
        let folder = folder();
        let ended = say(&folder, &["/start", "how much is a devops audit?"]).await;
        let expected = [
            "Welcome to dev2production",
            "AI assistant",
            "[1] Our services",
            "EUR 2,500",
        ];
        assert_in_order(&ended.stdout, &expected);
        assert_eq!(ended.stderr, "", "nothing is wrong, so nothing is logged");
    })
    .await;
}

#[tokio::test]
async fn a_whole_form_is_filled_in_across_a_restart() {
    within_seconds(60, async {
        let folder = folder();
        let lines = [
            "/start",
            "2",
            "something with aws",
            "We run forty services on old servers and want to move them.",
            "no idea",
        ];
        let ended = say(&folder, &lines).await;
        let expected = ["(1/8)", "(2/8)", "(3/8)", "[1] Below", "(4/8)"];
        assert_in_order(&ended.stdout, &expected);

        // Another day, another process: the same question waits.
        let lines = [
            "asap",
            "Ann Lee",
            "skip",
            "ann at example",
            "how much is a devops audit?",
            "ann@example.com",
            "yes",
        ];
        let ended = say(&folder, &lines).await;
        let expected = [
            "(5/8)",
            "(6/8)",
            "(7/8)",
            "neither an e-mail address nor a phone number",
            "EUR 2,500",
            "(7/8)",
            "Thank you: ann@example.com",
            "(8/8)",
            "Is it right?",
            "Cloud migration",
            "Not sure yet",
            "Ann Lee",
        ];
        assert_in_order(&ended.stdout, &expected);
        assert!(
            !ended.stdout.contains("AI assistant"),
            "disclosed once: {ended:#?}"
        );

        // A correction, and the score with its reasons on the staff's card.
        let first = say(&folder, &["/quote"]).await.stdout;
        let edit = button(&first, "Change: Budget");
        let ended = say(&folder, &["/quote", &edit]).await;
        assert_in_order(&ended.stdout, &["(3/8)", "€50k–150k"]);
        let range = button(
            &ended.stdout[ended.stdout.find("(3/8)").unwrap_or(0)..],
            "€50k–150k",
        );
        let ended = say(&folder, &["/quote", &edit, &range]).await;
        assert_in_order(&ended.stdout, &["Is it right?", "Hot lead", "hot, 90 points"]);
    })
    .await;
}

/// The number in front of a button's label.
#[track_caller]
fn button(output: &str, label: &str) -> String {
    let before = output.rsplit_once(label).map(|(before, _)| before);
    let number = before
        .and_then(|before| before.rsplit_once('['))
        .and_then(|(_, number)| number.split_once(']'));
    match number {
        Some((number, _)) => number.to_owned(),
        None => panic!("no button {label:?} in:\n{output}"),
    }
}

#[tokio::test]
async fn a_person_takes_over_and_hands_back() {
    within_seconds(30, async {
        let folder = folder();
        let lines = [
            "/start",
            "/human",
            "/as agent Hello, Max here.",
            "are you real?",
            "/as agent // a note that the client never sees",
            "/as agent /bot",
            "hello",
        ];
        let ended = say(&folder, &lines).await;
        let expected = [
            "Agent: Hello, Max here.",
            "handed the chat back",
            "How can I help you?",
        ];
        assert_in_order(&ended.stdout, &expected);
        assert!(!ended.stdout.contains("never sees"), "{}", ended.stdout);
    })
    .await;
}

#[tokio::test]
async fn a_second_engine_on_the_same_file_is_told_so() {
    within_seconds(60, async {
        let folder = folder();
        let mut first = chat(&folder).start();
        first.say("/start\n").await;
        first.printed("[1] Our services").await;
        let second = chat(&folder).run_with("hello\n").await;
        assert!(matches!(second.code, Some(1 | 2)), "{second:#?}");
        assert_eq!(second.stderr.lines().count(), 1, "one clear line: {second:#?}");
        assert!(
            second.stderr.contains("frontdesk.db"),
            "it names the file: {second:#?}"
        );
        assert_eq!(second.stdout, "");

        // Short commands work beside the engine, and the first one goes on.
        let beside = Invocation::frontdesk(folder.path(), &["dead", "list"])
            .with("DATA_DIR", folder.path().join("data").display().to_string());
        assert_eq!(beside.run().await.fine().stdout, "");
        first.say("how much is a devops audit?\n").await;
        first.printed("EUR 2,500").await;
        first.close_input();
        first.wait(PATIENCE).await.fine();

        // The lock goes with its holder, killed or not.
        let mut killed = chat(&folder).with("WORK_LEASE", "1s").start();
        killed.say("/help\n").await;
        killed.printed("/services").await;
        killed.kill().await;
        say(&folder, &["/help"]).await;
    })
    .await;
}

#[tokio::test]
async fn sigterm_ends_an_idle_chat_at_once() {
    within_seconds(30, async {
        let folder = folder();
        let mut program = chat(&folder).start();
        program.say("/start\n").await;
        program.printed("[1] Our services").await;
        program.terminate();
        program.wait(Duration::from_secs(10)).await.fine();
    })
    .await;
}
