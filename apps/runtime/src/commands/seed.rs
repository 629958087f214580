//! `frontdesk seed`: made-up clients, for demonstrations.

use clap::Args;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

use frontdesk_core::demo::{self, Cast};
use frontdesk_core::dialogue::{Decision, Rules};
use frontdesk_core::id::{ChatId, Ids, OwnerId};
use frontdesk_core::port::store::{
    Claim, CommitOutcome, InboxStore as _, LeaseStore as _, TurnCommit, TurnEnd, TurnStore as _,
};
use frontdesk_core::port::{Clock as _, IdSource as _};
use frontdesk_core::work::NewInboxItem;
use frontdesk_memory::SeededIds;
use frontdesk_store_diesel::DieselStore;

use crate::cli::Context;
use crate::clock::{OsEntropy, SystemClock};
use crate::failure::Failure;
use crate::kept::Cases;
use crate::log::Log;
use crate::progress::Progress;
use crate::{offline, store};

/// Clients decided and committed at once.
const PART: u32 = 50;

/// Messages committed at once: what a statement of Postgres has room for.
const MESSAGES: usize = 2_000;

/// How long the right to seed holds without a sign of life, and a claimed lane.
const LEASE: Duration = Duration::from_secs(20);

/// Of lanes that a run left behind when it was killed.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Who seeds, one at a time.
const NAME: &str = "seed";

const CASTS: [&str; 2] = [
    include_str!("../../demo/en.toml"),
    include_str!("../../demo/ru.toml"),
];

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many clients
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=i64::from(demo::MOST)))]
    clients: u32,
    /// Which clients: other seeds have others
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = clap::value_parser!(u32).range(..=i64::from(i32::MAX)))]
    seed: u32,
    /// Also into a database that has chats with real clients
    #[arg(long)]
    force: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn execute(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let settings = context.settings()?;
    crate::on_runtime(async {
        let logging = Log::start(&settings);
        let store = store::open(&settings, false, &logging.root).await?;
        if !arguments.force {
            refuse_real(&store).await?;
        }
        let rules = offline::load_for_demo(&settings, &logging.root)?;
        let seeding = Seeding {
            store: &store,
            casts: casts(&rules)?,
            rules,
            seed: arguments.seed,
            owner: OwnerId(Ids::new(SystemClock.now(), OsEntropy.entropy()).next_uuid()),
        };
        let added = seeding.run(arguments.clients).await?;
        told(arguments, added)
    })
}

fn told(arguments: &Arguments, added: u32) -> Result<(), Failure> {
    let Arguments {
        clients, seed, json, ..
    } = arguments;
    let there = clients - added;
    let line = if *json {
        json!({ "seed": seed, "clients": clients, "added": added, "already_there": there }).to_string()
    } else if added == 0 {
        format!("nothing to do: all {clients} demo clients of seed {seed} are there")
    } else {
        format!("{added} demo clients of seed {seed} added, {there} were there already")
    };
    writeln!(std::io::stdout(), "{line}").map_err(Failure::output)
}

/// Demo data beside real chats would be in every list and figure.
async fn refuse_real(store: &DieselStore) -> Result<(), Failure> {
    let channel = demo::channel();
    let mut cases = Cases::since(store, None);
    while let Some(case) = cases.next().await.map_err(Failure::work)? {
        if case.conversation.channel != channel {
            return Err(Failure::Usage(format!(
                "this database has chats with real clients (on {}): give another DATABASE_URL, or --force to put \
                 demo clients beside them",
                case.conversation.channel
            )));
        }
    }
    Ok(())
}

/// The casts whose locale the playbook speaks.
fn casts(rules: &Rules) -> Result<Vec<Cast>, Failure> {
    let mut spoken = Vec::new();
    let mut all = Vec::new();
    for text in CASTS {
        let cast = Cast::parse(text).map_err(Failure::work)?;
        all.push(cast.locale.clone());
        if rules.playbook().locale_for(&cast.locale).is_some() {
            spoken.push(cast);
        }
    }
    if spoken.is_empty() {
        return Err(Failure::Usage(format!(
            "demo clients speak {}, and the playbook speaks none of them",
            all.join(" and ")
        )));
    }
    Ok(spoken)
}

struct Seeding<'s> {
    store: &'s DieselStore,
    rules: Rules,
    casts: Vec<Cast>,
    seed: u32,
    owner: OwnerId,
}

