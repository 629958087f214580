//! What a client sends, and what is first done with it.

use serde_json::json;
use std::time::Duration;

use crate::conversation::{ContentType, MessageEdit, Owner, PendingFile, Person, shown_name};
use crate::id::ChannelMessageId;
use crate::text::clip;

use super::rules::Rules;
use super::turn::Turn;
use super::{
    ChatKind, Decision, Fact, Heard, LimitNotice, LimitWindow, Occasion, Update, UpdateKind, asking, form,
    handover, knowledge_skill, media, menu, nudges,
};

/// Longest text kept of one message, in characters: twice what a messenger carries.
const CONTENT_LIMIT: usize = 8_192;

/// Decides an update of a messenger.
pub(super) fn decide(rules: &Rules, occasion: Occasion<'_>, update: &Update) -> Decision {
    if update.chat_kind != ChatKind::Private || update.from.is_bot {
        return ignored(rules, "not a private chat");
    }
    if occasion
        .snapshot
        .client
        .as_ref()
        .is_some_and(|client| client.banned_at.is_some())
    {
        return ignored(rules, "banned");
    }
    match &update.what {
        UpdateKind::Ignored { what } => ignored(rules, what),
        UpdateKind::Stopped { draft_id } => stopped(rules, occasion, *draft_id),
        UpdateKind::Reachable { reachable } => reachability(rules, &occasion, *reachable)
            .unwrap_or_else(|| ignored(rules, "reachability of a stranger")),
        UpdateKind::Edited { text } => edited(rules, occasion, update, text),
        UpdateKind::Text { .. }
        | UpdateKind::Tap { .. }
        | UpdateKind::Media(_)
        | UpdateKind::Contact { .. }
        | UpdateKind::Location { .. } => said(rules, occasion, update),
    }
}

/// A decision that changes nothing but whether the client can be reached; `None` for a stranger.
fn reachability(rules: &Rules, occasion: &Occasion<'_>, reachable: bool) -> Option<Decision> {
    let mut client = occasion.snapshot.client.clone()?;
    client.reachable = reachable;
    client.updated_at = occasion.now;
    Some(Decision {
        client: Some(client),
        playbook_version: rules.playbook.version.clone().into(),
        ..Decision::default()
    })
}

/// The client tapped the button that stops an answer. One that is not being written any more stays
/// what it became.
fn stopped(rules: &Rules, occasion: Occasion<'_>, draft_id: i64) -> Decision {
    let Some(mut turn) = Turn::about_known(rules, occasion) else {
        return ignored(rules, "stop of a stranger");
    };
    turn.recall();
    let pending = turn.state.pending.as_ref();
    if pending.is_none_or(|pending| asking::draft_id(pending.asked) != draft_id) {
        return ignored(rules, "stop of an answer that is no more");
    }
    asking::stop(&mut turn);
    turn.finish()
}

fn ignored(rules: &Rules, why: &str) -> Decision {
    Decision {
        facts: vec![Fact {
            what: "update_ignored",
            fields: vec![("why", clip(why, 60).to_owned())],
        }],
        playbook_version: rules.playbook.version.clone().into(),
        ..Decision::default()
    }
}

/// The text of an earlier message changed. It is kept, shown to an agent who has the chat, and answered
/// only if it is the newest message and has no answer yet.
fn edited(rules: &Rules, occasion: Occasion<'_>, update: &Update, text: &str) -> Decision {
    let (Some(channel_message_id), Some(_)) = (update.channel_message_id, &occasion.snapshot.client) else {
        return ignored(rules, "edited message");
    };
    let content = clip(text, CONTENT_LIMIT);
    let edit = MessageEdit {
        channel_message_id,
        content: content.to_owned(),
        edited_at: occasion.now,
    };
    let mut decision = Decision {
        facts: vec![Fact {
            what: "message_edited",
            fields: Vec::new(),
        }],
        playbook_version: rules.playbook.version.clone().into(),
        ..Decision::default()
    };
    let has_case = occasion.snapshot.conversation.is_some();
    if let Some(mut turn) = has_case.then(|| Turn::about_known(rules, occasion)).flatten() {
        turn.recall();
        if heard_anew(&mut turn, channel_message_id, content) {
            turn.fact("message_edited", vec![]);
            decision = turn.finish();
        }
    }
    decision.edits.push(edit);
    decision
}

