//! The command line of `frontdesk`.

use clap::{Args as _, Command, FromArgMatches as _, Parser, Subcommand};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::commands;
use crate::end;
use crate::failure::Failure;
use crate::flags::{flags, with_settings};
use crate::settings::{SETTINGS, SettingProblems, Settings, Sources};

/// The front desk of a company on Telegram: answers at once, finds out what the client needs, hands
/// over to a person.
#[derive(Debug, Parser)]
#[command(name = "frontdesk", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Sub>,
}

#[derive(Debug, Subcommand)]
enum Sub {
    /// Webhook or polling, worker, health and metrics in one process
    Run(commands::run::Arguments),
    /// The same bot in the terminal
    Chat,
    /// Bring the database's schema up or down, or show where it stands
    Migrate(commands::migrate::Arguments),
    /// The bot's registration with Telegram
    #[command(subcommand)]
    Telegram(commands::telegram::Action),
    /// Check settings and playbook, offline
    Check(commands::check::Arguments),
    /// The settings in force
    #[command(subcommand)]
    Config(commands::config::Action),
    /// Try and measure the playbook's knowledge
    #[command(subcommand)]
    Knowledge(commands::knowledge::Action),
    /// Dead letters: what was given up
    #[command(subcommand)]
    Dead(commands::dead::Action),
    /// Demo data: made-up clients with their chats and leads, the same every time
    ///
    /// They write in the 60 days before 2026-11-21 (UTC), whatever day it is now, and the playbook in
    /// force answers them. The same number, seed and playbook give the same rows in every database. Who is
    /// there already is left alone: a second run changes nothing, a larger number adds the rest. Their
    /// chats are of the channel `demo`, which no messenger serves: nothing is sent to anybody.
    Seed(commands::seed::Arguments),
    /// Scores of leads
    #[command(subcommand)]
    Score(commands::score::Action),
    /// Write a stored chat as a transcript, without what is personal
    Transcript(commands::transcript::Arguments),
    /// Decide stored chats again, and show what would be said otherwise, changing nothing
    Replay(commands::replay::Arguments),
    /// Tokens of the admin API
    #[command(subcommand)]
    Token(commands::token::Action),
    /// The audit log
    #[command(subcommand)]
    Audit(commands::audit::Action),
}

/// Everything the commands are given.
pub(crate) struct Context {
    /// Where settings come from.
    pub sources: Sources,
}

impl Context {
    /// The settings in force.
    pub fn settings(&self) -> Result<Settings, Failure> {
        Ok(Settings::read(&self.sources)?)
    }

    /// The playbook's folder, whatever may be wrong with other settings.
    pub fn playbook_named(&self) -> Option<PathBuf> {
        let spec = SETTINGS.iter().find(|spec| spec.name == "PLAYBOOK")?;
        let value = self.sources.value(spec, &mut SettingProblems::default())?;
        Some(PathBuf::from(value.text))
    }
}

/// Runs `frontdesk` with the process's arguments.
pub fn main_of() -> ExitCode {
    let command = Cli::augment_args(Command::new("frontdesk").version(env!("CARGO_PKG_VERSION")));
    let matches = with_settings(command, &BTreeMap::new()).get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    end(run(cli, flags(&matches)))
}

fn run(cli: Cli, flags: BTreeMap<String, String>) -> Result<(), Failure> {
    let context = Context {
        sources: Sources::of_process(flags, Path::new("."))?,
    };
    context.sources.tell_warnings();
    match cli.command {
        None if context.settings()?.telegram.is_some() => {
            commands::run::execute(&context, &commands::run::Arguments::default())
        }
        None | Some(Sub::Chat) => commands::chat::execute(&context),
        Some(Sub::Run(arguments)) => commands::run::execute(&context, &arguments),
        Some(Sub::Migrate(arguments)) => commands::migrate::execute(&context, &arguments),
        Some(Sub::Telegram(action)) => commands::telegram::execute(&context, &action),
        Some(Sub::Check(arguments)) => commands::check::execute(&context, &arguments),
        Some(Sub::Config(action)) => commands::config::execute(&context, &action),
        Some(Sub::Knowledge(action)) => commands::knowledge::execute(&context, action),
        Some(Sub::Dead(action)) => commands::dead::execute(&context, &action),
        Some(Sub::Seed(arguments)) => commands::seed::execute(&context, &arguments),
        Some(Sub::Score(action)) => commands::score::execute(&context, &action),
        Some(Sub::Transcript(arguments)) => commands::transcript::execute(&context, &arguments),
        Some(Sub::Replay(arguments)) => commands::replay::execute(&context, &arguments),
        Some(Sub::Token(action)) => commands::token::execute(&context, &action),
        Some(Sub::Audit(action)) => commands::audit::execute(&context, &action),
    }
}
