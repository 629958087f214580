//! Dialogue state of one client: what the bot waits for. Short-lived and versioned.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

use crate::id::{AttachmentId, ChannelMessageId, ClientId, JobId, MessageId};
use crate::time::Timestamp;

use super::{AttachmentStatus, ContentType, Refusal};

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

/// A file that the client has not been told about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingFile {
    /// The file.
    pub attachment: AttachmentId,
    /// What it is shown as.
    pub content_type: ContentType,
    /// What became of it.
    pub status: AttachmentStatus,
    /// Why it is not taken, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
}

/// Words that came with an item of an album.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caption {
    /// The message.
    pub message: MessageId,
    /// The messenger's id of it, by which an edit finds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_message_id: Option<ChannelMessageId>,
    /// The words.
    pub text: String,
}

/// The files of one message or album, which the client is told about together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingFiles {
    /// The album.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub album: Option<String>,
    /// When the first item came.
    pub since: Timestamp,
    /// When the last item came.
    pub last: Timestamp,
    /// Whether more of the album may come.
    #[serde(default)]
    pub collecting: bool,
    /// Whether a form that runs asks its question again once the client was told: not if words that came
    /// with the files were answered.
    #[serde(default)]
    pub ask_again: bool,
    /// How many items came, files or not.
    pub items: u32,
    /// The files among them.
    pub files: Vec<PendingFile>,
    /// What was said with them, until it is answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub captions: Vec<Caption>,
}

/// The client's newest message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastHeard {
    /// The messenger's id of it.
    pub channel_message_id: ChannelMessageId,
    /// The desk's.
    pub message: MessageId,
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
    /// The album that was acknowledged last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub album: Option<String>,
    /// Files that the client has not been told about, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<PendingFiles>,
    /// The client's newest message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_heard: Option<LastHeard>,
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
            files: vec![PendingFiles {
                album: Some("a".into()),
                since: now,
                last: now,
                collecting: true,
                ask_again: true,
                items: 1,
                files: vec![PendingFile {
                    attachment: AttachmentId(Uuid::nil()),
                    content_type: ContentType::Image,
                    status: AttachmentStatus::Refused,
                    refusal: Some(Refusal::TooBig),
                }],
                captions: vec![Caption {
                    message: MessageId(Uuid::nil()),
                    channel_message_id: Some(ChannelMessageId(1)),
                    text: "words".into(),
                }],
            }],
            last_heard: Some(LastHeard {
                channel_message_id: ChannelMessageId(1),
                message: MessageId(Uuid::nil()),
            }),
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
