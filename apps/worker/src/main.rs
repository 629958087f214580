//! Decides, sends and runs jobs: what the webhook kept.

use std::process::ExitCode;

fn main() -> ExitCode {
    frontdesk_runtime::worker_main()
}
