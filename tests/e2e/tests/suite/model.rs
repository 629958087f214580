//! The language model behind the knowledge, as programs see it: faults, waiting, stopping, budgets,
//! redaction, and attempts to misuse it.

use std::time::{Duration, Instant};

use frontdesk_e2e::{Backend, Desk, Mode, PATIENCE, Running, within};
use frontdesk_fake_llm::{Answer, Condition, Config, Effect, FakeLlm, Fault, Hold, Told};

use crate::conversation::{Client, assert_says, texts};

/// What no entry of the playbook answers, and what none comes close to.
pub(crate) const FAR: &str = "which moons of jupiter taste best with purple penguins";
/// Another such text.
const FARTHER: &str = "and would my grandmother dance with a purple giraffe";
/// What every answer that the tests script says; no check of an answer minds it.
const CALM: &str = "Callisto would be my choice.";
/// What a client is told when the model does not answer.
const OUTAGE: &str = "does not respond";

/// A desk with a model, and the model.
pub(crate) struct Thinking {
    pub(crate) desk: Desk,
    pub(crate) llm: FakeLlm,
}

impl Thinking {
    pub(crate) async fn new(backend: Backend) -> Option<Thinking> {
        let mut desk = Desk::new(backend, Mode::Webhook).await?;
        let llm = FakeLlm::start(Config::default())
            .await
            .expect("starting the fake model");
        desk.set("LONGCAT_API_KEY", llm.key());
        desk.set("LONGCAT_API_URL", &llm.api_url());
        desk.set("LONGCAT_FALLBACK_MODEL", "off");
        desk.set("LLM_DEADLINE", "6s");
        Some(Thinking { desk, llm })
    }

    async fn calls(&self, count: u64) {
        let arrived = self.llm.wait_for(Condition::Calls { count }, PATIENCE).await;
        arrived.expect("the model is asked");
    }
}

/// Greets, so that what follows is one message a question.
pub(crate) async fn greeted(desk: &Desk, id: i64) -> Client<'_> {
    let mut client = Client::new(desk, id);
    assert_says(&client.says("/start").await, "dev2production");
    client
}

async fn stop(running: Running) {
    running.stop().await.fine();
}

/// Every fault of a model: what is told, and how many calls it costs at most.
fn faults() -> Vec<(&'static str, Effect, u64)> {
    // Three attempts where another may help, one where none will.
    vec![
        (
            "429 in a header",
            Effect::TooManyRequests {
                retry_after: 1,
                told: Told::Header,
            },
            3,
        ),
        (
            "429 in the body",
            Effect::TooManyRequests {
                retry_after: 1,
                told: Told::Body,
            },
            3,
        ),
        (
            "429 for long",
            Effect::TooManyRequests {
                retry_after: 86_400,
                told: Told::Header,
            },
            1,
        ),
        ("401", Effect::Unauthorised, 1),
        ("402", Effect::PaymentRequired, 1),
        ("403 quota", Effect::InsufficientQuota, 1),
        ("403", Effect::Forbidden, 1),
        ("456", Effect::Firewall, 1),
        ("400 too long", Effect::TooLong, 1),
        ("500", Effect::InternalError, 3),
        ("502", Effect::BadGateway, 3),
        ("503", Effect::Unavailable, 3),
        ("hang", Effect::Hang, 3),
        ("drop", Effect::DropBefore, 3),
        ("stall", Effect::Stall { after: 1 }, 3),
        ("cut", Effect::Cut { after: 1 }, 3),
        ("truncated", Effect::Truncate { after: 1 }, 3),
        ("no [DONE]", Effect::NoDone, 3),
        ("bad JSON", Effect::BadJson { after: 1 }, 3),
        ("error inside", Effect::ErrorInside { after: 1, code: 500 }, 3),
        ("empty", Effect::Empty, 3),
        ("reasoning only", Effect::ReasoningOnly, 3),
        ("think markup, open", Effect::ThinkMarkup { closed: false }, 3),
        (
            "length",
            Effect::Finish {
                reason: "length".to_owned(),
            },
            3,
        ),
        (
            "content filter",
            Effect::Finish {
                reason: "content_filter".to_owned(),
            },
            3,
        ),
        (
            "unknown end",
            Effect::Finish {
                reason: "whatever".to_owned(),
            },
            3,
        ),
    ]
}

