//! `frontdesk knowledge`: try and measure what the playbook knows.

use clap::{Args, Subcommand};
use frontdesk_core::knowledge::{Evaluation, Knowledge, MatchDecision, Matcher, evaluate};
use frontdesk_core::playbook::{Locale, Playbook};
use serde_json::json;
use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;

use crate::cli::Context;
use crate::failure::Failure;
use crate::knowledge;
use crate::log::Log;
use crate::playbook;

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Read one question a line and print what the knowledge says to it
    Match(MatchArguments),
    /// Measure on a file of lines `question TAB slug`, with `none` for what is off topic
    Evaluate(EvaluateArguments),
}

#[derive(Debug, Args)]
pub(crate) struct MatchArguments {
    /// The locale of the questions; the playbook's default without it
    #[arg(long)]
    locale: Option<String>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EvaluateArguments {
    /// The file
    file: PathBuf,
    /// The locale of the questions; the playbook's default without it
    #[arg(long)]
    locale: Option<String>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn execute(context: &Context, action: Action) -> Result<(), Failure> {
    let settings = context.settings()?;
    let playbook = playbook::load(settings.playbook.as_deref())?;
    let logging = Log::start(&settings);
    let knowledge = || knowledge::load(&playbook, &settings.data_dir, &logging.root);
    match action {
        Action::Match(arguments) => match_lines(&playbook, knowledge, &arguments),
        Action::Evaluate(arguments) => evaluate_file(&playbook, knowledge, &arguments),
    }
}

fn locale(playbook: &Playbook, asked: Option<&str>) -> Result<Locale, Failure> {
    let Some(asked) = asked else {
        return Ok(playbook.default_locale.clone());
    };
    playbook
        .locales
        .iter()
        .find(|locale| locale.as_str() == asked)
        .cloned()
        .ok_or_else(|| {
            let known: Vec<&str> = playbook.locales.iter().map(Locale::as_str).collect();
            Failure::Usage(format!("--locale {asked}: expected one of {}", known.join(", ")))
        })
}

fn match_lines(
    playbook: &Playbook,
    knowledge: impl FnOnce() -> Knowledge,
    arguments: &MatchArguments,
) -> Result<(), Failure> {
    let locale = locale(playbook, arguments.locale.as_deref())?;
    let knowledge = knowledge();
    let mut out = std::io::BufWriter::new(std::io::stdout());
    for line in std::io::stdin().lock().lines() {
        let question = line.map_err(|error| Failure::Work(format!("standard input: {error}")))?;
        let found = knowledge.query(&locale, &question);
        let decision = match found.decision {
            MatchDecision::Answer => "answer",
            MatchDecision::Offer => "offer",
            MatchDecision::None => "none",
        };
        let written = if arguments.json {
            let candidates: Vec<serde_json::Value> = found
                .candidates
                .iter()
                .map(|candidate| json!({ "slug": &*candidate.slug, "score": candidate.score }))
                .collect();
            let row = json!({
                "question": question, "decision": decision, "slug": found.slug.as_deref(),
                "score": found.score, "candidates": candidates,
            });
            writeln!(out, "{row}")
        } else {
            let candidates: Vec<String> = found
                .candidates
                .iter()
                .map(|candidate| format!("{} {:.2}", candidate.slug, candidate.score))
                .collect();
            let slug = found.slug.as_deref().unwrap_or("-");
            writeln!(
                out,
                "{decision}\t{slug}\t{:.3}\t{}",
                found.score,
                candidates.join(", ")
            )
        };
        written.and_then(|()| out.flush()).map_err(Failure::output)?;
    }
    Ok(())
}

fn evaluate_file(
    playbook: &Playbook,
    knowledge: impl FnOnce() -> Knowledge,
    arguments: &EvaluateArguments,
) -> Result<(), Failure> {
    let locale = locale(playbook, arguments.locale.as_deref())?;
    let file = arguments.file.display();
    let text = std::fs::read_to_string(&arguments.file)
        .map_err(|error| Failure::Usage(format!("{file} cannot be read: {error}")))?;
    let mut labelled = Vec::new();
    for (at, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let at = at + 1;
        let Some((question, slug)) = line.split_once('\t') else {
            return Err(Failure::Usage(format!(
                "{file}:{at}: expected a question, a tab and a slug or `none`"
            )));
        };
        let slug = slug.trim();
        if slug != "none" && playbook.entry(slug).is_none() {
            return Err(Failure::Usage(format!(
                "{file}:{at}: `{slug}` is no entry: expected a slug or `none`"
            )));
        }
        labelled.push((question.to_owned(), (slug != "none").then(|| slug.to_owned())));
    }
    let knowledge = knowledge();
    let matcher = knowledge
        .matcher(&locale)
        .ok_or_else(|| Failure::Work(format!("there is no knowledge in {locale}")))?;
    show(&evaluate(matcher, &labelled), matcher, arguments.json)
}

fn show(figures: &Evaluation, matcher: &Matcher, as_json: bool) -> Result<(), Failure> {
    let mut out = std::io::stdout();
    if as_json {
        let figures = serde_json::to_string(figures).map_err(Failure::work)?;
        return writeln!(out, "{figures}").map_err(Failure::output);
    }
    let rows = [
        (
            "accuracy",
            figures.accuracy,
            "in-scope questions whose best candidate is right",
        ),
        (
            "coverage",
            figures.coverage,
            "in-scope questions that are answered",
        ),
        ("precision", figures.precision, "answers given that are right"),
        (
            "off-topic answered",
            figures.off_topic_answered,
            "off-topic lines that get an answer",
        ),
        ("AUROC", figures.auroc, "in scope against off topic, by score"),
    ];
    writeln!(
        out,
        "{} questions, {} of them off topic; accept {:.3}, offer {:.3}",
        figures.questions,
        figures.off_topic,
        matcher.accept(),
        matcher.offer()
    )
    .map_err(Failure::output)?;
    for (name, value, meaning) in rows {
        let value = value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
        writeln!(out, "{name:<20} {value:>6}  {meaning}").map_err(Failure::output)?;
    }
    Ok(())
}
