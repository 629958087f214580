//! `frontdesk-webhook` and `frontdesk-worker`: the all-in-one in two programs, any number of each, on
//! one Postgres.

use clap::Command;
use std::collections::BTreeMap;
use std::process::ExitCode;

use crate::failure::Failure;
use crate::flags::{flags, with_settings};
use crate::serve::{Roles, serve};
use crate::settings::{Database, Settings, Sources};
use crate::{end, on_runtime};

/// Settings with another default than in `frontdesk`.
fn defaults() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([("ADMIN_ADDR", "off")])
}

/// Runs `frontdesk-webhook` with the process's arguments.
pub fn webhook_main() -> ExitCode {
    main_of(
        "Takes the updates of Telegram, by webhook or by asking (TELEGRAM_MODE), and keeps them for the workers.",
        Roles {
            program: "frontdesk-webhook",
            intake: true,
            worker: false,
            office: false,
        },
    )
}

/// Runs `frontdesk-worker` with the process's arguments.
pub fn worker_main() -> ExitCode {
    main_of(
        "Decides, sends and runs jobs: works on what frontdesk-webhook kept.",
        Roles {
            program: "frontdesk-worker",
            intake: false,
            worker: true,
            office: false,
        },
    )
}

fn main_of(about: &'static str, roles: Roles) -> ExitCode {
    let command = Command::new(roles.program)
        .version(env!("CARGO_PKG_VERSION"))
        .about(about);
    let matches = with_settings(command, &defaults()).get_matches();
    end(run(roles, flags(&matches)))
}

fn run(roles: Roles, flags: BTreeMap<String, String>) -> Result<(), Failure> {
    let sources = Sources {
        defaults: defaults(),
        ..Sources::of_process(flags, std::path::Path::new("."))?
    };
    sources.tell_warnings();
    let settings = Settings::read(&sources)?;
    if let Database::Sqlite(_) = settings.database {
        return Err(Failure::Usage(format!(
            "DATABASE_URL: {} shares its database with other processes: expected postgres://… or postgresql://…; \
             on SQLite, `frontdesk run` does everything in one",
            roles.program
        )));
    }
    if settings.telegram.is_none() {
        return Err(Failure::Usage(
            "TELEGRAM_BOT_TOKEN: is not set: expected a token from @BotFather".to_owned(),
        ));
    }
    on_runtime(serve(&settings, roles))
}
