//! What the loader says to a playbook that is wrong: file, line and what is expected.

mod shipped;

use frontdesk_core::playbook::{Playbook, Severity};
use shipped::shipped_files;

/// The shipped playbook with one text of one file replaced, and what the loader says to it.
fn said(file: &str, from: &str, to: &str) -> Vec<String> {
    let mut files = shipped_files();
    let text = files.get_mut(file).unwrap_or_else(|| panic!("no file {file}"));
    assert!(text.contains(from), "{file} has no `{from}`");
    *text = text.replacen(from, to, 1);
    let problems = match Playbook::parse(&files) {
        Ok(playbook) => playbook.warnings,
        Err(problems) => problems,
    };
    problems.0.iter().map(ToString::to_string).collect()
}

#[test]
fn the_shipped_playbook_has_no_problem() {
    let playbook = Playbook::parse(&shipped_files()).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(playbook.warnings.0, []);
    assert_eq!(playbook.entries.len(), 44);
    assert_eq!(playbook.version.len(), 16);
}

#[test]
fn every_problem_names_its_line_and_what_is_expected() {
    let main = "playbook.toml";
    for (file, from, to, expected) in [
        (main, "kind = \"choice\"", "kind = \"chioce\"", "playbook.toml:"),
        (main, "[brand]", "[brand", "playbook.toml:3"),
        (main, "site = ", "sight = ", "unknown field `sight`"),
        (
            main,
            "default = \"en\"",
            "default = \"fr\"",
            "expected one of `supported`",
        ),
        (main, "\"ru\"]", "\"r!\"]", "is no locale"),
        (main, "Europe/Berlin", "Europe/Moscov", "expected an IANA name"),
        (
            main,
            "09:00-18:00",
            "9-18",
            "expected for example \"09:00-18:00\"",
        ),
        (
            main,
            "2026-12-25",
            "25.12.2026",
            "expected for example \"2026-12-25\"",
        ),
        (
            main,
            "accept = \"auto\"",
            "accept = 3",
            "expected \"auto\" or a number from 0 to 1",
        ),
        (
            main,
            "# reminder_after = \"24h\"",
            "reminder_after = \"a day\"",
            "form.reminder_after `a day`: expected a time",
        ),
        (
            main,
            "# [follow_up]\n# after = \"48h\"",
            "[follow_up]\nafter = \"0h\"",
            "follow_up.after `0h`: expected a time",
        ),
        (
            main,
            "phone_regions = { ru = \"RU\" }",
            "phone_regions = { fr = \"FR\" }",
            "phone_regions of `fr`: expected a supported locale",
        ),
        (
            main,
            "currency = \"EUR\"",
            "currency = \"EURO\"",
            "currency `EURO` of `budget_range`: expected one of EUR",
        ),
        (
            main,
            "currency = \"EUR\"",
            "",
            "currency `` of `budget_range`: expected one of EUR",
        ),
        (
            main,
            "unit = \"days\"",
            "unit = \"days\"\ncurrency = \"EUR\"",
            "expected no currency of days",
        ),
        (
            main,
            "\"150k+\" = {",
            "\"200k+\" = {",
            "amount of `200k+`: expected a choice of `budget_range`",
        ),
        (
            main,
            "from = 10_000, below = 50_000",
            "from = 50_000, below = 10_000",
            "expected `from` smaller than `below`",
        ),
        (
            main,
            "from = 10_000, below = 50_000",
            "from = 9_000, below = 50_000",
            "amounts of `<10k` and `10k-50k` overlap",
        ),
        (
            "locales/ru.ftl",
            "field-budget_range-currency",
            "field-budget_range-money",
            "text `field-budget_range-currency` is missing",
        ),
        (main, "warm = 40", "warm = 400", "expected warm ≤ hot"),
        (
            main,
            "\"50k-150k\", \"150k+\"] }",
            "\"a lot\"] }",
            "is no choice of `budget_range`",
        ),
        (
            main,
            "present = \"company\"",
            "present = \"firm\"",
            "`firm` is no field of the form",
        ),
        (
            main,
            "{ present = \"contact\" }",
            "{ has = \"contact\" }",
            "expected { field = ",
        ),
        (main, "id = \"reachable\"", "id = \"urgent\"", "each once"),
        (
            main,
            "phone_region = \"DE\"",
            "phone_region = \"XX\"",
            "expected an ISO 3166 code",
        ),
        (main, "name = \"company\"", "name = \"name\"", "is there twice"),
        (
            "knowledge/pricing.toml",
            "slug = \"pricing-model\"",
            "slug = \"Pricing Model\"",
            "expected 1 to 48",
        ),
        (
            "knowledge/pricing.toml",
            "slug = \"pricing-model\"",
            "slug = \"references\"",
            "is used twice",
        ),
        (
            "knowledge/pricing.toml",
            "\"quote\"",
            "\"buy\"",
            "expected one of services, quote, ask, human",
        ),
        (
            "knowledge/support.toml",
            "route = \"urgent\"",
            "route = \"somewhere\"",
            "route `somewhere`: expected \"urgent\"",
        ),
        (
            "locales/ru.ftl",
            "thanks = ",
            "danke = ",
            "text `thanks` is missing",
        ),
        ("locales/en.ftl", "thanks = ", "thanks ", "not Fluent"),
    ] {
        let all = said(file, from, to);
        assert!(all.iter().any(|line| line.contains(expected)), "{to}: {all:#?}");
        assert!(
            all.iter()
                .all(|line| line.contains(": error: ") || line.contains(": warning: ")),
            "{all:#?}"
        );
    }
}

