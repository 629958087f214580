//! Inbox items that the desk itself makes.

use crate::dialogue::Event;
use crate::work::{LaneKey, NewInboxItem};

/// What the desk reports, as an item of the inbox.
pub(super) fn desk_item(lane: LaneKey, event: &Event) -> Result<NewInboxItem, serde_json::Error> {
    Ok(NewInboxItem {
        lane,
        update_id: None,
        source: Event::DESK_SOURCE.to_owned(),
        source_version: event.desk_version(),
        payload: serde_json::to_vec(event)?,
    })
}
