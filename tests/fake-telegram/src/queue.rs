//! Updates that wait for the bot, in the order they were made, and what getUpdates does with them.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use tokio::time::Instant;

/// Which of Telegram's queues an update waits in: strictly one after the other within, concurrent between.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LaneKey {
    pub(crate) family: String,
    pub(crate) id: i64,
}

impl fmt::Display for LaneKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.family, self.id)
    }
}

impl LaneKey {
    /// The queue of an update of this kind and content.
    pub(crate) fn of(kind: &str, content: &Value) -> Self {
        let chat = content.pointer("/chat/id").and_then(Value::as_i64);
        let user = content
            .pointer("/from/id")
            .or_else(|| content.pointer("/user/id"))
            .and_then(Value::as_i64);
        let (family, id) = match kind {
            "message" | "edited_message" | "channel_post" | "edited_channel_post" => ("messages", chat),
            "business_message" | "edited_business_message" | "deleted_business_messages" => {
                ("business", chat)
            }
            "my_chat_member" | "message_reaction" | "message_reaction_count" => (kind, chat),
            _ => (kind, user.or(chat)),
        };
        Self {
            family: family.to_owned(),
            id: id.unwrap_or(0),
        }
    }
}

/// Seconds an update of this kind waits before Telegram drops it.
pub(crate) fn expiry_seconds(kind: &str) -> f64 {
    match kind {
        "callback_query" | "pre_checkout_query" | "shipping_query" => 150.0,
        "chosen_inline_result" => 600.0,
        "inline_query" => 30.0,
        _ => 86_400.0,
    }
}

#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) seq: u64,
    pub(crate) id: i64,
    pub(crate) body: Bytes,
    pub(crate) lane: LaneKey,
    pub(crate) expires: Option<Instant>,
    /// Ids are in order within an epoch; a restart of the ids begins a new one.
    epoch: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    pending: BTreeMap<u64, Arc<Update>>,
    /// Confirmed updates that polling offers again, and how often.
    again: VecDeque<(Arc<Update>, u32)>,
    next_seq: u64,
    next_id: i64,
    epoch: u32,
    last_id: i64,
}

/// What one getUpdates did to the queue.
#[derive(Debug, Default)]
pub(crate) struct Polled {
    pub(crate) bodies: Vec<Bytes>,
    pub(crate) taken: u64,
}

impl Queue {
    pub(crate) fn new(first_update_id: i64) -> Self {
        Self {
            next_id: first_update_id,
            last_id: first_update_id - 1,
            ..Self::default()
        }
    }

    /// The id the next update gets.
    pub(crate) fn next_id(&self) -> i64 {
        self.next_id
    }

    /// Goes on with ids from here, as Telegram does after a quiet week.
    pub(crate) fn restart_ids(&mut self, id: i64) {
        self.next_id = id;
        self.epoch += 1;
    }

    pub(crate) fn push(
        &mut self,
        id: Option<i64>,
        body: Bytes,
        lane: LaneKey,
        expires: Option<Instant>,
    ) -> Arc<Update> {
        let id = id.unwrap_or(self.next_id);
        if id >= self.next_id {
            self.next_id = id + 1;
        }
        self.last_id = id;
        self.next_seq += 1;
        let update = Arc::new(Update {
            seq: self.next_seq,
            id,
            body,
            lane,
            expires,
            epoch: self.epoch,
        });
        self.pending.insert(update.seq, Arc::clone(&update));
        update
    }

