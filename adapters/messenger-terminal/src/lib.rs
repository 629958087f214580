//! The messenger port in a terminal.
//!
//! [`TerminalMessenger`] shows what the desk says, with numbered buttons. [`Keyboardist`] turns the
//! lines a person types into updates and agents' actions, [`TerminalFiles`] reads the files they send. [`TerminalDecoder`] reads the updates back
//! from the inbox, so that the terminal goes the same way as every other messenger.

mod decoder;
mod files;
mod input;
mod screen;

pub use decoder::TerminalDecoder;
pub use files::TerminalFiles;
pub use input::{Input, Keyboardist};
pub use screen::{Screen, TerminalMessenger};

use frontdesk_core::id::{BotId, Channel, ChatId, UserId};
use frontdesk_core::work::LaneKey;

/// The bot of the terminal.
pub const TERMINAL_BOT: BotId = BotId(0);

/// The client at the terminal.
pub const TERMINAL_USER: UserId = UserId(1);

/// Lane of the client's chat.
pub fn client_lane() -> LaneKey {
    LaneKey {
        bot_id: TERMINAL_BOT,
        channel: Channel::TERMINAL,
        chat: ChatId(1),
    }
}

/// Lane of the chat in which the terminal shows what the staff is told.
pub fn staff_lane() -> LaneKey {
    LaneKey {
        bot_id: TERMINAL_BOT,
        channel: Channel::TERMINAL,
        chat: ChatId(-1),
    }
}
