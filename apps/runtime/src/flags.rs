//! Every setting as a flag.

use clap::{Arg, ArgMatches, Command};
use std::collections::BTreeMap;

use crate::settings::{SETTINGS, flag_of};

/// The command, and every setting as a flag of it and of its subcommands. `defaults` are those that
/// differ in this program.
pub(crate) fn with_settings(mut command: Command, defaults: &BTreeMap<&str, &str>) -> Command {
    for spec in SETTINGS {
        let default = match defaults.get(spec.name).copied().unwrap_or(spec.default) {
            "" => String::new(),
            default => format!(" [default: {default}]"),
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

/// The settings that were given as flags.
pub(crate) fn flags(matches: &ArgMatches) -> BTreeMap<String, String> {
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