    pub(crate) fn remove(&mut self, seq: u64) -> Option<Arc<Update>> {
        self.pending.remove(&seq)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Update>> {
        self.pending.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }

    pub(crate) fn waiting_again(&self) -> usize {
        self.again.len()
    }

    pub(crate) fn clear(&mut self) {
        self.pending.clear();
        self.again.clear();
    }

    /// Drops what has expired and says how many.
    pub(crate) fn expire(&mut self, now: Instant) -> u64 {
        let gone: Vec<u64> = self
            .pending
            .values()
            .filter(|update| update.expires.is_some_and(|at| at <= now))
            .map(|update| update.seq)
            .collect();
        for seq in &gone {
            self.pending.remove(seq);
        }
        gone.len() as u64
    }

    /// getUpdates: confirms what lies below `offset` and returns what follows. `times` above 1 offers each
    /// confirmed update that many times in all.
    pub(crate) fn poll(&mut self, offset: i64, limit: usize, times: u32) -> Polled {
        let epoch = self
            .pending
            .values()
            .next()
            .map_or(self.epoch, |update| update.epoch);
        let ids: Vec<(u64, i64)> = self
            .pending
            .values()
            .take_while(|update| update.epoch == epoch)
            .map(|update| (update.seq, update.id))
            .collect();
        let tail = ids.last().map_or(self.last_id, |(_, id)| *id);
        let confirmed = if offset < 0 {
            let keep = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
            ids.len().saturating_sub(keep)
        } else if offset > tail + 10 {
            // Telegram takes an offset far in the future for one from before a restart of the ids.
            0
        } else {
            ids.iter().take_while(|(_, id)| *id < offset).count()
        };
        let mut polled = Polled {
            taken: confirmed as u64,
            ..Polled::default()
        };
        for (seq, _) in ids.iter().take(confirmed) {
            if let Some(update) = self.pending.remove(seq)
                && times > 1
                && offset > 0
            {
                self.again.push_back((update, times - 1));
            }
        }
        let repeats = self.again.len().min(limit);
        for _ in 0..repeats {
            if let Some((update, left)) = self.again.pop_front() {
                polled.bodies.push(update.body.clone());
                if left > 1 {
                    self.again.push_back((update, left - 1));
                }
            }
        }
        let room = limit - polled.bodies.len();
        polled
            .bodies
            .extend(self.pending.values().take(room).map(|update| update.body.clone()));
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(ids: &[i64]) -> Queue {
        let mut queue = Queue::new(100);
        for id in ids {
            let lane = LaneKey {
                family: "messages".to_owned(),
                id: 1,
            };
            queue.push(Some(*id), Bytes::from(id.to_string()), lane, None);
        }
        queue
    }

    fn bodies(polled: &Polled) -> Vec<i64> {
        polled
            .bodies
            .iter()
            .map(|body| std::str::from_utf8(body).unwrap().parse().unwrap())
            .collect()
    }

    #[test]
    fn an_offset_confirms_what_lies_below_it() {
        let mut queue = queue(&[100, 101, 102]);
        assert_eq!(bodies(&queue.poll(0, 2, 1)), [100, 101]);
        assert_eq!(bodies(&queue.poll(102, 100, 1)), [102]);
        assert_eq!(bodies(&queue.poll(103, 100, 1)), [0_i64; 0]);
    }

    #[test]
    fn a_negative_offset_keeps_the_last() {
        let mut queue = queue(&[100, 101, 102]);
        assert_eq!(bodies(&queue.poll(-1, 100, 1)), [102]);
        assert_eq!(bodies(&queue.poll(0, 100, 1)), [102]);
    }

    #[test]
    fn an_old_offset_does_not_swallow_restarted_ids() {
        let mut queue = queue(&[100, 101]);
        queue.restart_ids(7);
        let lane = LaneKey {
            family: "messages".to_owned(),
            id: 1,
        };
        queue.push(None, Bytes::from("7"), lane, None);
        assert_eq!(bodies(&queue.poll(102, 100, 1)), [7]);
        assert_eq!(bodies(&queue.poll(102, 100, 1)), [7]);
        assert_eq!(bodies(&queue.poll(8, 100, 1)), [0_i64; 0]);
    }

    #[test]
    fn confirmed_updates_come_again() {
        let mut queue = queue(&[100]);
        assert_eq!(bodies(&queue.poll(0, 100, 2)), [100]);
        assert_eq!(bodies(&queue.poll(101, 100, 2)), [100]);
        assert_eq!(bodies(&queue.poll(101, 100, 2)), [0_i64; 0]);
    }
}
