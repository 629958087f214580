//! Subscriptions: a connection each, and a task that reads it, so that what nobody hears in time is
//! missed instead of piling up.

use async_trait::async_trait;
use frontdesk_core::port::Subscription;
use frontdesk_core::port::cache::Heard;
use futures_util::StreamExt;
use redis::aio::{PubSubSink, PubSubStream};
use redis::{Client, Msg, RedisError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::connect::within;

/// A subscriber that has not heard so many messages misses those that follow.
const UNHEARD: usize = 64;
/// How often a connection on which nothing comes is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(15);

/// A subscription; the task that reads ends with it.
#[derive(Debug)]
struct Subscribed {
    messages: mpsc::Receiver<Heard>,
    reader: JoinHandle<()>,
}

impl Drop for Subscribed {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

#[async_trait]
impl Subscription for Subscribed {
    async fn next(&mut self) -> Option<Heard> {
        self.messages.recv().await
    }
}

/// Connects and subscribes to `names`, whose first `prefix` bytes are not the topics'.
pub(crate) async fn begin(
    client: &Client,
    limit: Duration,
    names: Vec<String>,
    prefix: usize,
) -> Result<Box<dyn Subscription>, RedisError> {
    let subscribing = async {
        let (mut sink, stream) = client.get_async_pubsub().await?.split();
        if !names.is_empty() {
            sink.subscribe(names).await?;
        }
        Ok((sink, stream))
    };
    let (sink, stream) = within(limit, subscribing).await?;
    let (sender, messages) = mpsc::channel(UNHEARD);
    let reader = tokio::spawn(read(sink, stream, limit, prefix, sender));
    Ok(Box::new(Subscribed { messages, reader }))
}

/// Passes on what comes until the connection is lost, or does not answer any more.
async fn read(
    mut sink: PubSubSink,
    mut stream: PubSubStream,
    limit: Duration,
    prefix: usize,
    sender: mpsc::Sender<Heard>,
) {
    loop {
        match tokio::time::timeout(PING_EVERY, stream.next()).await {
            Ok(Some(message)) => {
                if let Some(heard) = heard(&message, prefix) {
                    // Full: the message is missed, which the port allows.
                    let _missed = sender.try_send(heard);
                }
            }
            Ok(None) => return,
            Err(_) => {
                if within(limit, sink.ping::<redis::Value>()).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn heard(message: &Msg, prefix: usize) -> Option<Heard> {
    let topic = message.get_channel_name().get(prefix..)?;
    // No text is nothing of ours.
    let text = String::from_utf8(message.get_payload_bytes().to_vec()).ok()?;
    Some(Heard {
        topic: topic.to_owned(),
        message: text,
    })
}
