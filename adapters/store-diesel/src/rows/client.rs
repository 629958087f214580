//! Clients.

use diesel::{Insertable, Queryable, Selectable};

use frontdesk_core::conversation::Client;
use frontdesk_core::id::{BotId, Channel, ChatId, ClientId, UserId};

use crate::schema::clients;
use crate::types::{At, Id};

#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = clients)]
pub(crate) struct ClientRow {
    pub(crate) id: Id,
    bot_id: i64,
    channel: String,
    user_id: i64,
    chat_id: i64,
    username: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    language: Option<String>,
    disclosure_version: Option<String>,
    disclosed_at: Option<At>,
    reachable: bool,
    banned_at: Option<At>,
    banned_by: Option<String>,
    source: Option<String>,
    created_at: At,
    updated_at: At,
}

impl From<&Client> for ClientRow {
    fn from(client: &Client) -> Self {
        ClientRow {
            id: Id(client.id.0),
            bot_id: client.bot_id.0,
            channel: client.channel.as_str().to_owned(),
            user_id: client.user_id.0,
            chat_id: client.chat_id.0,
            username: client.username.clone(),
            first_name: client.first_name.clone(),
            last_name: client.last_name.clone(),
            language: client.language.clone(),
            disclosure_version: client.disclosure_version.clone(),
            disclosed_at: client.disclosed_at.map(At),
            reachable: client.reachable,
            banned_at: client.banned_at.map(At),
            banned_by: client.banned_by.clone(),
            source: client.source.clone(),
            created_at: At(client.created_at),
            updated_at: At(client.updated_at),
        }
    }
}

impl From<ClientRow> for Client {
    fn from(row: ClientRow) -> Self {
        Client {
            id: ClientId(row.id.0),
            bot_id: BotId(row.bot_id),
            channel: Channel::new(row.channel),
            user_id: UserId(row.user_id),
            chat_id: ChatId(row.chat_id),
            username: row.username,
            first_name: row.first_name,
            last_name: row.last_name,
            language: row.language,
            disclosure_version: row.disclosure_version,
            disclosed_at: row.disclosed_at.map(|at| at.0),
            reachable: row.reachable,
            banned_at: row.banned_at.map(|at| at.0),
            banned_by: row.banned_by,
            source: row.source,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        }
    }
}
