//! Frontdesk, all in one: the bot, the chat in the terminal and the ops commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    frontdesk_runtime::main_of()
}
