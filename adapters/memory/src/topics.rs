//! Messages between subscribers of one process.

use std::sync::Mutex;

use async_trait::async_trait;
use frontdesk_core::port::Subscription;
use frontdesk_core::port::cache::Heard;
use futures_channel::mpsc::{Receiver, Sender, channel};
use futures_util::StreamExt;

use crate::lock;

/// Who is subscribed to what.
#[derive(Debug, Default)]
pub(crate) struct Topics {
    ears: Mutex<Vec<Ear>>,
}

#[derive(Debug)]
struct Ear {
    topics: Vec<String>,
    sender: Sender<Heard>,
}

#[derive(Debug)]
struct Subscribed {
    receiver: Receiver<Heard>,
}

/// A subscriber that has not heard so many messages misses those that follow.
const UNHEARD: usize = 64;

impl Topics {
    pub(crate) fn publish(&self, topic: &str, message: &str) {
        let mut ears = lock(&self.ears);
        ears.retain(|ear| !ear.sender.is_closed());
        for ear in ears.iter_mut() {
            if ear.topics.iter().any(|heard| heard == topic) {
                // Full: the message is missed, which the port allows.
                let _missed = ear.sender.try_send(Heard {
                    topic: topic.to_owned(),
                    message: message.to_owned(),
                });
            }
        }
    }

    pub(crate) fn subscribe(&self, topics: &[String]) -> Box<dyn Subscription> {
        let (sender, receiver) = channel(UNHEARD);
        let mut ears = lock(&self.ears);
        ears.retain(|ear| !ear.sender.is_closed());
        ears.push(Ear {
            topics: topics.to_vec(),
            sender,
        });
        Box::new(Subscribed { receiver })
    }
}

#[async_trait]
impl Subscription for Subscribed {
    async fn next(&mut self) -> Option<Heard> {
        self.receiver.next().await
    }
}
