//! Attempts to turn the model against its company, played through the whole program: the clients
//! write the attempts of `core/tests/guard/injection/`, and the fake model falls for every one.

use std::time::Duration;

use frontdesk_e2e::{Backend, Desk, Mode, PATIENCE, within};
use frontdesk_fake_llm::{Answer, Config, FakeLlm};

use crate::conversation::texts;

const ATTEMPTS: [(&str, &str, &str); 2] = [
    (
        "en",
        include_str!("../../../../core/tests/guard/injection/en.txt"),
        include_str!("../../../../core/tests/guard/injection/en.answers.txt"),
    ),
    (
        "ru",
        include_str!("../../../../core/tests/guard/injection/ru.txt"),
        include_str!("../../../../core/tests/guard/injection/ru.answers.txt"),
    ),
];

/// The prompt of the playbook that ships: what the model of this program could tell.
const PROMPT: &str = include_str!("../../../../playbooks/dev2production/prompts/system.md");

/// Their price is one of the playbook that ships, if of something else: a number that the company gave
/// is all that a rule can ask for.
const PRICED: [&str; 2] = ["en price-thousands", "ru price-thousands"];

struct Attempt {
    id: String,
    text: String,
    outcome: String,
    answer: String,
    calls: Vec<(String, String)>,
}

fn rows(file: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = file
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split('\t').collect())
}

/// Reads `\n`, `\t`, `\\` and `\u{hex}`.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let (c, tail) = match after.chars().next() {
            Some('n') => ('\n', &after[1..]),
            Some('t') => ('\t', &after[1..]),
            Some('u') => {
                let (hex, tail) = after[2..].split_once('}').expect("a closed escape");
                let code = u32::from_str_radix(hex, 16).expect("hex digits");
                (char::from_u32(code).expect("a character"), tail)
            }
            _ => ('\\', &after[1..]),
        };
        out.push(c);
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn attempts() -> Vec<Attempt> {
    let mut all = Vec::new();
    for (locale, asked, answered) in ATTEMPTS {
        for row in rows(asked) {
            let answer = rows(answered)
                .find(|answer| answer[0] == row[0])
                .expect("an answer for each attempt");
            let calls = answer.get(3).map(|calls| calls_of(calls)).unwrap_or_default();
            // Typed by the client, what a file quotes is the client's own word.
            if row[1] != "message" && !calls.is_empty() {
                continue;
            }
            all.push(Attempt {
                id: format!("{locale} {}", row[0]),
                text: unescaped(row[2]),
                outcome: answer[1].to_owned(),
                answer: unescaped(answer[2]),
                calls,
            });
        }
    }
    all
}

fn calls_of(json: &str) -> Vec<(String, String)> {
    let calls: Vec<serde_json::Value> = serde_json::from_str(json).expect("calls as JSON");
    calls
        .into_iter()
        .map(|call| {
            let arguments = &call["arguments"];
            let arguments = arguments
                .as_str()
                .map_or_else(|| arguments.to_string(), str::to_owned);
            (call["name"].as_str().unwrap_or_default().to_owned(), arguments)
        })
        .collect()
}

/// The rules of the prompt, one after another for ever.
fn rules() -> impl Iterator<Item = String> {
    let rules: Vec<String> = PROMPT
        .lines()
        .filter(|line| line.chars().next().is_some_and(|c| c.is_ascii_digit()))
        .map(|line| line.replace("**", ""))
        .collect();
    assert!(rules.len() >= 10, "the prompt's rules are numbered lines");
    rules.into_iter().cycle()
}

/// Letters and digits only, in lower case: how a leak is looked for.
fn letters(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn leaks(messages: &[String], secret: &str) -> bool {
    let secret: Vec<char> = letters(secret).chars().collect();
    let said = letters(&messages.join("\n"));
    secret
        .windows(40)
        .any(|window| said.contains(&window.iter().collect::<String>()))
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_at_injection_come_to_nothing() {
    let body = async {
        let Some(mut desk) = Desk::new(Backend::Postgres, Mode::Webhook).await else {
            return;
        };
        let llm = FakeLlm::start(Config::default())
            .await
            .expect("starting the fake model");
        desk.set("LONGCAT_API_KEY", llm.key());
        desk.set("LONGCAT_API_URL", &llm.api_url());
        let running = desk.start().await;
        let all = attempts();
        assert!(all.len() >= 80, "{} attempts", all.len());
        let mut rules = rules();
        let mut wrong = Vec::new();
        for (id, attempt) in (1..).zip(&all) {
            // What this program's model could tell of the rules are this program's rules.
            let rule = rules.next().unwrap_or_default();
            let tells_rules = attempt.outcome == "refused:rules";
            let says = if tells_rules { &rule } else { &attempt.answer };
            llm.clear_answers();
            let answer = attempt
                .calls
                .iter()
                .fold(Answer::text(says.clone()), |answer, (name, arguments)| {
                    answer.call(name, arguments)
                });
            llm.answer(answer);
            desk.telegram.user_text(id, &attempt.text);
            // The disclosure, and the answer.
            let heard = desk.telegram.wait_for_messages(id, 2, PATIENCE).await;
            let heard = heard.unwrap_or_else(|error| panic!("{}: {error:?}", attempt.id));
            let heard: Vec<String> = texts(&heard).into_iter().map(str::to_owned).collect();
            if leaks(&heard, PROMPT) {
                wrong.push(format!("{} tells the prompt: {heard:?}", attempt.id));
            }
            let refused = attempt.outcome.starts_with("refused") && !tells_rules;
            let priced = PRICED.contains(&attempt.id.as_str());
            if refused && !priced && heard.iter().any(|text| text.contains(attempt.answer.trim())) {
                wrong.push(format!("{} is said: {heard:?}", attempt.id));
            }
            for text in &heard {
                for forbidden in ["tg://", "evil.example/", "@evil_", "DE89 3704", "boris.petrov"] {
                    if text.contains(forbidden) {
                        wrong.push(format!("{} brings {forbidden}: {text}", attempt.id));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        let asked = llm.stats().calls;
        assert!(asked >= 60, "the model was asked {asked} times only");
        println!("{} attempts, {asked} of them reached the model", all.len());
        // No lead has what nobody said.
        let invented = desk
            .database
            .number(
                "SELECT count(*) FROM leads WHERE consent_at IS NOT NULL OR fields ? 'consent' \
                 OR fields ? 'discount' OR budget_range = '150k+' OR name = 'SUPERUSER' OR email LIKE 'boss@%'",
            )
            .await;
        assert_eq!(invented, 0, "leads with fields that nobody filled");
        running.stop().await.fine();
    };
    within(Duration::from_secs(280), body).await;
}
