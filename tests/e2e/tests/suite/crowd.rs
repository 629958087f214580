//! Many clients who write at once, each in an order of their own, and whether each was answered in it.

use std::ops::Range;
use std::time::Duration;

use frontdesk_e2e::Desk;
use frontdesk_fake_telegram::Seen;

/// What a client writes, and how its answer begins: no two begin alike.
const SAYINGS: [(&str, &str); 9] = [
    ("/help", "Ask me anything about"),
    ("/services", "This is what we do"),
    ("/privacy", "We keep what you write"),
    ("/language", "Which language"),
    ("/nonsense", "I do not know this command"),
    ("thanks!", "You are welcome"),
    ("/cancel", "There is nothing to cancel"),
    ("how much is a devops audit?", "A DevOps audit usually costs"),
    ("Do you work hourly or at a fixed price?", "Both are possible."),
];

const FIRST: (&str, &str) = ("/start", "Hello, ");

/// How many messages each client writes.
pub(crate) const EACH: usize = SAYINGS.len() + 1;

/// Clients with neighbouring ids.
#[derive(Clone, Debug)]
pub(crate) struct Crowd {
    clients: Range<i64>,
}

/// Replies that came twice.
#[derive(Clone, Debug)]
pub(crate) struct Doubled {
    /// Of which chat.
    pub(crate) chat: i64,
    /// The first copy.
    pub(crate) first: Seen,
}

impl Crowd {
    pub(crate) fn new(clients: Range<i64>) -> Crowd {
        Crowd { clients }
    }

    pub(crate) fn len(&self) -> usize {
        self.clients.clone().count()
    }

    /// The `nth` message of a client, and its answer.
    fn saying(client: i64, nth: usize) -> (&'static str, &'static str) {
        let Some(place) = nth.checked_sub(1) else {
            return FIRST;
        };
        let shift = usize::try_from(client).unwrap_or_default();
        // Another beginning for each client, and backwards for every other one.
        let place = if client % 2 == 0 {
            place
        } else {
            SAYINGS.len() - 1 - place
        };
        SAYINGS[(place + shift) % SAYINGS.len()]
    }

    /// Everybody writes these messages of theirs, in turn.
    pub(crate) fn write(&self, desk: &Desk, messages: Range<usize>) {
        for nth in messages {
            for client in self.clients.clone() {
                desk.telegram.user_text(client, Crowd::saying(client, nth).0);
            }
        }
    }

    /// Waits until everybody has so many different answers, and then until all is delivered.
    pub(crate) async fn answered(&self, desk: &Desk, messages: usize, limit: Duration) {
        let all_there = desk
            .telegram
            .wait_until("every answer", limit, |telegram| {
                let behind = self
                    .clients
                    .clone()
                    .any(|client| distinct(&telegram.bot_messages(client)) < messages);
                (!behind).then_some(())
            })
            .await;
        if let Err(late) = all_there {
            let behind: Vec<(i64, usize)> = self
                .clients
                .clone()
                .map(|client| (client, distinct(&desk.telegram.bot_messages(client))))
                .filter(|(_, answers)| *answers < messages)
                .collect();
            panic!(
                "{late}; fewer than {messages}: {behind:?}; {:?}",
                desk.telegram.stats()
            );
        }
        if let Err(late) = desk.telegram.wait_delivered_all(limit).await {
            panic!("{late}: {:?}", desk.telegram.stats());
        }
    }

    /// Everybody has the answers to their first `messages` messages, in order; gives those that came
    /// twice. Nothing came three times, nothing else came.
    pub(crate) fn check(&self, desk: &Desk, messages: usize) -> Vec<Doubled> {
        let mut doubled = Vec::new();
        for client in self.clients.clone() {
            let seen = desk.telegram.bot_messages(client);
            let texts: Vec<&str> = seen.iter().map(|message| message.text.as_str()).collect();
            let mut rest = seen.iter().peekable();
            for nth in 0..messages {
                let (_, answer) = Crowd::saying(client, nth);
                let first = rest.next_if(|message| message.text.starts_with(answer));
                let Some(first) = first else {
                    panic!("chat {client}: answer {nth}, {answer:?}, is missing or late: {texts:#?}");
                };
                if rest.next_if(|message| message.text.starts_with(answer)).is_some() {
                    doubled.push(Doubled {
                        chat: client,
                        first: first.clone(),
                    });
                }
            }
            assert!(
                rest.next().is_none(),
                "chat {client}: too many answers: {texts:#?}"
            );
        }
        doubled
    }
}

/// How many different answers there are.
fn distinct(messages: &[Seen]) -> usize {
    let mut texts: Vec<&str> = messages.iter().map(|message| message.text.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    texts.len()
}