impl Seeding<'_> {
    /// Adds who is missing among the first so many clients; says how many that were.
    async fn run(&self, clients: u32) -> Result<u32, Failure> {
        self.hold().await?;
        let added = self.add(clients).await;
        self.store.let_go(NAME, self.owner).await.map_err(Failure::work)?;
        added
    }

    async fn add(&self, clients: u32) -> Result<u32, Failure> {
        let mut progress = Progress::of("demo clients", Some(clients.into()));
        let mut added = 0;
        let mut first = 1;
        while first <= clients {
            self.hold().await?;
            let last = clients.min(first + PART - 1);
            added += self.part(first, last).await?;
            progress.more(u64::from(last - first + 1));
            first = last + 1;
        }
        // A run that was killed may have left items whose clients are there by now.
        while self.turns(&mut BTreeMap::new()).await? > 0 {}
        Ok(added)
    }

    /// Two that seed one database would both find the same clients missing.
    async fn hold(&self) -> Result<(), Failure> {
        let held = self.store.hold(NAME, self.owner, LEASE).await;
        if held.map_err(Failure::work)? {
            return Ok(());
        }
        Err(Failure::Work(format!(
            "another `frontdesk seed` works on this database, or was killed less than {} s ago: wait for it",
            LEASE.as_secs()
        )))
    }

    async fn part(&self, first: u32, last: u32) -> Result<u32, Failure> {
        let lanes: Vec<_> = (first..=last)
            .map(|number| demo::lane(self.seed, number))
            .collect();
        let known = self.store.load(&lanes).await.map_err(Failure::work)?;
        let missing = lanes
            .into_iter()
            .zip(known)
            .filter(|(_, snapshot)| snapshot.client.is_none());
        let mut decided = BTreeMap::new();
        let mut messages = 0;
        let mut added = 0;
        for (lane, _) in missing {
            let supply = u64::from(self.seed) << 32 | u64::try_from(lane.chat.0).unwrap_or(0);
            let decision = demo::client(&self.rules, &self.casts, lane.clone(), &SeededIds::new(supply));
            messages += decision.messages.len();
            added += 1;
            decided.insert(lane.chat, decision);
            if messages > MESSAGES {
                self.commit(std::mem::take(&mut decided)).await?;
                messages = 0;
            }
        }
        self.commit(decided).await?;
        Ok(added)
    }

    /// Commits decisions under claims of their lanes, as turns are.
    async fn commit(&self, mut decided: BTreeMap<ChatId, Decision>) -> Result<(), Failure> {
        let items: Vec<NewInboxItem> = decided
            .keys()
            .map(|chat| NewInboxItem {
                lane: frontdesk_core::work::LaneKey {
                    chat: *chat,
                    ..demo::lane(self.seed, 1)
                },
                update_id: None,
                source: demo::channel().to_string(),
                source_version: 1,
                payload: Vec::new(),
            })
            .collect();
        self.store.accept(&items).await.map_err(Failure::work)?;
        let give_up = SystemClock.now() + LEASE * 3;
        while !decided.is_empty() {
            if self.turns(&mut decided).await? == 0 {
                // A run that was killed may have left lanes claimed.
                if SystemClock.now() > give_up {
                    return Err(Failure::Work(
                        "the demo's chats cannot be claimed: try again".to_owned(),
                    ));
                }
                SystemClock.sleep_until(SystemClock.now() + LOOK_AGAIN).await;
            }
        }
        Ok(())
    }

    /// Takes the turns that are due, and says how many. One that nothing is decided for was left behind
    /// by a run that was killed: it just ends.
    async fn turns(&self, decided: &mut BTreeMap<ChatId, Decision>) -> Result<usize, Failure> {
        let claim = Claim {
            desks: vec![(demo::BOT, demo::channel())],
            owner: self.owner,
            limit: decided.len().max(1),
            lease: LEASE,
        };
        let claimed = self.store.claim_turns(&claim).await.map_err(Failure::work)?;
        let turns: Vec<TurnCommit> = claimed
            .into_iter()
            .map(|turn| TurnCommit {
                decision: decided.remove(&turn.claim.lane.chat).unwrap_or_default(),
                claim: turn.claim,
                seq: turn.item.seq,
                end: TurnEnd::Done,
            })
            .collect();
        let outcomes = self.store.commit(&turns).await.map_err(Failure::work)?;
        if outcomes
            .iter()
            .any(|outcome| *outcome != CommitOutcome::Committed)
        {
            return Err(Failure::Work(
                "the database was changed by somebody else meanwhile: run it again".to_owned(),
            ));
        }
        Ok(turns.len())
    }
}