#[test]
fn what_only_the_default_language_has_is_a_warning_and_is_said_to_everybody() {
    let mut files = shipped_files();
    let text = files
        .get_mut("knowledge/company.toml")
        .unwrap_or_else(|| panic!("no company.toml"));
    let start = text.find("[entry.questions]").unwrap_or_default();
    let russian = text[start..].find("\nru = [").map_or(0, |at| at + start);
    let end = text[russian..]
        .find("\n[entry.answer]")
        .map_or(0, |at| at + russian);
    text.replace_range(russian..end, "\n");
    let playbook = Playbook::parse(&files).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(
        playbook
            .warnings
            .0
            .iter()
            .all(|problem| problem.severity == Severity::Warning)
    );
    assert!(
        playbook
            .warnings
            .0
            .iter()
            .any(|problem| problem.message.contains("has no questions in ru"))
    );
}

#[test]
fn all_problems_are_told_at_once_and_a_missing_file_is_named() {
    let mut files = shipped_files();
    files.remove("locales/ru.ftl");
    files.remove("knowledge/none.ru.txt");
    files.insert("knowledge/extra.toml".into(), "[[entry]]\nslug = 1\n".into());
    let problems = Playbook::parse(&files).unwrap_err().to_string();
    for part in [
        "locales/ru.ftl: error",
        "knowledge/none.ru.txt: warning",
        "knowledge/extra.toml:2: error",
    ] {
        assert!(problems.contains(part), "{part} in {problems}");
    }
    assert!(Playbook::parse(&frontdesk_core::playbook::PlaybookFiles::new()).is_err());
}

#[test]
fn a_rubric_alone_is_checked_against_the_form_and_told_with_its_line() {
    let files = shipped_files();
    let playbook = Playbook::parse(&files).unwrap_or_else(|problems| panic!("{problems}"));
    let whole = playbook.rubric_from("x.toml", &files["playbook.toml"]);
    assert_eq!(whole.as_ref(), Ok(&playbook.rubric));
    let alone = "[rubric]\nversion = \"2\"\nhot = 5\nwarm = 1\n\
                 [[rubric.rule]]\nid = \"a\"\nwhen = { present = \"company\" }\npoints = 5\n";
    let read = playbook.rubric_from("x.toml", alone);
    assert_eq!(
        read.map(|rubric| (rubric.version, rubric.hot, rubric.rules.len())),
        Ok(("2".into(), 5, 1))
    );
    for (from, to, expected) in [
        (
            "\"company\"",
            "\"shoes\"",
            "x.toml:5: error: rule `a`: `shoes` is no field",
        ),
        ("hot = 5", "hot = 0", "x.toml:4: error: `warm` is above `hot`"),
        ("hot = 5", "hot = ", "x.toml:3: error: "),
        ("[rubric]", "[rubrik]", "x.toml"),
    ] {
        let problems = playbook.rubric_from("x.toml", &alone.replacen(from, to, 1));
        let said = problems.map_or_else(|problems| problems.to_string(), |_| "nothing".to_owned());
        assert!(said.contains(expected), "{to}: {said}");
    }
    // A whole playbook of another form is checked against its own.
    let other = format!(
        "{alone}[locales]\ndefault = \"en\"\nsupported = [\"en\"]\n[form]\nconsent_version = \"1\"\n\
         [[form.field]]\nname = \"shoes\"\nkind = \"text\"\n"
    );
    let other = other.replacen("\"company\"", "\"shoes\"", 1);
    assert!(playbook.rubric_from("x.toml", &other).is_ok());
}
