//! Takes the updates of Telegram, by webhook or by asking, and keeps them for the workers.

use std::process::ExitCode;

fn main() -> ExitCode {
    frontdesk_runtime::webhook_main()
}
