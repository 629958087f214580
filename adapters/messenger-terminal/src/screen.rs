//! What is shown: messages, with their buttons numbered.

use async_trait::async_trait;
use frontdesk_core::id::{Channel, ChannelMessageId};
use frontdesk_core::port::Messenger;
use frontdesk_core::port::messenger::{Action, Keyboard, MessengerError, OutboundCall, Sent};
use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::staff_lane;

/// How messages look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Style {
    colour: bool,
}

struct State {
    out: Box<dyn Write + Send>,
    style: Style,
    /// Data of the buttons under the newest message that had some; number 1 is the first.
    buttons: Vec<String>,
    shown: i64,
}

/// A terminal, shared by what prints and what reads the numbers.
#[derive(Clone)]
pub struct Screen {
    state: Arc<Mutex<State>>,
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen").finish_non_exhaustive()
    }
}

impl Screen {
    /// Shows on `out`, with colours or without.
    pub fn new(out: Box<dyn Write + Send>, colour: bool) -> Self {
        let state = State {
            out,
            style: Style { colour },
            buttons: Vec::new(),
            shown: 0,
        };
        Screen {
            state: Arc::new(Mutex::new(state)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere while printing leaves nothing half-changed that matters here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Data of the button with this number under the newest message that had buttons.
    pub fn button(&self, number: &str) -> Option<String> {
        let number: usize = number.parse().ok()?;
        self.state().buttons.get(number.checked_sub(1)?).cloned()
    }

    /// Shows a line that is not the desk's.
    ///
    /// # Errors
    /// What writing to the terminal came to.
    pub fn hint(&self, line: &str) -> std::io::Result<()> {
        let mut state = self.state();
        let line = state.style.paint("2", line);
        writeln!(state.out, "{line}")?;
        state.out.flush()
    }

    fn show(&self, call: &OutboundCall) -> std::io::Result<Option<ChannelMessageId>> {
        let mut state = self.state();
        let style = state.style;
        match &call.action {
            Action::AnswerTap { text: None, .. } | Action::Typing | Action::Draft { .. } => return Ok(None),
            Action::AnswerTap { text: Some(text), .. } => {
                writeln!(state.out, "{}", style.paint("33", &format!("({text})")))?;
            }
            Action::Send { content, keyboard } => {
                let staff = call.chat == staff_lane().chat;
                writeln!(state.out, "{}", style.message(&content.spelled_out(), staff))?;
                match keyboard {
                    Some(Keyboard::Inline(rows)) => {
                        state.buttons.clear();
                        for row in rows {
                            let first = state.buttons.len() + 1;
                            state.buttons.extend(row.iter().map(|button| button.data.clone()));
                            let labels = row.iter().zip(first..);
                            let labels =
                                labels.map(|(button, number)| format!("  [{number}] {}", button.label));
                            let line = labels.collect::<String>();
                            writeln!(state.out, "{}", style.paint("36", &line))?;
                        }
                    }
                    Some(Keyboard::ShareContact { label }) => {
                        state.buttons.clear();
                        let line = format!("  [{label}: /contact NUMBER]");
                        writeln!(state.out, "{}", style.paint("36", &line))?;
                    }
                    Some(Keyboard::Remove) | None => {}
                }
                writeln!(state.out)?;
            }
        }
        state.out.flush()?;
        state.shown += 1;
        Ok(Some(ChannelMessageId(state.shown)))
    }
}

impl Style {
    fn paint(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn message(self, text: &str, staff: bool) -> String {
        // What a client wrote may come back in a card: no escape sequence of theirs reaches the terminal.
        let safe: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
        let (mark, code) = match (staff, self.colour) {
            (true, _) => ("staff │ ", "35"),
            (false, true) => ("▌ ", "32"),
            // What is piped on is the text alone.
            (false, false) => ("", ""),
        };
        let lines: Vec<String> = safe
            .lines()
            .map(|line| format!("{}{line}", self.paint(code, mark)))
            .collect();
        lines.join("\n")
    }
}

/// Shows what the desk says.
#[derive(Clone, Debug)]
pub struct TerminalMessenger {
    screen: Screen,
}

impl TerminalMessenger {
    /// Shows it on `screen`.
    pub fn new(screen: Screen) -> Self {
        TerminalMessenger { screen }
    }
}

#[async_trait]
impl Messenger for TerminalMessenger {
    fn channel(&self) -> Channel {
        Channel::TERMINAL
    }

    async fn call(&self, call: &OutboundCall) -> Result<Sent, MessengerError> {
        // Part of a message may stand on the terminal when writing fails.
        let shown = self
            .screen
            .show(call)
            .map_err(|error| MessengerError::Unknown(Box::new(error)))?;
        Ok(Sent {
            channel_message_id: shown,
        })
    }

    async fn probe(&self) -> Result<(), MessengerError> {
        Ok(())
    }
}