/// Whether an edit changes more than the message.
fn heard_anew(turn: &mut Turn<'_>, channel_message_id: ChannelMessageId, text: &str) -> bool {
    if turn.conversation.owner == Owner::Agent {
        let note = turn.staff_text("edited-note", &[("text", text)]);
        turn.note(&note, None);
        return true;
    }
    if media::caption_changed(turn, channel_message_id, text) {
        return true;
    }
    let newest = turn
        .state
        .last_heard
        .filter(|last| last.channel_message_id == channel_message_id);
    let (Some(last), Some(pending)) = (newest, &turn.state.pending) else {
        return false;
    };
    if !pending.questions.contains(&last.message) {
        return false;
    }
    let (asked, alone) = (pending.asked, pending.questions.len() == 1);
    turn.answers(Some(last.message));
    hear(turn, text);
    // Answered from elsewhere now: the model's answer to the earlier words would be a second one.
    let still_asked = turn
        .state
        .pending
        .as_ref()
        .is_some_and(|pending| pending.asked == asked);
    if alone && still_asked {
        asking::withdraw(turn);
    }
    true
}

fn said(rules: &Rules, occasion: Occasion<'_>, update: &Update) -> Decision {
    let mut turn = Turn::begin(rules, occasion, &update.from);
    turn.client.reachable = true;
    let parked = turn.recall();
    record(&mut turn, update);
    let file = match &update.what {
        UpdateKind::Media(media) => media::keep(&mut turn, media),
        UpdateKind::Text { .. }
        | UpdateKind::Tap { .. }
        | UpdateKind::Contact { .. }
        | UpdateKind::Location { .. }
        | UpdateKind::Edited { .. }
        | UpdateKind::Reachable { .. }
        | UpdateKind::Stopped { .. }
        | UpdateKind::Ignored { .. } => None,
    };
    nudges::word_said(&mut turn);
    if turn.conversation.owner == Owner::Agent {
        if let UpdateKind::Tap { tap_id, .. } = &update.what {
            let toast = turn.text("toast-person-here", &[]);
            turn.answer_tap(tap_id, Some(toast));
        }
        return turn.finish();
    }
    if let UpdateKind::Text { text } = &update.what {
        turn.adopt_locale(text);
    }
    let starts = matches!(&update.what, UpdateKind::Text { text } if text.starts_with("/start"));
    if parked {
        turn.say("session-restart", &[]);
    }
    if !starts {
        disclose(&mut turn);
    }
    answer(&mut turn, update, file);
    turn.finish()
}

/// Tells a person once, and again with a new version, that they speak with a machine.
pub(super) fn disclose(turn: &mut Turn<'_>) {
    if let Some(text) = disclosure(turn) {
        turn.say_text(&text, None);
    }
}

/// The disclosure, if this person has not seen it; recorded as seen.
pub(super) fn disclosure(turn: &mut Turn<'_>) -> Option<String> {
    let version = turn.playbook().disclosure_version.clone();
    if turn.client.disclosure_version.as_ref() == Some(&version) {
        return None;
    }
    turn.client.disclosure_version = Some(version);
    turn.client.disclosed_at = Some(turn.now);
    let brand = turn.playbook().brand.name.clone();
    Some(turn.text("disclosure", &[("brand", &brand)]))
}

