//! The messenger's far side: it keeps updates until they are thanked for, brings those of one chat one
//! after another and taps beside them, brings some again, and shows buttons.

use async_trait::async_trait;
use frontdesk_core::desk::{Door, Received, Wake};
use frontdesk_core::dialogue::{Event, Update, UpdateKind};
use frontdesk_core::id::{ChatId, UpdateId};
use frontdesk_core::port::messenger::{Action, Keyboard, OutboundCall};
use frontdesk_core::port::{MessengerError, UpdateDecoder as _, UpdateSource};
use futures_channel::oneshot;
use futures_util::future::{Either, select};
use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::executor::lock;
use crate::line::{Call, Cut, Line, Port};
use crate::record::UpdateSeen;
use crate::wire::{self, SimulatedDecoder};
use crate::world::{BOT, World, channel, lane};

/// Which updates wait for each other: the messages of a chat, or its taps.
type Queue = (ChatId, bool);

/// The bytes of an update with its id.
type Post = (UpdateId, Vec<u8>);

/// What the messenger knows.
#[derive(Debug, Default)]
pub(crate) struct Telegram {
    last_update: AtomicI64,
    last_message: AtomicI64,
    /// How many updates are brought once more.
    again: AtomicI64,
    queues: Mutex<BTreeMap<Queue, VecDeque<Post>>>,
    /// What waits to be asked for, in order.
    asked_for: Mutex<VecDeque<Post>>,
    news: Wake,
    /// Some of what was delivered, to be delivered again.
    kept: Mutex<Vec<Post>>,
    /// The buttons that a chat was shown.
    buttons: Mutex<BTreeMap<ChatId, Vec<String>>>,
}

impl Telegram {
    pub(crate) fn next_message(&self) -> i64 {
        self.last_message.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A message stands in a chat.
    pub(crate) fn shown(&self, call: &OutboundCall) {
        if let Action::Send {
            keyboard: Some(Keyboard::Inline(rows)),
            ..
        } = &call.action
        {
            let mut buttons = lock(&self.buttons);
            let seen = buttons.entry(call.chat).or_default();
            seen.extend(rows.iter().flatten().map(|button| button.data.clone()));
        }
    }

    /// Buttons that a chat has seen, oldest first.
    pub(crate) fn buttons(&self, chat: ChatId) -> Vec<String> {
        lock(&self.buttons).get(&chat).cloned().unwrap_or_default()
    }

    /// Whether everything was thanked for, and nothing is on its way again.
    pub(crate) fn is_quiet(&self) -> bool {
        let again = self.again.load(Ordering::Relaxed) > 0;
        lock(&self.queues).is_empty() && lock(&self.asked_for).is_empty() && !again
    }
}

impl World {
    /// A person did something: the messenger keeps it until it is thanked for. The id of the update
    /// and of the message are one.
    pub(crate) fn post(self: &Arc<Self>, mut update: Update, text_start: &str) -> UpdateId {
        let telegram = &self.telegram;
        let id = UpdateId(telegram.last_update.fetch_add(1, Ordering::Relaxed) + 1);
        let said = match &mut update.what {
            UpdateKind::Tap { tap_id, .. } => {
                *tap_id = format!("tap-{id}");
                true
            }
            UpdateKind::Text { .. }
            | UpdateKind::Media(_)
            | UpdateKind::Contact { .. }
            | UpdateKind::Location { .. } => true,
            UpdateKind::Edited { .. }
            | UpdateKind::Reachable { .. }
            | UpdateKind::Stopped { .. }
            | UpdateKind::Ignored { .. } => false,
        };
        if said {
            update.channel_message_id = Some(frontdesk_core::id::ChannelMessageId(id.0));
        }
        let unreadable = text_start == wire::UNREADABLE;
        let seen = UpdateSeen {
            chat: Some(update.chat),
            said: said && !unreadable,
            ..UpdateSeen::default()
        };
        self.record().updates.insert(id, seen);
        let post = (id, wire::body(id, &update, text_start));
        let kind = update.what.kind();
        self.tell(
            "client",
            || format!("update {id}"),
            || format!("{kind} {text_start}"),
            &[update.chat],
        );
        if self.plan.polling {
            lock(&telegram.asked_for).push_back(post);
            telegram.news.notify();
            return id;
        }
        let queue = (update.chat, matches!(update.what, UpdateKind::Tap { .. }));
        let mut queues = lock(&telegram.queues);
        let is_new = !queues.contains_key(&queue);
        queues.entry(queue).or_default().push_back(post);
        if is_new {
            let world = Arc::clone(self);
            self.spawn(async move { world.carry(queue).await });
        }
        id
    }

    /// Brings what waits in a queue to the desk, one after another.
    async fn carry(self: Arc<Self>, queue: Queue) {
        loop {
            let next = {
                let mut queues = lock(&self.telegram.queues);
                let next = queues.get(&queue).and_then(|waiting| waiting.front().cloned());
                if next.is_none() {
                    queues.remove(&queue);
                }
                next
            };
            let Some(post) = next else { return };
            self.deliver_until_thanked(&post).await;
            if let Some(waiting) = lock(&self.telegram.queues).get_mut(&queue) {
                waiting.pop_front();
            }
            if self.people.one_in(8) {
                lock(&self.telegram.kept).push(post.clone());
            }
            if self.people.one_in(12) {
                // The thanks were lost on the way.
                let wait = self.people.between(Duration::ZERO, Duration::from_mins(1));
                self.once_more(post, wait);
            }
        }
    }

