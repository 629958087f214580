//! `frontdesk check`: settings and playbook, offline.

use clap::Args;
use std::io::Write as _;

use frontdesk_transcript::Rehearsal;

use crate::cli::Context;
use crate::failure::Failure;
use crate::playbook;
use crate::settings::Settings;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Play the playbook's golden transcripts too
    #[arg(long)]
    golden: bool,
}

pub(crate) fn execute(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let mut problems = Vec::new();
    let mut out = std::io::stdout();
    let mut say = |line: String| writeln!(out, "{line}").map_err(Failure::output);
    let settings = match Settings::read(&context.sources) {
        Ok(settings) => {
            say("settings: fine".to_owned())?;
            say(format!("files: {}", settings.files))?;
            Some(settings)
        }
        Err(found) => {
            problems.push(found.to_string());
            None
        }
    };
    // A playbook is checked even if a setting beside it is wrong.
    let folder = match &settings {
        Some(settings) => settings.playbook.clone(),
        None => context.playbook_named(),
    };
    let files = playbook::files(folder.as_deref())?;
    match playbook::load(folder.as_deref()) {
        Ok(playbook) => {
            for warning in &playbook.warnings.0 {
                say(warning.to_string())?;
            }
            say(format!(
                "playbook: fine, version {}, {} entries in {} locales",
                playbook.version,
                playbook.entries.len(),
                playbook.locales.len()
            ))?;
            if arguments.golden {
                problems.extend(golden(playbook, &files, &mut say)?);
            }
        }
        Err(error) => problems.push(error.to_string()),
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Failure::Work(problems.join("\n")))
    }
}

fn golden(
    playbook: frontdesk_core::playbook::Playbook,
    files: &frontdesk_core::playbook::PlaybookFiles,
    say: &mut impl FnMut(String) -> Result<(), Failure>,
) -> Result<Vec<String>, Failure> {
    let rehearsal = Rehearsal::new(playbook);
    let mut failed = Vec::new();
    let mut passed = 0_usize;
    for (name, text) in files.iter().filter(|(name, _)| name.starts_with("golden/")) {
        match rehearsal.play(text) {
            Ok(()) => passed += 1,
            Err(error) => failed.push(format!("{name}:{error}")),
        }
    }
    say(format!("golden: {passed} passed, {} failed", failed.len()))?;
    Ok(failed)
}