/// Each fault by itself, in a process of its own so that nothing rests from the one before: an honest
/// answer within the deadline, knowledge and people at once meanwhile, few calls.
async fn every_fault_is_told(faults: Vec<(&'static str, Effect, u64)>) {
    let Some(mut thinking) = Thinking::new(Backend::Sqlite).await else {
        return;
    };
    for (id, (name, effect, most)) in (1_001_i64..).zip(faults) {
        let running = thinking.desk.start().await;
        thinking.llm.reset();
        // With a proposal, for the fault that is in its name.
        thinking.llm.answer(Answer::text(CALM).call("note_lead", "{}"));
        thinking.llm.fault(Fault::new(effect));
        let mut client = greeted(&thinking.desk, id).await;
        let asked = Instant::now();
        for text in [FAR, "How much is a DevOps audit?"] {
            thinking.desk.telegram.user_text(id, text);
        }
        // What needs no model waits for none.
        let mut heard = Vec::new();
        while heard.len() < 2 {
            heard.push((client.next(name).await.text, asked.elapsed()));
        }
        let told = heard.iter().find(|(text, _)| text.contains(OUTAGE));
        let known = heard.iter().find(|(text, _)| text.contains("audit"));
        let (Some((_, told)), Some((_, known))) = (told, known) else {
            panic!("{name}: {heard:?}");
        };
        assert!(*told < Duration::from_secs(7), "{name}: told after {told:?}");
        assert!(*known < Duration::from_secs(3), "{name}: known after {known:?}");
        let calls = thinking.llm.stats().calls;
        assert!((1..=most).contains(&calls), "{name}: {calls} calls");
        assert_says(&client.says("/human").await, "colleague");
        stop(running).await;
    }
}

/// The faults of one of three tests, so that they run beside each other.
fn third(which: usize) -> Vec<(&'static str, Effect, u64)> {
    faults().into_iter().skip(which).step_by(3).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_told_first_third() {
    within(Duration::from_mins(4), every_fault_is_told(third(0))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_told_second_third() {
    within(Duration::from_mins(4), every_fault_is_told(third(1))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_told_last_third() {
    within(Duration::from_mins(4), every_fault_is_told(third(2))).await;
}

/// Thoughts that leak in whole are cut out, and the answer is given.
#[tokio::test(flavor = "multi_thread")]
async fn thoughts_that_leak_in_whole_harm_no_answer() {
    let body = async {
        let Some(mut thinking) = Thinking::new(Backend::Sqlite).await else {
            return;
        };
        let running = thinking.desk.start().await;
        thinking.llm.answer(Answer::text(CALM));
        thinking
            .llm
            .fault(Fault::new(Effect::ThinkMarkup { closed: true }));
        let mut client = greeted(&thinking.desk, 1).await;
        assert_eq!(client.says(FAR).await.text, CALM);
        stop(running).await;
    };
    within(Duration::from_mins(1), body).await;
}

/// A model that fails again and again is left alone, and asked again by itself once it works.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_failed_is_asked_again_by_itself() {
    let body = async {
        let Some(mut thinking) = Thinking::new(Backend::Sqlite).await else {
            return;
        };
        let running = thinking.desk.start().await;
        thinking.llm.answer(Answer::text(CALM));
        let fault = thinking.llm.fault(Fault::new(Effect::Unavailable));
        for id in 1..=6 {
            let mut client = greeted(&thinking.desk, id).await;
            assert_says(&client.says(FAR).await, OUTAGE);
        }
        let stormed = thinking.llm.stats().calls;
        assert!(stormed <= 8, "a storm of {stormed} calls");
        thinking.llm.clear_fault(fault);
        // The breaker lets one through after its rest.
        let recovered = Instant::now();
        for id in 100.. {
            let mut client = greeted(&thinking.desk, id).await;
            let said = client.says(FAR).await;
            if said.text == CALM {
                break;
            }
            assert!(
                recovered.elapsed() < Duration::from_mins(1),
                "it never recovers: {said:?}"
            );
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        stop(running).await;
    };
    within(Duration::from_mins(2), body).await;
}

/// 64 chats wait for slow answers; a 65th gets its menu at once.
#[tokio::test(flavor = "multi_thread")]
async fn slow_answers_keep_nobody_else_waiting() {
    let body = async {
        let Some(mut thinking) = Thinking::new(Backend::Postgres).await else {
            return;
        };
        thinking.desk.set("LLM_DEADLINE", "60s");
        let running = thinking.desk.start().await;
        thinking
            .llm
            .answer(Answer::text(CALM).hold(Hold::BeforeFirstByte));
        for id in 1..=64 {
            greeted(&thinking.desk, id).await;
        }
        for id in 1..=64 {
            thinking.desk.telegram.user_text(id, FAR);
        }
        thinking.calls(4).await;
        let mut last = greeted(&thinking.desk, 65).await;
        let mut took = Vec::new();
        for _ in 0..9 {
            let asked = Instant::now();
            assert_says(&last.says("/help").await, "/quote");
            took.push(asked.elapsed());
        }
        took.sort_unstable();
        let median = took[took.len() / 2];
        println!(
            "a menu beside 64 waiting chats: median {median:?}, worst {:?}",
            took[took.len() - 1]
        );
        assert!(median < Duration::from_millis(100), "{took:?}");
        assert_eq!(thinking.llm.stats().in_flight_at_most, 4, "LLM_CONCURRENCY");
        // All of them are answered in the end.
        let releasing = async {
            loop {
                thinking.llm.release_all();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let all_answered = async {
            for id in 1..=64 {
                let messages = thinking.desk.telegram.wait_for_messages(id, 2, PATIENCE).await;
                assert_eq!(texts(&messages.expect("an answer"))[1], CALM);
            }
        };
        tokio::select! {
            () = releasing => {}
            () = all_answered => {}
        }
        stop(running).await;
    };
    within(Duration::from_mins(3), body).await;
}

/// A second text during an answer gives one answer to both; `/stop` and the button end it; a person
/// who takes the chat turns the late answer into a note.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_under_way_is_superseded_and_stopped() {
    let body = async {
        let Some(mut thinking) = Thinking::new(Backend::Sqlite).await else {
            return;
        };
        thinking.desk.set("LLM_DEADLINE", "45s");
        let running = thinking.desk.start().await;
        let slow = Answer::text("First thoughts about moons.")
            .hold(Hold::AfterPieces(2))
            .times(1);
        thinking.llm.answer(slow);
        thinking.llm.answer(Answer::text(CALM));
        let mut client = greeted(&thinking.desk, 7).await;
        thinking.desk.telegram.user_text(7, FAR);
        thinking.calls(1).await;
        assert_eq!(client.says(FARTHER).await.text, CALM);
        let gone = thinking
            .llm
            .wait_for(Condition::Gone { count: 1 }, PATIENCE)
            .await;
        gone.expect("the first call is hung up");
        let last = thinking.llm.calls()[1].body.to_string();
        assert!(last.contains("penguins") && last.contains("giraffe"), "{last}");
        client.has_read_all();

        // /stop
        thinking.llm.clear_answers();
        thinking.llm.answer(Answer::text(CALM).hold(Hold::AfterPieces(3)));
        thinking.desk.telegram.user_text(7, FAR);
        thinking.calls(3).await;
        assert_says(&client.says("/stop").await, "stopped");
        let gone = thinking
            .llm
            .wait_for(Condition::Gone { count: 2 }, PATIENCE)
            .await;
        gone.expect("the call is hung up");

        // The button of the draft.
        thinking.desk.telegram.user_text(7, FAR);
        thinking.calls(4).await;
        let drafted = Instant::now();
        while thinking.desk.telegram.shown_draft(7).is_none() {
            assert!(drafted.elapsed() < PATIENCE, "no draft is shown");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(
            thinking.desk.telegram.stop_draft(7).is_ok(),
            "the draft has a button"
        );
        assert_says(&client.next("the button").await, "stopped");
        let gone = thinking
            .llm
            .wait_for(Condition::Gone { count: 3 }, PATIENCE)
            .await;
        gone.expect("the call is hung up");
        client.has_read_all();
        stop(running).await;
    };
    within(Duration::from_mins(2), body).await;
}

/// What must not reach the model never does, and stands in the client's answer where it belongs.
#[tokio::test(flavor = "multi_thread")]
async fn the_model_sees_no_personal_data() {
    const DATA: [&str; 6] = [
        "ann.lee@example.com",
        "+49 30 901820",
        "4111 1111 1111 1111",
        "DE89 3704 0044 0532 0130 00",
        "sk-abcdefghijklmnopqrstuvwxyz123456",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    ];
    let body = async {
        let Some(mut thinking) = Thinking::new(Backend::Sqlite).await else {
            return;
        };
        let running = thinking.desk.start().await;
        thinking.llm.answer(Answer::text(
            "I noted <EMAIL_1> and <PHONE_1>. Anything else about penguins?",
        ));
        let mut client = greeted(&thinking.desk, 7).await;
        let asked = format!("{FAR}: {}", DATA.join(" , "));
        let said = client.says(&asked).await;
        assert!(
            said.text.contains(DATA[0]) && said.text.contains(DATA[1]),
            "{said:?}"
        );
        client.says(FARTHER).await;
        for call in thinking.llm.calls() {
            let body = call.body.to_string();
            for data in DATA {
                assert!(!body.contains(data), "{data} reached the model: {body}");
                let bare: String = data.chars().filter(|c| !c.is_whitespace()).collect();
                assert!(!body.contains(&bare), "{data} reached the model: {body}");
            }
            assert!(body.contains("<EMAIL_1>"), "{body}");
        }
        stop(running).await;
    };
    within(Duration::from_secs(90), body).await;
}

/// A client's and the bot's tokens of a day are hard limits, and the ledger is the model's own count.
#[tokio::test(flavor = "multi_thread")]
async fn budgets_are_hard_and_the_ledger_is_exact() {
    let body = async {
        let Some(mut thinking) = Thinking::new(Backend::Postgres).await else {
            return;
        };
        thinking.desk.set("LLM_TOKENS_PER_CLIENT_DAY", "9000");
        thinking.desk.set("LLM_TOKENS_PER_DAY", "16000");
        let running = thinking.desk.start().await;
        thinking.llm.answer(Answer::text(CALM));
        let mut refused = 0;
        for id in 1..=3 {
            let mut client = greeted(&thinking.desk, id).await;
            for _ in 0..6 {
                let said = client.says(FAR).await;
                refused += u32::from(said.text.contains(OUTAGE));
                if said.text != CALM {
                    break;
                }
            }
        }
        assert!(refused >= 2, "limits were met {refused} times");
        let tokens = thinking.llm.stats().tokens;
        let told: u64 = tokens
            .values()
            .map(|tokens| tokens.prompt + tokens.completion)
            .sum();
        assert!(told > 0 && told <= 16_000, "{told}");
        let used = thinking
            .desk
            .database
            .number("SELECT CAST(SUM(used) AS bigint) FROM token_budgets WHERE client_id = '00000000-0000-0000-0000-000000000000'")
            .await;
        assert_eq!(
            u64::try_from(used).ok(),
            Some(told),
            "the ledger and the model's count"
        );
        stop(running).await;
    };
    within(Duration::from_secs(90), body).await;
}