    /// Some of what was thanked for long ago comes once more.
    pub(crate) fn deliver_again(self: &Arc<Self>) {
        for post in std::mem::take(&mut *lock(&self.telegram.kept)) {
            self.record().count("updates that came a day later");
            self.once_more(post, Duration::ZERO);
        }
    }

    fn once_more(self: &Arc<Self>, post: Post, wait: Duration) {
        self.telegram.again.fetch_add(1, Ordering::Relaxed);
        let world = Arc::clone(self);
        self.spawn(async move {
            world.sleep(wait).await;
            world.deliver_until_thanked(&post).await;
            world.telegram.again.fetch_sub(1, Ordering::Relaxed);
        });
    }

    async fn deliver_until_thanked(self: &Arc<Self>, post: &Post) {
        let mut wait = Duration::from_millis(500);
        loop {
            if let Some(received) = self.deliver(post).await {
                let mut record = self.record();
                let update = record.updates.entry(post.0).or_default();
                update.thanked = true;
                if let Received::Limited { .. } = received {
                    update.limited = true;
                    record.count("updates over a limit");
                }
                drop(record);
                let chat = SimulatedDecoder
                    .peek(&post.1)
                    .map_or(ChatId(0), |peeked| peeked.chat);
                let (what, outcome) = (
                    || format!("update {}", post.0),
                    || format!("thanked: {received:?}"),
                );
                self.tell("tg", what, outcome, &[chat]);
                return;
            }
            self.sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(30));
        }
    }

    /// Brings an update to one of the doors; `None` unless it was thanked for.
    async fn deliver(self: &Arc<Self>, (_, body): &Post) -> Option<Received> {
        let body = body.clone();
        let answer = self.at_a_door(move |door| async move {
            door.receive(&SimulatedDecoder, BOT, channel(), body).await.ok()
        })?;
        // A connection that hangs is given up, and whatever becomes of it comes again.
        let patience = pin!(self.sleep(Duration::from_secs(45)));
        match select(answer, patience).await {
            Either::Left((Ok(received), _)) => received,
            Either::Left((Err(_), _)) | Either::Right(_) => None,
        }
    }

    /// Has something done at a door of a process that runs; it dies with the process.
    fn at_a_door<T, F>(&self, task: impl FnOnce(Door) -> F) -> Option<oneshot::Receiver<T>>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let processes = self.processes();
        let doors: Vec<_> = processes.iter().filter(|process| process.takes_in()).collect();
        let process = self.people.pick(&doors)?;
        let door = process.door()?;
        let (tell, answer) = oneshot::channel();
        let done = task(door);
        self.orders.start(process.who.group, async move {
            // Whoever asked may have given up.
            let _gone = tell.send(done.await);
        });
        Some(answer)
    }

    /// Reports something in a chat's lane, as an agent does; whether it was kept.
    pub(crate) async fn report(self: &Arc<Self>, chat: ChatId, event: Event) -> bool {
        let Some(answer) =
            self.at_a_door(move |door| async move { door.report(lane(chat), &event).await.is_ok() })
        else {
            return false;
        };
        answer.await.unwrap_or(false)
    }
}

/// The messenger as it is asked for updates.
#[derive(Debug)]
pub(crate) struct SimulatedSource {
    line: Line,
}

impl SimulatedSource {
    pub(crate) fn new(line: Line) -> Self {
        SimulatedSource { line }
    }
}

#[async_trait]
impl UpdateSource for SimulatedSource {
    async fn next_updates(
        &self,
        confirmed: Option<UpdateId>,
        wait: Duration,
    ) -> Result<Vec<Vec<u8>>, MessengerError> {
        let world = &self.line.world;
        let act = async {
            world.confirm(confirmed);
            let mut ear = world.telegram.news.listen();
            if lock(&world.telegram.asked_for).is_empty() {
                select(pin!(ear.wait()), pin!(world.sleep(wait))).await;
            }
            let waiting = lock(&world.telegram.asked_for);
            Ok(waiting.iter().take(100).map(|(_, body)| body.clone()).collect())
        };
        let cut = |at: Cut| match at {
            Cut::Before => MessengerError::Unreachable("cut off".into()),
            Cut::After => MessengerError::Unknown("cut off".into()),
        };
        let told = |bodies: &Vec<Vec<u8>>| match bodies.len() {
            0 => String::new(),
            updates => format!("{updates} updates after {confirmed:?}"),
        };
        let call = Call::new(Port::Messenger, "next_updates").vital();
        self.line.through(call, cut, act, told).await
    }
}

impl World {
    /// Everything up to here need not be given again.
    fn confirm(&self, confirmed: Option<UpdateId>) {
        let Some(confirmed) = confirmed else { return };
        let mut waiting = lock(&self.telegram.asked_for);
        while let Some((id, _)) = waiting.front()
            && *id <= confirmed
        {
            self.record().updates.entry(*id).or_default().thanked = true;
            waiting.pop_front();
        }
    }
}
