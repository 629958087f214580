//! What a person types, understood.

use frontdesk_core::conversation::{ContentType, Person};
use frontdesk_core::dialogue::{AgentAction, AgentPost, ChatKind, Media, Update, UpdateKind};
use frontdesk_core::id::{ChannelMessageId, ChatId};
use frontdesk_core::text::clean;
use frontdesk_core::time::Timestamp;
use std::path::Path;

use crate::decoder::Kept;
use crate::screen::Screen;
use crate::{TERMINAL_USER, client_lane};

/// What a line came to.
#[derive(Debug, PartialEq)]
pub enum Input {
    /// An update for the door, in the form [`crate::TerminalDecoder`] reads.
    Update(Vec<u8>),
    /// An action of the agents' side.
    Agent(AgentPost),
    /// Nothing for the desk: this is to be shown to the person.
    Hint(String),
    /// The person wants to leave.
    Quit,
}

/// Turns lines into input. Update ids grow with time, across restarts too.
#[derive(Debug)]
pub struct Keyboardist {
    screen: Screen,
    last_id: i64,
}

const HINT_AS: &str = "expected: /as agent TEXT, where TEXT may also be //note, /bot, /close or /lead";

impl Keyboardist {
    /// Reads numbers as buttons of `screen`.
    pub fn new(screen: Screen) -> Self {
        Keyboardist { screen, last_id: 0 }
    }

    /// Understands one line typed at `now`.
    pub fn line(&mut self, line: &str, now: Timestamp) -> Input {
        let line = line.trim();
        let (head, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match head {
            "/quit" | "/exit" => Input::Quit,
            "/file" => self.file(rest, now),
            "/contact" if rest.is_empty() => Input::Hint("expected: /contact +49 30 901820".to_owned()),
            "/contact" => self.update(
                UpdateKind::Contact {
                    phone: clean(rest),
                    own: true,
                },
                now,
            ),
            "/as" => as_agent(rest),
            _ => match self.screen.button(line) {
                Some(data) => self.update(
                    UpdateKind::Tap {
                        tap_id: format!("tap-{}", now.as_micros()),
                        data,
                    },
                    now,
                ),
                None => self.update(UpdateKind::Text { text: clean(line) }, now),
            },
        }
    }

    fn update(&mut self, what: UpdateKind, now: Timestamp) -> Input {
        self.last_id = now.as_micros().max(self.last_id + 1);
        let update = Update {
            chat: client_lane().chat,
            chat_kind: ChatKind::Private,
            thread: None,
            from: Person::unnamed(TERMINAL_USER),
            channel_message_id: Some(ChannelMessageId(self.last_id)),
            at: now,
            what,
        };
        debug_assert_eq!(update.chat, ChatId(1));
        match serde_json::to_vec(&Kept {
            update_id: self.last_id,
            update,
        }) {
            Ok(bytes) => Input::Update(bytes),
            Err(error) => Input::Hint(format!("this line cannot be kept: {error}")),
        }
    }

    fn file(&mut self, path: &str, now: Timestamp) -> Input {
        let path = Path::new(path);
        let size = match std::fs::metadata(path) {
            Ok(about) if about.is_file() => about.len(),
            Ok(_) => return Input::Hint(format!("{} is no file: expected /file PATH", path.display())),
            Err(error) => return Input::Hint(format!("{}: {error}: expected /file PATH", path.display())),
        };
        let name = path.file_name().map(|name| clean(&name.to_string_lossy()));
        let media = Media {
            content_type: ContentType::Document,
            kind: "document".to_owned(),
            file_id: Some(path.display().to_string()),
            file_name: name,
            mime_type: None,
            size_bytes: i64::try_from(size).ok(),
            album: None,
            caption: String::new(),
        };
        self.update(UpdateKind::Media(media), now)
    }
}

fn as_agent(rest: &str) -> Input {
    let (who, text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let text = text.trim();
    if who != "agent" || text.is_empty() {
        return Input::Hint(HINT_AS.to_owned());
    }
    let action = match text {
        "/bot" => AgentAction::HandBack,
        "/close" => AgentAction::Close,
        "/lead" => AgentAction::ShowLead,
        text => match text.strip_prefix("//") {
            Some(note) => AgentAction::Note {
                text: note.trim().to_owned(),
            },
            None => AgentAction::Say {
                text: text.to_owned(),
            },
        },
    };
    Input::Agent(AgentPost {
        agent_id: None,
        agent_name: "Agent".to_owned(),
        action,
    })
}
