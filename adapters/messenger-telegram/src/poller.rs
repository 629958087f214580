//! Long polling.

use std::time::Duration;

use async_trait::async_trait;
use frontdesk_core::id::UpdateId;
use frontdesk_core::port::messenger::{MessengerError, UpdateSource};
use serde::Serialize;

use crate::client::{Call, TelegramClient};
use crate::update::ALLOWED_UPDATES;

/// Asks the Bot API for updates. Only one may do so per bot, and none while a webhook is set: both
/// are `Rejected` with what to do.
#[derive(Clone, Debug)]
pub struct TelegramPoller {
    client: TelegramClient,
}

/// The most updates at a time, by the Bot API's own limit.
const BATCH: u8 = 100;

impl TelegramPoller {
    /// Asks through `client`.
    pub fn new(client: TelegramClient) -> Self {
        TelegramPoller { client }
    }
}

#[derive(Serialize)]
struct GetUpdates {
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<i64>,
    limit: u8,
    timeout: u64,
    allowed_updates: [&'static str; ALLOWED_UPDATES.len()],
}

#[async_trait]
impl UpdateSource for TelegramPoller {
    /// Dropping the future closes the connection at once. No update is lost by it: what is not
    /// confirmed is given again.
    async fn next_updates(
        &self,
        confirmed: Option<UpdateId>,
        wait: Duration,
    ) -> Result<Vec<Vec<u8>>, MessengerError> {
        let parameters = GetUpdates {
            offset: confirmed.map(|id| id.0.saturating_add(1)),
            limit: BATCH,
            timeout: wait.as_secs(),
            allowed_updates: ALLOWED_UPDATES,
        };
        let call = Call::of_bot("getUpdates", &parameters);
        let reply = self.client.long_poll(call, wait).await?;
        let updates = reply.fields().list("result").ok_or_else(|| {
            MessengerError::Unknown("getUpdates: the answer broke off or holds no list of updates".into())
        })?;
        Ok(updates
            .into_iter()
            .map(|update| update.as_bytes().to_vec())
            .collect())
    }
}
