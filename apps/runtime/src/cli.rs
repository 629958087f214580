//! The command line of `frontdesk`.

use clap::{Arg, Args as _, Command, FromArgMatches as _, Parser, Subcommand};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::commands;
use crate::failure::Failure;
use crate::settings::{SETTINGS, SettingProblems, Settings, Sources, flag_of};

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
    /// Webhook or polling, worker and health in one process
    Run,
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
    let matches = command().get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let flags = flags(&matches);
    match run(cli, flags) {
        Ok(()) | Err(Failure::ReaderGone) => ExitCode::SUCCESS,
        Err(failure) => {
            // Standard error may be closed; there is nobody left to tell then.
            drop(writeln!(std::io::stderr(), "{failure}"));
            ExitCode::from(failure.code())
        }
    }
}

/// The commands, and every setting as a flag of all of them.
fn command() -> Command {
    let mut command = Cli::augment_args(Command::new("frontdesk").version(env!("CARGO_PKG_VERSION")));
    for spec in SETTINGS {
        let default = if spec.default.is_empty() {
            String::new()
        } else {
            format!(" [default: {}]", spec.default)
        };
        command = command.arg(
            Arg::new(spec.name)
                .long(flag_of(spec.name))
                .value_name("VALUE")
                .global(true)
                .help_heading("Settings (or the environment, or .env: the same names in capitals)")
                .help(format!("{}{default}", spec.help)),
        );
    }
    command
}

fn flags(matches: &clap::ArgMatches) -> BTreeMap<String, String> {
    let mut deepest = matches;
    while let Some((_, inner)) = deepest.subcommand() {
        deepest = inner;
    }
    SETTINGS
        .iter()
        .filter_map(|spec| {
            let value = deepest.get_one::<String>(spec.name)?;
            Some((spec.name.to_owned(), value.clone()))
        })
        .collect()
}

fn run(cli: Cli, flags: BTreeMap<String, String>) -> Result<(), Failure> {
    let context = Context {
        sources: Sources::of_process(flags, Path::new("."))?,
    };
    for warning in &context.sources.warnings {
        drop(writeln!(std::io::stderr(), "warning: {warning}"));
    }
    match cli.command {
        None if context.settings()?.telegram.is_some() => commands::run::execute(&context),
        None | Some(Sub::Chat) => commands::chat::execute(&context),
        Some(Sub::Run) => commands::run::execute(&context),
        Some(Sub::Migrate(arguments)) => commands::migrate::execute(&context, &arguments),
        Some(Sub::Telegram(action)) => commands::telegram::execute(&context, &action),
        Some(Sub::Check(arguments)) => commands::check::execute(&context, &arguments),
        Some(Sub::Config(action)) => commands::config::execute(&context, &action),
        Some(Sub::Knowledge(action)) => commands::knowledge::execute(&context, action),
        Some(Sub::Dead(action)) => commands::dead::execute(&context, &action),
        Some(Sub::Token(action)) => commands::token::execute(&context, &action),
        Some(Sub::Audit(action)) => commands::audit::execute(&context, &action),
    }
}
