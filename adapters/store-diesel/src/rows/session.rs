//! Sessions.

use diesel::{Insertable, Queryable, Selectable};

use frontdesk_core::conversation::Session;
use frontdesk_core::id::ClientId;

use crate::schema::sessions;
use crate::types::{At, Doc, Id};

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub(crate) struct SessionRow {
    pub(crate) client_id: Id,
    state: Doc,
    expires_at: At,
    version: i64,
}

impl From<&Session> for SessionRow {
    fn from(session: &Session) -> Self {
        SessionRow {
            client_id: Id(session.client_id.0),
            state: Doc(session.state.clone()),
            expires_at: At(session.expires_at),
            version: session.version,
        }
    }
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Session {
            client_id: ClientId(row.client_id.0),
            state: row.state.0,
            expires_at: row.expires_at.0,
            version: row.version,
        }
    }
}
