//! The course of one seed: a storm, perhaps a night, the calm, and the end.

use frontdesk_core::id::ChatId;
use frontdesk_core::port::store::UpkeepStore as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::line::Port;
use crate::people::{agent, client, kill};
use crate::process::{Parts, supervise};
use crate::record::expect_nothing_left;
use crate::world::World;

/// After so much calm nothing may wait any more.
const PATIENCE: Duration = Duration::from_hours(2);
/// Longer than a client's day, shorter than what an update is remembered for.
const NIGHT: Duration = Duration::from_hours(25);
/// Until a timer that is no part of the work at hand.
const SOON: Duration = Duration::from_mins(2);

/// Directs a world from its beginning to its end.
pub(crate) async fn direct(world: Arc<World>) {
    start_processes(&world);
    let (clients, steps) = (i64::from(world.plan.clients), world.plan.steps);
    for chat in 1..=clients {
        let began = world.people.between(Duration::ZERO, world.plan.storm);
        world.clients.fetch_add(1, Ordering::Relaxed);
        let steps = 1 + world.people.below(steps);
        let come = Arc::clone(&world);
        world.spawn(async move {
            come.sleep(began).await;
            client(come, ChatId(chat), steps).await;
        });
    }
    start_agents(&world);
    for _ in 0..world.plan.killers {
        let chat = i64::try_from(world.people.below(u64::from(world.plan.clients))).unwrap_or(0) + 1;
        let came = world.people.between(Duration::ZERO, world.plan.storm);
        let reader = Arc::clone(&world);
        world.spawn(async move {
            reader.sleep(came).await;
            kill(&reader, ChatId(chat));
        });
    }
    let outages = Arc::clone(&world);
    world.spawn(async move { go_down(outages).await });
    world.until_all_left().await;
    if world.plan.night {
        night(&world).await;
    }
    world.calm_down();
    if until_quiet(&world).await {
        world.end();
        world.until_all_ended().await;
        expect_nothing_left(&world);
    }
    world.close();
}

fn start_processes(world: &Arc<World>) {
    let plan = &world.plan;
    let (both, door, work) = (
        Parts {
            door: true,
            work: true,
        },
        Parts {
            door: true,
            work: false,
        },
        Parts {
            door: false,
            work: true,
        },
    );
    let kinds = [
        ("desk", plan.whole, both),
        ("door", plan.doors, door),
        ("work", plan.workers, work),
    ];
    let mut slot = 0;
    for (name, count, parts) in kinds {
        for number in 1..=count {
            let (supervised, at) = (Arc::clone(world), slot);
            let name = format!("{name}{number}");
            world.running.fetch_add(1, Ordering::Relaxed);
            world.spawn(async move {
                supervise(Arc::clone(&supervised), at, &name, parts).await;
                supervised.done(&supervised.running);
            });
            slot += 1;
        }
    }
}

fn start_agents(world: &Arc<World>) {
    for _ in 0..=world.plan.clients / 40 {
        world.agents.fetch_add(1, Ordering::Relaxed);
        let works = Arc::clone(world);
        world.spawn(agent(works));
    }
}

/// Ports go away for a while.
async fn go_down(world: Arc<World>) {
    for _ in 0..world.plan.outages {
        let fate = &world.fate;
        world.sleep(fate.between(Duration::ZERO, world.plan.storm)).await;
        let ports = [Port::Store, Port::Cache, Port::Messenger, Port::Language];
        let Some(port) = fate.pick(&ports).copied() else {
            return;
        };
        if world.is_calm() {
            return;
        }
        world.record().count("outages");
        world.set_down(port, true);
        world
            .sleep(fate.between(Duration::from_secs(5), Duration::from_secs(90)))
            .await;
        world.set_down(port, false);
    }
}

/// Nothing runs for more than a day. Then old updates come again, and a few clients too.
async fn night(world: &Arc<World>) {
    world.set_night(true);
    world.sleep(NIGHT).await;
    world.set_night(false);
    world.deliver_again();
    for chat in 1..=i64::from(world.plan.clients / 8) {
        world.clients.fetch_add(1, Ordering::Relaxed);
        let come = Arc::clone(world);
        world.spawn(client(come, ChatId(chat), 2));
    }
    start_agents(world);
    world.until_all_left().await;
}

/// Waits until nothing waits any more; false if something does for too long.
async fn until_quiet(world: &Arc<World>) -> bool {
    let until = world.now() + PATIENCE;
    while world.now() < until {
        world.sleep(Duration::from_secs(1)).await;
        let Ok(depth) = world.store.depth().await else {
            continue;
        };
        let waiting = depth.turns.waiting + depth.replies.waiting + depth.jobs.waiting;
        let due = world.store.next_due();
        let nothing_due = due.is_none_or(|due| due > world.now() + SOON);
        if waiting == 0 && nothing_due && world.telegram.is_quiet() {
            return true;
        }
    }
    let depth = world.store.depth().await;
    let chat = world.record().chat_left();
    world.broken(chat, format!("something waits for ever: {depth:?}"));
    false
}
