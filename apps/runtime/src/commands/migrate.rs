//! `frontdesk migrate`: the schema, up and down.

use clap::{Args, Subcommand};
use std::io::Write as _;

use frontdesk_store_diesel::migrate;

use crate::cli::Context;
use crate::failure::Failure;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Where the schema stands
    Status,
    /// Run what has not been run (the default)
    Up,
    /// Take back the last N migrations, with what they keep
    Down {
        /// How many
        count: usize,
    },
}

pub(crate) fn execute(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let settings = context.settings()?;
    if let crate::settings::Database::Sqlite(path) = &settings.database
        && let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::Work(format!(
                "the folder {} cannot be made: {error}: set DATA_DIR to a folder you may write to",
                folder.display()
            ))
        })?;
    }
    let url = settings.database.url();
    crate::on_runtime(async {
        let mut out = std::io::stdout();
        let lines = match (&arguments.action, arguments.dry_run) {
            (Some(Action::Status), _) => status(&url).await?,
            (Some(Action::Down { count }), true) => {
                let (done, _) = split(&url).await?;
                let names = done.iter().rev().take(*count);
                names.map(|name| format!("would take back {name}")).collect()
            }
            (Some(Action::Down { count }), false) => {
                let taken_back = migrate::down(&url, *count).await.map_err(Failure::work)?;
                taken_back
                    .iter()
                    .map(|name| format!("took back {name}"))
                    .collect()
            }
            (None | Some(Action::Up), true) => {
                let (_, waiting) = split(&url).await?;
                waiting.iter().map(|name| format!("would run {name}")).collect()
            }
            (None | Some(Action::Up), false) => {
                let ran = migrate::up(&url).await.map_err(Failure::work)?;
                ran.iter().map(|name| format!("ran {name}")).collect()
            }
        };
        let lines: Vec<String> = if lines.is_empty() {
            vec!["nothing to do".to_owned()]
        } else {
            lines
        };
        lines
            .iter()
            .try_for_each(|line| writeln!(out, "{line}"))
            .map_err(Failure::output)
    })
}

async fn split(url: &str) -> Result<(Vec<String>, Vec<String>), Failure> {
    let all = migrate::status(url).await.map_err(Failure::work)?;
    let (done, waiting): (Vec<_>, Vec<_>) = all.into_iter().partition(|migration| migration.applied);
    let names =
        |migrations: Vec<migrate::Step>| migrations.into_iter().map(|migration| migration.name).collect();
    Ok((names(done), names(waiting)))
}

async fn status(url: &str) -> Result<Vec<String>, Failure> {
    let all = migrate::status(url).await.map_err(Failure::work)?;
    let line = |migration: &migrate::Step| {
        format!(
            "{} {}",
            if migration.applied { "done   " } else { "waiting" },
            migration.name
        )
    };
    Ok(all.iter().map(line).collect())
}