fn record(turn: &mut Turn<'_>, update: &Update) {
    let (content, content_type, metadata) = match &update.what {
        UpdateKind::Text { text } if text.starts_with('/') => {
            (text.as_str(), ContentType::Command, json!({}))
        }
        UpdateKind::Text { text } => (text.as_str(), ContentType::Text, json!({})),
        UpdateKind::Tap { data, .. } => (clip(data, 64), ContentType::Button, json!({})),
        UpdateKind::Media(media) => {
            let about = json!({
                "kind": media.kind, "file_id": media.file_id,
                "file_name": media.file_name.as_deref().and_then(shown_name),
                "mime_type": media.mime_type, "size_bytes": media.size_bytes, "album": media.album,
            });
            (media.caption.as_str(), media.content_type.clone(), about)
        }
        UpdateKind::Contact { phone, own } => (phone.as_str(), ContentType::Contact, json!({ "own": own })),
        UpdateKind::Location { latitude, longitude } => (
            "",
            ContentType::Location,
            json!({ "latitude": latitude, "longitude": longitude }),
        ),
        UpdateKind::Edited { .. }
        | UpdateKind::Reachable { .. }
        | UpdateKind::Stopped { .. }
        | UpdateKind::Ignored { .. } => return,
    };
    turn.record(
        clip(content, CONTENT_LIMIT),
        content_type,
        update.channel_message_id,
        metadata,
    );
}

fn answer(turn: &mut Turn<'_>, update: &Update, file: Option<PendingFile>) {
    match &update.what {
        UpdateKind::Text { text } => hear(turn, text),
        UpdateKind::Tap { tap_id, data } => tapped(turn, tap_id, data),
        UpdateKind::Media(media) => media::received(turn, update, media, file),
        UpdateKind::Contact { phone, own: true } => form::shared_contact(turn, phone),
        UpdateKind::Contact { own: false, .. } => turn.say("contact-not-own", &[]),
        UpdateKind::Location { .. } => {
            turn.say("location-received", &[]);
            form::ask_again(turn);
        }
        UpdateKind::Edited { .. }
        | UpdateKind::Reachable { .. }
        | UpdateKind::Stopped { .. }
        | UpdateKind::Ignored { .. } => {}
    }
}

/// Hears words that came with a file as if they had come by themselves.
pub(super) fn hear_caption(turn: &mut Turn<'_>, text: &str) {
    turn.adopt_locale(text);
    hear(turn, text);
}

fn hear(turn: &mut Turn<'_>, text: &str) {
    if text.is_empty() {
        let hint = turn.text("text-empty", &[]);
        return menu::show(turn, &hint);
    }
    let rules = turn.rules;
    if text.starts_with('/') && text.len() > 1 {
        return rules.registry.run(turn, text);
    }
    if rules.registry.hear(turn, text) == Heard::Passed && !asking::ask(turn, text) {
        knowledge_skill::miss(turn);
    }
}

fn tapped(turn: &mut Turn<'_>, tap_id: &str, data: &str) {
    let rules = turn.rules;
    match rules.registry.tap(turn, data) {
        Heard::Taken => turn.answer_tap(tap_id, None),
        Heard::Passed => {
            let toast = turn.text("toast-stale", &[]);
            turn.answer_tap(tap_id, Some(toast));
            if !form::ask_again(turn) {
                let text = turn.text("menu-again", &[]);
                menu::show(turn, &text);
            }
        }
    }
}

/// Tells a client that they wrote more than the limits allow, and until when.
pub(super) fn limited(rules: &Rules, occasion: Occasion<'_>, notice: &LimitNotice) -> Decision {
    let mut turn = Turn::begin(rules, occasion, &Person::unnamed(notice.from));
    turn.recall();
    if turn.conversation.owner != Owner::Agent {
        let until = turn
            .playbook()
            .hours
            .local(turn.now + Duration::from_secs(notice.resets_in_s));
        let key = match notice.window {
            LimitWindow::Hour => "limited-hour",
            LimitWindow::Day => "limited-day",
        };
        turn.say(key, &[("clock", &until.clock), ("date", &until.date)]);
    }
    turn.finish()
}

/// Something could not be decided: the client is told, and offered a person.
pub(super) fn give_up(rules: &Rules, occasion: Occasion<'_>) -> Decision {
    let Some(mut turn) = Turn::about_known(rules, occasion) else {
        return ignored(rules, "given up for a stranger");
    };
    turn.recall();
    if turn.conversation.owner != Owner::Agent {
        let text = turn.text("gave-up", &[]);
        let keyboard = handover::offer(&turn);
        turn.say_text(&text, Some(keyboard));
    }
    turn.finish()
}
