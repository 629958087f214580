//! Who a demo client is, and what they come for.

use std::time::Duration;

use crate::conversation::{ContentType, ModelUse, Owner, Person};
use crate::dialogue::{AgentAction, FoundField, Media, ModelOutcome, ModelProposals, UpdateKind};
use crate::id::{ChatId, UserId};
use crate::lead::FormPhase;
use crate::playbook::{Field, FieldKind, choice_key};
use crate::time::Timestamp;

use super::cast::{Asked, Cast};
use super::chat::Chat;
use super::{Dice, SPAN, UNTIL};

/// More steps than any walk through a form takes.
const FORM_STEPS: usize = 64;

/// The model of demo answers, which no provider offers and no price list knows.
const MODEL: &str = "demo";

/// A demo client.
pub(super) struct Visitor<'a> {
    cast: &'a Cast,
    dice: Dice<'a>,
    number: i64,
    first_name: &'a str,
    last_name: &'a str,
    company: &'a str,
    arrives: Timestamp,
}

impl<'a> Visitor<'a> {
    pub fn new(cast: &'a Cast, dice: Dice<'a>, chat: ChatId) -> Self {
        Visitor {
            cast,
            dice,
            number: chat.0,
            first_name: dice.text(&cast.first_names),
            last_name: dice.text(&cast.last_names),
            company: dice.text(&cast.companies),
            arrives: arrival(dice),
        }
    }

    /// What the messenger says of them.
    pub fn person(&self) -> Person {
        Person {
            username: (self.number % 3 == 0).then(|| format!("demo_{}", self.number)),
            first_name: Some(self.first_name.to_owned()),
            last_name: (self.number % 4 != 0).then(|| self.last_name.to_owned()),
            language: Some(self.cast.app_language.clone()),
            ..Person::unnamed(UserId(self.number))
        }
    }

    /// When they first write.
    pub fn arrives(&self) -> Timestamp {
        self.arrives
    }

    /// Everything they do.
    pub fn visit(&self, chat: &mut Chat<'_>) {
        if self.dice.percent(80) {
            chat.says("/start");
            self.thinks(chat);
        }
        match self.dice.roll(100) {
            0..45 => self.wants_a_quote(chat),
            45..65 => self.asks(chat),
            65..78 => self.wants_a_person(chat),
            78..86 => self.is_not_understood(chat),
            86..95 => self.asks_the_model(chat),
            _ => self.sends_a_picture(chat),
        }
        if self.dice.percent(15) {
            let days = self
                .dice
                .between(Duration::from_hours(20 * 24), Duration::from_hours(40 * 24));
            if chat.now() + days < UNTIL {
                chat.pass(days);
                self.asks(chat);
            }
        }
    }

    fn thinks(&self, chat: &mut Chat<'_>) {
        chat.pass(self.dice.between(Duration::from_secs(4), Duration::from_secs(70)));
    }

    /// Asks what the knowledge knows, in one of its own phrasings.
    fn asks(&self, chat: &mut Chat<'_>) {
        for _ in 0..=self.dice.roll(3) {
            let locale = chat.locale();
            let entry = self.dice.one_of(&chat.playbook().entries);
            let question = entry
                .and_then(|entry| entry.questions.get(&locale))
                .and_then(|questions| self.dice.one_of(questions));
            if let Some(question) = question {
                chat.says(question);
                self.thinks(chat);
            }
        }
        if self.dice.percent(50) {
            chat.says(self.dice.text(&self.cast.thanks));
            self.thinks(chat);
        }
    }

    fn wants_a_quote(&self, chat: &mut Chat<'_>) {
        if self.dice.percent(40) {
            self.asks(chat);
        }
        if waits_for_a_person(chat) {
            return;
        }
        if self.dice.percent(50) {
            chat.says("/quote");
        } else {
            chat.taps("menu-quote");
        }
        self.thinks(chat);
        // Three of four go all the way; the others leave somewhere.
        let steps = if self.dice.percent(75) {
            FORM_STEPS
        } else {
            usize::try_from(1 + self.dice.roll(5)).unwrap_or(1)
        };
        for _ in 0..steps {
            if !self.answers_the_form(chat) {
                break;
            }
            self.thinks(chat);
        }
        let running = chat.lead().is_some_and(|lead| lead.form.is_running());
        if running && self.dice.percent(40) {
            chat.says("/cancel");
        }
    }

    /// Answers what the form asks. False if it asks nothing.
    fn answers_the_form(&self, chat: &mut Chat<'_>) -> bool {
        let Some(form) = chat.lead().map(|lead| lead.form.clone()) else {
            return false;
        };
        match form.phase {
            FormPhase::Asking => {}
            FormPhase::Summary => {
                chat.taps("form-confirm");
                return true;
            }
            FormPhase::Paused | FormPhase::Confirmed => return false,
        }
        let Some(field) = chat.playbook().form.field(&form.field) else {
            return false;
        };
        if field.optional && self.dice.percent(30) {
            chat.taps("form-skip");
            return true;
        }
        match field.kind {
            FieldKind::Choice => {
                if let Some(choice) = self.dice.one_of(&field.choices) {
                    chat.taps(&choice_key(&field.name, choice));
                }
            }
            FieldKind::Consent => chat.taps("form-yes"),
            FieldKind::Email => chat.says(&self.email()),
            FieldKind::Phone => chat.says(&self.phone()),
            FieldKind::Contact => {
                let by_mail = self.dice.percent(50);
                chat.says(&if by_mail { self.email() } else { self.phone() });
            }
            FieldKind::Text => chat.says(&self.free_text(field)),
        }
        true
    }

