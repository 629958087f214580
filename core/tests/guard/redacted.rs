//! A model behind the redaction: what it is asked, and what comes back.

use frontdesk_core::guard::redacted::Redacted;
use frontdesk_core::id::{BotId, ClientId};
use frontdesk_core::port::LanguageModel;
use frontdesk_core::port::llm::{
    Account, ModelAnswer, ModelRequest, PartialAnswer, PromptPart, Role, ToolCall, Unheard,
};
use frontdesk_memory::ScriptedModel;
use futures_util::FutureExt as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::Uuid;

#[derive(Debug, Default)]
struct Ear(Mutex<Vec<String>>);

impl PartialAnswer for Ear {
    fn more(&self, piece: &str) {
        self.0.lock().unwrap().push(piece.to_owned());
    }

    fn restart(&self) {
        self.0.lock().unwrap().clear();
    }
}

fn request(parts: &[(Role, &str)], stream: bool) -> ModelRequest {
    let part = |(role, text): &(Role, &str)| PromptPart {
        role: *role,
        text: (*text).to_owned(),
    };
    ModelRequest {
        parts: parts.iter().map(part).collect(),
        tools: Vec::new(),
        max_tokens: 100,
        deadline: Duration::from_secs(1),
        stream,
        account: Account {
            bot_id: BotId(1),
            client_id: ClientId(Uuid::nil()),
        },
    }
}

fn answer_of(model: &ScriptedModel, text: &str, calls: Vec<ToolCall>) {
    model.then(Ok(ModelAnswer {
        text: text.to_owned(),
        calls,
        model: "scripted".to_owned(),
        usage: None,
    }));
}

const SECRETS: [&str; 6] = [
    "ann@example.com",
    "+49 30 901820",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "sk-abcdefghijklmnopqrstuvwx",
    "hunter2",
];

#[test]
fn the_model_sees_none_of_it_and_the_client_all() {
    let scripted = Arc::new(ScriptedModel::new());
    let model = Redacted::new(scripted.clone());
    let [mail, phone, card, iban, key, password] = SECRETS;
    answer_of(
        &scripted,
        "Noted: <EMAIL_1>, <PHONE_1>, not <EMAIL_2>. Your card <CARD_1> stays out.",
        vec![ToolCall {
            name: "note_lead".to_owned(),
            arguments: r#"{"fields":[{"field":"contact","value":"<EMAIL_1>","quote":"I am <EMAIL_1>"}]}"#
                .to_owned(),
        }],
    );
    let ear = Arc::new(Ear::default());
    let answer = model
        .answer(
            request(
                &[
                    (Role::System, "Write to hello@dev2production.tech for offers."),
                    (Role::User, &format!("I am {mail}, call {phone}")),
                    (Role::Assistant, &format!("Hello {mail}")),
                    (
                        Role::User,
                        &format!("{card}, {iban}, {key}, password: {password}, <EMAIL_2>"),
                    ),
                ],
                true,
            ),
            ear.clone(),
        )
        .now_or_never()
        .unwrap()
        .unwrap();

    let asked = format!("{:?}", scripted.asked());
    for secret in SECRETS {
        assert!(!asked.contains(secret), "the model was told {secret}");
    }
    assert!(
        asked.contains("hello@dev2production.tech"),
        "the company's own words go as they are"
    );
    assert!(asked.contains("Hello <EMAIL_1>"), "one value, one placeholder");

    let expected = format!("Noted: {mail}, {phone}, not . Your card {card} stays out.");
    assert_eq!(answer.text, expected);
    let heard = ear.0.lock().unwrap();
    assert_eq!(heard.concat(), expected);
    assert!(heard.iter().all(|piece| !piece.contains('<')), "{heard:?}");
    assert_eq!(
        answer.calls[0].arguments,
        format!(r#"{{"fields":[{{"field":"contact","quote":"I am {mail}","value":"{mail}"}}]}}"#)
    );
}

#[test]
fn a_placeholder_of_one_request_means_nothing_in_the_next() {
    let scripted = Arc::new(ScriptedModel::new());
    let model = Redacted::new(scripted.clone());
    for (said, expected) in [
        ("I am ann@example.com", "Hi ann@example.com!"),
        ("And I am Boris", "Hi !"),
    ] {
        answer_of(&scripted, "Hi <EMAIL_1>!", Vec::new());
        let answer = model
            .answer(request(&[(Role::User, said)], false), Arc::new(Unheard))
            .now_or_never()
            .unwrap()
            .unwrap();
        assert_eq!(answer.text, expected);
    }
}

#[test]
fn an_error_goes_through_as_it_is() {
    let scripted = Arc::new(ScriptedModel::new());
    scripted.then_fail(frontdesk_core::port::ModelError::TooLong);
    let model = Redacted::new(scripted);
    let outcome = model
        .answer(request(&[(Role::User, "hi")], true), Arc::new(Unheard))
        .now_or_never()
        .unwrap();
    assert_eq!(outcome.unwrap_err().kind(), "too_long");
    assert_eq!(model.name(), "scripted");
}
