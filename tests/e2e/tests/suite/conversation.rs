//! What a client goes through, by polling and by webhook, on both databases.

use std::time::Duration;

use frontdesk_e2e::{Desk, PATIENCE};
use frontdesk_fake_telegram::{Button, Seen};

crate::on_every_desk!(a_client_is_served, 90, super::a_client_is_served);

const ANN: i64 = 4_503_599_627_370_495;
const IVAN: i64 = 777;

/// A client at the fake: says something, and reads what came back.
pub(crate) struct Client<'a> {
    desk: &'a Desk,
    id: i64,
    seen: usize,
}

impl<'a> Client<'a> {
    pub(crate) fn new(desk: &'a Desk, id: i64) -> Client<'a> {
        Client { desk, id, seen: 0 }
    }

    /// Writes, and waits for the next message.
    pub(crate) async fn says(&mut self, text: &str) -> Seen {
        self.desk.telegram.user_text(self.id, text);
        self.next(text).await
    }

    /// Taps, and waits for a message that contains this.
    pub(crate) async fn taps(&mut self, label: &str, text: &str) -> Seen {
        let tapped = self.desk.telegram.tap(self.id, &Button::label(label));
        assert!(tapped.is_ok(), "{tapped:?}");
        self.hears(text).await
    }

    /// Waits for the bot's next message.
    pub(crate) async fn next(&mut self, after: &str) -> Seen {
        let wanted = self.seen + 1;
        let got = self
            .desk
            .telegram
            .wait_for_messages(self.id, wanted, PATIENCE)
            .await;
        match got {
            Ok(mut all) if all.len() >= wanted => {
                self.seen = wanted;
                all.swap_remove(wanted - 1)
            }
            other => panic!("no answer to {after:?}: {other:?}"),
        }
    }

    /// Waits for a message that contains this, whatever comes before it.
    pub(crate) async fn hears(&mut self, text: &str) -> Seen {
        loop {
            let message = self.next(text).await;
            if message.text.contains(text) {
                return message;
            }
        }
    }

    /// Nothing more has come than what was read.
    pub(crate) fn has_read_all(&self) {
        let all = self.desk.telegram.bot_messages(self.id);
        assert_eq!(all.len(), self.seen, "{:?}", texts(&all));
    }
}

pub(crate) fn texts(messages: &[Seen]) -> Vec<&str> {
    messages.iter().map(|message| message.text.as_str()).collect()
}

#[track_caller]
pub(crate) fn assert_says(message: &Seen, text: &str) {
    assert!(message.text.contains(text), "no {text:?} in {message:?}");
}

pub(crate) async fn a_client_is_served(mut desk: Desk) {
    let running = desk.start().await;
    let mut ann = Client::new(&desk, ANN);

    let greeting = ann.says("/start").await;
    assert_says(&greeting, "Welcome to dev2production");
    assert_says(&greeting, "AI assistant");
    assert_eq!(
        greeting.keyboard.concat(),
        [
            "Our services",
            "Get a quote",
            "Ask a question",
            "Talk to a person"
        ]
    );
    ann.taps("Our services", "This is what we do").await;
    assert_says(&ann.says("how much is a devops audit?").await, "EUR 2,500");
    ann.has_read_all();

    let mut ivan = Client::new(&desk, IVAN);
    let speaks_russian = serde_json::json!({"id": IVAN, "first_name": "Иван", "language_code": "ru"});
    assert!(
        speaks_russian
            .as_object()
            .is_some_and(|user| desk.telegram.add_user(user))
    );
    assert_says(&ivan.says("/start").await, "Здравствуйте, Иван!");
    let answer = ivan.says("Сколько стоит аудит инфраструктуры?").await;
    assert_says(&answer, "2 500 до 6 000 евро");
    ivan.has_read_all();

    form(&mut ann).await;

    assert_says(&ann.says("/human").await, "colleague");
    let answered: Vec<bool> = desk
        .telegram
        .callback_answers()
        .iter()
        .map(|(_, answers)| answers.len() == 1)
        .collect();
    assert!(
        !answered.is_empty() && answered.iter().all(|once| *once),
        "{answered:?}"
    );
    assert_eq!(desk.telegram.violations(), Vec::<String>::new());
    let ended = running.stop().await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");

    // It remembers: no second disclosure, and the request is known.
    let running = desk.start().await;
    let mut ann = Client::new(&desk, ANN);
    ann.seen = desk.telegram.bot_messages(ANN).len();
    let again = ann.says("/start").await;
    assert!(!again.text.contains("AI assistant"), "{again:?}");
    assert_says(&ann.says("/quote").await, "already sent us");
    running.stop().await.fine();
}

/// The whole form: taps, texts, a wrong answer, a question in between, a shared contact, a correction.
async fn form(ann: &mut Client<'_>) {
    ann.taps("Get a quote", "(1/8)").await;
    ann.taps("Cloud migration", "(2/8)").await;
    let description = "We run forty services on old servers and want to move them.";
    assert_says(&ann.says(description).await, "(3/8)");
    assert_says(&ann.says("10k-50k").await, "(4/8)");
    ann.taps("As soon as possible", "(5/8)").await;
    assert_says(&ann.says("Ann Lee").await, "(6/8)");
    ann.taps("Skip", "(7/8)").await;
    assert_says(
        &ann.says("ann at example").await,
        "neither an e-mail address nor a phone number",
    );
    ann.says("how much is a devops audit?").await;
    ann.hears("(7/8)").await;
    ann.taps("Share my phone number", "(8/8)").await;
    let card = ann.taps("Yes", "Is it right?").await;
    for noted in ["Cloud migration", "€10k–50k", "Ann Lee", "+12025550123"] {
        assert_says(&card, noted);
    }
    ann.taps("Change: Budget", "(3/8)").await;
    assert_says(&ann.taps("€50k–150k", "Is it right?").await, "€50k–150k");
    ann.taps("Confirm and send", "Your request is with our team")
        .await;
    // Time for an answer too many to come.
    tokio::time::sleep(Duration::from_millis(100)).await;
    ann.has_read_all();
}
