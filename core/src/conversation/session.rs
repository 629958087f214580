//! Dialogue state of one client: what the bot waits for. Short-lived and versioned.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

use crate::id::{ClientId, JobId, MessageId};
use crate::time::Timestamp;

/// One row per client; dead after [`Session::TTL`] without use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Whose it is.
    pub client_id: ClientId,
    /// The state, versioned: `{"v":1,…}`. Read it with [`SessionState::read`].
    pub state: Value,
    /// When it is forgotten.
    pub expires_at: Timestamp,
    /// Counts the commits of this row.
    pub version: i64,
}

impl Session {
    /// How long a session lives after its last use.
    pub const TTL: Duration = Duration::from_hours(24);
}

/// What the bot waits for outside the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Awaiting {
    /// Nothing in particular.
    #[default]
    Anything,
    /// A choice among knowledge entries that were offered, by slug.
    Offer(Vec<String>),
}

/// An answer that the model was asked for and has not given yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingAnswer {
    /// The job that asks it.
    pub asked: JobId,
    /// Since when the client waits.
    pub since: Timestamp,
    /// The client's messages that it answers, oldest first.
    pub questions: Vec<MessageId>,
    /// The knowledge entry that comes closest, for when there will be no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closest: Option<String>,
}

/// The state of version 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionState {
    /// What the bot waits for.
    #[serde(default)]
    pub awaiting: Awaiting,
    /// Questions in a row that nothing answered; the second one goes to a person.
    #[serde(default)]
    pub misses: u32,
    /// What the model is being asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<PendingAnswer>,
    /// The album whose first item was acknowledged last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub album: Option<String>,
}

/// What reading a stored state came to.
#[derive(Clone, Debug, PartialEq)]
pub enum ReadState {
    /// It is of this version. Of one that has expired, this is the answer that is still owed.
    Known(SessionState),
    /// There is none, or it has expired: start afresh, nothing to say about it.
    Fresh,
    /// A build wrote it that this one cannot read: it is to be parked and the client told gently.
    Unreadable(Value),
}

impl SessionState {
    const VERSION: u64 = 1;

    /// The state as it is stored.
    pub fn write(&self) -> Value {
        let mut value = serde_json::to_value(self).unwrap_or_else(|_| Value::Object(serde_json::Map::new()));
        if let Value::Object(map) = &mut value {
            map.insert("v".to_owned(), Self::VERSION.into());
        }
        value
    }

    /// Reads a stored session as of `now`. A dialogue expires; an answer that a client waits for does
    /// not: the desk may have stood still for longer, and its timer ends the wait when it goes on.
    pub fn read(session: Option<&Session>, now: Timestamp) -> ReadState {
        let Some(session) = session else {
            return ReadState::Fresh;
        };
        if session.expires_at <= now {
            let state = serde_json::from_value::<SessionState>(session.state.clone());
            return match state.ok().and_then(|state| state.pending) {
                Some(pending) => ReadState::Known(SessionState {
                    pending: Some(pending),
                    ..SessionState::default()
                }),
                None => ReadState::Fresh,
            };
        }
        if session.state.get("v").and_then(Value::as_u64) != Some(Self::VERSION) {
            return ReadState::Unreadable(session.state.clone());
        }
        match serde_json::from_value(session.state.clone()) {
            Ok(state) => ReadState::Known(state),
            Err(_) => ReadState::Unreadable(session.state.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn what_is_written_is_read_and_what_is_newer_is_parked() {
        let now = Timestamp::from_seconds(100);
        let state = SessionState {
            awaiting: Awaiting::Offer(vec!["a".into()]),
            misses: 1,
            pending: Some(PendingAnswer {
                asked: JobId(Uuid::nil()),
                since: now,
                questions: vec![MessageId(Uuid::nil())],
                closest: None,
            }),
            album: None,
        };
        let mut session = Session {
            client_id: ClientId(Uuid::nil()),
            state: state.write(),
            expires_at: now + Session::TTL,
            version: 1,
        };
        assert_eq!(
            SessionState::read(Some(&session), now),
            ReadState::Known(state.clone())
        );
        let owed = SessionState {
            pending: state.pending.clone(),
            ..SessionState::default()
        };
        let later = now + Session::TTL;
        assert_eq!(
            SessionState::read(Some(&session), later),
            ReadState::Known(owed),
            "an answer is still owed"
        );
        let answered = SessionState {
            pending: None,
            ..state
        };
        session.state = answered.write();
        assert_eq!(SessionState::read(Some(&session), later), ReadState::Fresh);
        assert_eq!(SessionState::read(None, now), ReadState::Fresh);
        for alien in [
            serde_json::json!({"v": 2}),
            serde_json::json!({"v": 1, "misses": "many"}),
            Value::Null,
        ] {
            session.state = alien.clone();
            assert_eq!(
                SessionState::read(Some(&session), now),
                ReadState::Unreadable(alien)
            );
        }
    }
}