    fn free_text(&self, field: &Field) -> String {
        match field.name.as_str() {
            "name" => format!("{} {}", self.first_name, self.last_name),
            "company" => self.company.to_owned(),
            _ => self.dice.text(&self.cast.projects).to_owned(),
        }
    }

    /// An address under a domain that is kept for examples.
    fn email(&self) -> String {
        format!("demo{}@example.org", self.number)
    }

    /// A number of those kept for films.
    fn phone(&self) -> String {
        format!("+49 30 23125 {}", 100 + self.number % 900)
    }

    fn wants_a_person(&self, chat: &mut Chat<'_>) {
        if self.dice.percent(30) {
            self.asks(chat);
        }
        if self.dice.percent(50) {
            chat.says("/human");
        } else {
            chat.taps("menu-human");
        }
        self.meets_an_agent(chat);
    }

    /// Somebody answers, mostly.
    fn meets_an_agent(&self, chat: &mut Chat<'_>) {
        if !waits_for_a_person(chat) || self.dice.percent(15) {
            return;
        }
        let agent = self.dice.text(&self.cast.staff).to_owned();
        chat.pass(self.dice.between(Duration::from_mins(2), Duration::from_mins(90)));
        let say = |text: &str| AgentAction::Say {
            text: text.to_owned(),
        };
        chat.agent(&agent, say(self.dice.text(&self.cast.agents_first)));
        self.thinks(chat);
        chat.says(self.dice.text(&self.cast.to_agents));
        chat.pass(self.dice.between(Duration::from_mins(1), Duration::from_mins(20)));
        chat.agent(&agent, say(self.dice.text(&self.cast.agents_then)));
        self.thinks(chat);
        chat.says(self.dice.text(&self.cast.thanks));
        chat.pass(self.dice.between(Duration::from_mins(1), Duration::from_hours(1)));
        match self.dice.roll(10) {
            0..5 => chat.agent(&agent, AgentAction::Close),
            5..8 => chat.agent(&agent, AgentAction::HandBack),
            // An agent who says no more gives the chat back by and by.
            _ => {}
        }
    }

    fn is_not_understood(&self, chat: &mut Chat<'_>) {
        for _ in 0..2 {
            chat.says(self.dice.text(&self.cast.off_topic));
            self.thinks(chat);
            if chat.waits_for_model() {
                let why = "unavailable".to_owned();
                chat.model(ModelOutcome::Failed { why });
                self.thinks(chat);
            }
        }
        self.meets_an_agent(chat);
    }

    fn asks_the_model(&self, chat: &mut Chat<'_>) {
        let Some(asked) = self.dice.one_of(&self.cast.asked) else {
            return;
        };
        chat.says(&asked.question);
        let takes = self.dice.between(Duration::from_secs(2), Duration::from_secs(12));
        chat.pass(takes);
        if chat.waits_for_model() {
            let outcome = Self::model_says(chat, asked, takes);
            chat.model(outcome);
            self.thinks(chat);
            chat.says(self.dice.text(&self.cast.thanks));
        }
    }

    fn model_says(chat: &Chat<'_>, asked: &Asked, takes: Duration) -> ModelOutcome {
        let length = |text: &str| i64::try_from(text.chars().count() / 4).unwrap_or(0);
        let question = chat.last_heard().map(|message| message.id);
        let found = asked.found.as_ref().zip(question);
        let fields = found
            .map(|((field, value), message_id)| FoundField {
                field: field.clone(),
                value: value.clone(),
                message_id,
                confidence: 0.9,
            })
            .into_iter()
            .collect();
        ModelOutcome::Answered {
            text: asked.answer.clone(),
            proposals: ModelProposals {
                fields,
                ..ModelProposals::default()
            },
            llm: ModelUse {
                model: MODEL.to_owned(),
                tokens_in: 900 + length(&asked.question),
                tokens_out: length(&asked.answer),
                latency_ms: i64::try_from(takes.as_millis()).unwrap_or(0),
                confidence: 0.8,
                cost_micros: None,
            },
        }
    }

    fn sends_a_picture(&self, chat: &mut Chat<'_>) {
        chat.does(UpdateKind::Media(Media {
            content_type: ContentType::Image,
            kind: "photo".to_owned(),
            file_id: None,
            file_name: None,
            mime_type: None,
            size_bytes: None,
            album: None,
            caption: String::new(),
        }));
        self.thinks(chat);
        self.asks(chat);
    }
}

fn waits_for_a_person(chat: &Chat<'_>) -> bool {
    chat.case().is_some_and(|case| case.owner == Owner::Queue)
}

/// A time of the day at which people write, on one of the demo's days. Never so late that a chat is cut
/// off by the demo's end.
fn arrival(dice: Dice<'_>) -> Timestamp {
    const DAY: Duration = Duration::from_hours(24);
    let days = u32::try_from(SPAN.as_secs() / DAY.as_secs()).unwrap_or(1);
    let day = u32::try_from(dice.roll(u64::from(days))).unwrap_or(0);
    let clock = dice.between(Duration::from_hours(7), Duration::from_hours(20));
    UNTIL - SPAN + DAY * day + clock
}
