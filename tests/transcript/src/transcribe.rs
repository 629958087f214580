//! A chat that was kept, as a transcript.

use frontdesk_core::conversation::{ContentType, Message, Owner, SenderType};
use frontdesk_core::dialogue::{AgentAction, RulesSettings, UpdateKind};
use frontdesk_core::playbook::Playbook;
use frontdesk_core::replay::{Again, Cause, KeptCase, Moment, moments, update_of};
use frontdesk_core::time::Timestamp;
use std::time::Duration;

use crate::script::Step;

/// Writes a kept case as a transcript: what was done in it, when, and what the client was told.
///
/// `again` is the same case decided again under `playbook`: it knows what stands on the buttons that were
/// tapped. Every text goes through `hide`. What the rehearsal has no line for, and what a model answered
/// (a rehearsal has none), is written as a comment: such a chat does not hold as it stands.
pub fn transcribe(
    case: &KeptCase,
    again: &Again,
    playbook: &Playbook,
    mut hide: impl FnMut(&str) -> String,
) -> String {
    let first = case
        .messages
        .first()
        .map_or(case.conversation.created_at, |stored| stored.message.created_at);
    let mut lines = Lines {
        text: String::new(),
        now: first,
    };
    lines.step(&Step::Now(first));
    if let Some(locale) = &again.began_in {
        lines.step(&Step::Language(locale.to_string()));
    }
    let name = case.client.first_name.as_deref().unwrap_or_default();
    lines.step(&Step::Name(hide(name)));
    let mut owner = Owner::Bot;
    let mut agent_spoke = first;
    for moment in moments(&case.messages) {
        let now = moment.at;
        let silent = now.since(agent_spoke) >= RulesSettings::default().agent_timeout;
        let out_of_patience = silent && owner == Owner::Agent && moment.cause == Cause::Desk;
        lines.pass(now, out_of_patience);
        match moment.cause {
            Cause::Client(message) => {
                client(&mut lines, message, again, &mut hide);
                lines.told(&moment, &mut hide);
            }
            Cause::Agent(message) => {
                owner = Owner::Agent;
                agent_spoke = now;
                let text = without_name(playbook, message);
                lines.step(&Step::Agent(AgentAction::Say { text: hide(text) }));
                for line in text.lines().filter(|line| !line.trim().is_empty()) {
                    lines.step(&Step::Told(hide(line)));
                }
            }
            Cause::Note(message) => {
                let text = hide(&message.content);
                lines.step(&Step::Agent(AgentAction::Note { text }));
            }
            Cause::Desk if moment.said.iter().any(|message| message.reply_to.is_some()) => {
                lines.comment("the model was asked, and then:");
                for message in &moment.said {
                    for line in message.content.lines() {
                        lines.comment(&format!("  {}", hide(line)));
                    }
                }
            }
            Cause::Desk => {
                if case.conversation.closed_at == Some(now) {
                    lines.step(&Step::Agent(AgentAction::Close));
                } else if owner == Owner::Agent && !out_of_patience {
                    lines.step(&Step::Agent(AgentAction::HandBack));
                }
                owner = Owner::Bot;
                lines.told(&moment, &mut hide);
            }
        }
    }
    lines.text
}

fn client(lines: &mut Lines, message: &Message, again: &Again, hide: &mut impl FnMut(&str) -> String) {
    match update_of(message) {
        Some(UpdateKind::Tap { data, .. }) => match again.labels.get(&data) {
            Some(label) => lines.step(&Step::Tap(hide(label))),
            None => lines.comment(&format!("a tap on a button this playbook does not show: {data}")),
        },
        Some(UpdateKind::Text { text }) => {
            let text = hide(&text);
            lines.step(&Step::Client(UpdateKind::Text { text }));
        }
        Some(UpdateKind::Contact { phone, own }) => {
            let phone = hide(&phone);
            lines.step(&Step::Client(UpdateKind::Contact { phone, own }));
        }
        Some(UpdateKind::Media(mut media)) => {
            media.caption = hide(&media.caption);
            lines.step(&Step::Client(UpdateKind::Media(media)));
        }
        Some(other) => lines.step(&Step::Client(other)),
        None => lines.comment("something of a kind this build does not know"),
    }
    // An edit is of the newest message; one of an older message cannot be told.
    let edited = message.metadata.get("earlier").is_some();
    if edited && message.content_type == ContentType::Text {
        lines.comment(&format!("edited later: {}", hide(&message.content)));
    }
}

/// What an agent said, without the name that the client was shown before it.
fn without_name<'m>(playbook: &Playbook, message: &'m Message) -> &'m str {
    const NAME: &str = "\u{1}";
    const TEXT: &str = "\u{2}";
    for locale in &playbook.locales {
        let shown = playbook
            .texts
            .get(locale, "agent-says", &[("name", NAME), ("text", TEXT)]);
        let parts = shown.split_once(NAME).and_then(|(before, rest)| {
            let (between, after) = rest.split_once(TEXT)?;
            let said = message.content.strip_prefix(before)?.strip_suffix(after)?;
            let (_, text) = said.split_once(between)?;
            Some(text)
        });
        if let Some(text) = parts {
            return text;
        }
    }
    &message.content
}

/// A transcript that is being written.
struct Lines {
    text: String,
    /// The time of the rehearsal: less than a minute from that of the chat.
    now: Timestamp,
}

impl Lines {
    fn step(&mut self, step: &Step) {
        self.line(&step.line());
    }

    fn comment(&mut self, text: &str) {
        let text = text.split(['\r', '\n']).collect::<Vec<_>>().join(" ");
        self.line(format!("# {text}").trim_end());
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Time passes, told in whole minutes, or a started one more `for_sure`. The small change comes first,
    /// so that what a long wait brings comes with the last line.
    fn pass(&mut self, to: Timestamp, for_sure: bool) {
        let seconds = to.since(self.now).as_secs();
        let minutes = seconds / 60 + u64::from(for_sure && seconds > 0);
        self.now = self.now + Duration::from_mins(minutes);
        let (hours, minutes) = (minutes / 60, minutes % 60);
        let (days, hours) = (hours / 24, hours % 24);
        for by in [
            Duration::from_mins(minutes),
            Duration::from_hours(hours),
            Duration::from_hours(days * 24),
        ] {
            if !by.is_zero() {
                self.step(&Step::Pass(by));
            }
        }
    }

    /// Expects every line that the client was told.
    fn told(&mut self, moment: &Moment<'_>, hide: &mut impl FnMut(&str) -> String) {
        let bot = moment
            .said
            .iter()
            .filter(|message| message.sender_type == SenderType::Bot && message.llm.is_none());
        for line in bot.flat_map(|message| message.content.lines()) {
            if !line.trim().is_empty() {
                self.step(&Step::Told(hide(line)));
            }
        }
    }
}
