//! Inbox items that the desk itself makes.

use serde_json::json;

use crate::dialogue::Event;
use crate::id::UserId;
use crate::work::{LaneKey, NewInboxItem};

use super::rate::LimitNotice;

/// What the desk reports, as an item of the inbox.
pub(super) fn desk_item(lane: LaneKey, event: &Event) -> Result<NewInboxItem, serde_json::Error> {
    Ok(NewInboxItem {
        lane,
        update_id: None,
        source: Event::DESK_SOURCE.to_owned(),
        source_version: Event::DESK_VERSION,
        payload: serde_json::to_vec(event)?,
    })
}

/// The item that makes the worker tell a client that they wrote too much.
///
/// The one place that knows its form; it becomes a variant of [`Event`] once there is one.
pub(super) fn limit_notice_item(lane: LaneKey, notice: LimitNotice, from: Option<UserId>) -> NewInboxItem {
    let event = json!({
        "event": "limited",
        "window": notice.window.as_str(),
        "resets_in_s": notice.resets_in.as_secs(),
        "from": from,
    });
    NewInboxItem {
        lane,
        update_id: None,
        source: Event::DESK_SOURCE.to_owned(),
        source_version: Event::DESK_VERSION,
        payload: event.to_string().into_bytes(),
    }
}
