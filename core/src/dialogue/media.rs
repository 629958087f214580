//! What is no text: files are kept by a job and the client is told what became of them; everything
//! else is answered at once.
//!
//! The files of one message, or of one album, are told about together, once all of them are settled
//! and no more are expected. An album comes item by item and does not say how many there are: a timer
//! that each item sets anew says when it is complete. Words that came with its items are answered then,
//! as one text.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::conversation::{
    Attachment, AttachmentStatus, AttachmentWrite, Caption, ContentType, Owner, PendingFile, PendingFiles,
    Refusal, shown_name,
};
use crate::id::{AttachmentId, ChannelMessageId, ClientId, JobId};
use crate::work::{JobChange, NewJob};

use super::rules::Rules;
use super::turn::Turn;
use super::{Decision, DownloadReport, Fact, Media, Occasion, TimerFired, Update, form, incoming, timers};

/// Job kind of downloads.
pub const DOWNLOAD_JOB: &str = "download";

/// Version of its payload: a [`Download`] as JSON.
pub const DOWNLOAD_VERSION: i32 = 1;

/// An album is complete when nothing of it came for so long, …
const ALBUM_PAUSE: Duration = Duration::from_secs(2);
/// … or at the latest so long after its first item.
const ALBUM_LONGEST: Duration = Duration::from_secs(10);

/// So many messages and albums with files may wait to be told about; of older ones the client is told
/// no more.
const PENDING_LIMIT: usize = 50;

/// What is to be downloaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Download {
    /// Whose it is.
    pub client_id: ClientId,
    /// The messenger's handle of the bytes.
    pub file_id: String,
    /// The file, as it was recorded.
    pub attachment: Attachment,
}

/// Records the file of what was just heard and starts its download. `None` if there is none to keep.
pub(super) fn keep(turn: &mut Turn<'_>, media: &Media) -> Option<PendingFile> {
    turn.rules.settings.files?;
    let message_id = turn.heard?;
    if !is_file(&media.content_type) {
        return None;
    }
    let limit = limit(turn);
    let too_big = media
        .size_bytes
        .is_some_and(|size| u64::try_from(size).is_ok_and(|size| size > limit));
    let pending = Attachment {
        id: AttachmentId(turn.ids.next_uuid()),
        conversation_id: turn.conversation.id,
        message_id,
        kind: media.kind.clone(),
        file_name: media.file_name.as_deref().and_then(shown_name),
        mime_declared: media.mime_type.clone(),
        mime_detected: None,
        size_bytes: media.size_bytes,
        sha256: None,
        storage_key: None,
        status: AttachmentStatus::Pending,
        refusal: None,
        media_group_id: media.album.clone(),
        created_at: turn.now,
        updated_at: turn.now,
    };
    let row = match &media.file_id {
        _ if too_big => pending.refused(Refusal::TooBig),
        None => pending.missing(),
        Some(file_id) => {
            start_download(turn, file_id, &pending);
            pending
        }
    };
    if row.status != AttachmentStatus::Pending {
        settled_fact(turn, &row);
    }
    let file = PendingFile {
        attachment: row.id,
        content_type: media.content_type.clone(),
        status: row.status.clone(),
        refusal: row.refusal.clone(),
    };
    turn.attach(AttachmentWrite { row, is_new: true });
    Some(file)
}

fn start_download(turn: &mut Turn<'_>, file_id: &str, attachment: &Attachment) {
    let download = Download {
        client_id: turn.client.id,
        file_id: file_id.to_owned(),
        attachment: attachment.clone(),
    };
    let job = NewJob {
        id: JobId(turn.ids.next_uuid()),
        kind: DOWNLOAD_JOB.to_owned(),
        version: DOWNLOAD_VERSION,
        conversation_id: Some(turn.conversation.id),
        lane: turn.lane.clone(),
        payload: serde_json::to_value(download).unwrap_or_default(),
        run_in: Duration::ZERO,
        priority: 0,
        unique_key: Some(format!("{DOWNLOAD_JOB}:{}", attachment.id)),
    };
    turn.job(JobChange::Start(job));
}

/// Answers what is no text, while the bot may speak. `file` is what [`keep`] made of it.
pub(super) fn received(turn: &mut Turn<'_>, update: &Update, media: &Media, file: Option<PendingFile>) {
    let (Some(album), Some(message)) = (&media.album, turn.heard) else {
        return one_by_itself(turn, media, file);
    };
    if turn.rules.settings.files.is_none() {
        return item_acknowledged_at_once(turn, media, album);
    }
    let now = turn.now;
    let at = turn
        .state
        .files
        .iter()
        .position(|pending| pending.collecting && pending.album.as_ref() == Some(album));
    let at = at.unwrap_or_else(|| {
        let collecting = PendingFiles {
            album: Some(album.clone()),
            since: now,
            last: now,
            collecting: true,
            ask_again: true,
            items: 0,
            files: Vec::new(),
            captions: Vec::new(),
        };
        remember(turn, collecting)
    });
    let pending = &mut turn.state.files[at];
    pending.last = now;
    pending.items = pending.items.saturating_add(1);
    pending.files.extend(file);
    if !media.caption.is_empty() {
        pending.ask_again = false;
        pending.captions.push(Caption {
            message,
            channel_message_id: update.channel_message_id,
            text: media.caption.clone(),
        });
    }
    let longest = (pending.since + ALBUM_LONGEST).since(now);
    let fired = TimerFired::AlbumComplete {
        conversation_id: turn.conversation.id,
        album: album.clone(),
        items: pending.items,
    };
    let key = album_key(turn, album);
    timers::start(turn, &fired, key, ALBUM_PAUSE.min(longest));
}

fn album_key(turn: &Turn<'_>, album: &str) -> String {
    format!("album:{}:{album}", turn.conversation.id)
}

/// Puts files among those to be told about; says where.
fn remember(turn: &mut Turn<'_>, pending: PendingFiles) -> usize {
    let files = &mut turn.state.files;
    if files.len() >= PENDING_LIMIT {
        files.remove(0);
    }
    files.push(pending);
    files.len() - 1
}

fn one_by_itself(turn: &mut Turn<'_>, media: &Media, file: Option<PendingFile>) {
    let asked = !media.caption.is_empty();
    let Some(file) = file else {
        turn.say(key_of(&media.content_type), &[]);
        if asked {
            incoming::hear_caption(turn, &media.caption);
        } else {
            form::ask_again(turn);
        }
        return;
    };
    let pending = PendingFiles {
        album: None,
        since: turn.now,
        last: turn.now,
        collecting: false,
        ask_again: !asked,
        items: 1,
        files: vec![file],
        captions: Vec::new(),
    };
    let at = remember(turn, pending);
    tell_if_settled(turn, at);
    if asked {
        incoming::hear_caption(turn, &media.caption);
    }
}

/// Nobody keeps files: the first item of an album is acknowledged, every caption answered.
fn item_acknowledged_at_once(turn: &mut Turn<'_>, media: &Media, album: &str) {
    let known = turn.state.album.as_deref() == Some(album);
    turn.state.album = Some(album.to_owned());
    if !known {
        turn.say(key_of(&media.content_type), &[]);
    }
    if !media.caption.is_empty() {
        incoming::hear_caption(turn, &media.caption);
    } else if !known {
        form::ask_again(turn);
    }
}

/// Nothing more of an album came for a while. A timer that an item overtook changes nothing: a newer
/// one is set.
pub(super) fn album_complete(turn: &mut Turn<'_>, album: &str, items: u32) -> bool {
    let at = turn.state.files.iter().position(|pending| {
        pending.collecting && pending.album.as_deref() == Some(album) && pending.items == items
    });
    let Some(at) = at else { return false };
    if turn.conversation.owner == Owner::Agent {
        turn.state.files.remove(at);
        return true;
    }
    let pending = &mut turn.state.files[at];
    pending.collecting = false;
    let captions = std::mem::take(&mut pending.captions);
    turn.fact("album_complete", vec![("items", items.to_string())]);
    tell_if_settled(turn, at);
    answer_captions(turn, &captions);
    true
}

/// Answers what was said with an album's items, as one text.
fn answer_captions(turn: &mut Turn<'_>, captions: &[Caption]) {
    let Some((last, earlier)) = captions.split_last() else {
        return;
    };
    let mut text: Vec<&str> = Vec::new();
    for caption in captions {
        // Some apps put the same words under every item.
        if !text.contains(&caption.text.as_str()) {
            text.push(&caption.text);
        }
    }
    turn.answers(Some(last.message));
    turn.answers_along(earlier.iter().map(|caption| caption.message).collect());
    incoming::hear_caption(turn, &text.join("\n"));
}

/// The words with an album's item changed before they were answered. False if there are none such.
pub(super) fn caption_changed(turn: &mut Turn<'_>, message: ChannelMessageId, text: &str) -> bool {
    let mut captions = turn
        .state
        .files
        .iter_mut()
        .flat_map(|pending| &mut pending.captions);
    let Some(caption) = captions.find(|caption| caption.channel_message_id == Some(message)) else {
        return false;
    };
    text.clone_into(&mut caption.text);
    true
}

/// Decides what came of a download.
pub(super) fn downloaded(rules: &Rules, occasion: Occasion<'_>, report: &DownloadReport) -> Decision {
    let row = report.attachment.clone();
    let open = occasion.snapshot.conversation.as_ref();
    let is_of_open_case = open.is_some_and(|open| open.id == row.conversation_id);
    let turn = is_of_open_case
        .then(|| Turn::about_known(rules, occasion))
        .flatten();
    let Some(mut turn) = turn else {
        // The case was closed meanwhile: what became of the file is recorded, and nobody is told.
        return Decision {
            facts: vec![Fact {
                what: "file_settled",
                fields: facts_of(&row),
            }],
            attachments: vec![AttachmentWrite { row, is_new: false }],
            playbook_version: rules.playbook.version.clone().into(),
            ..Decision::default()
        };
    };
    turn.recall();
    settled_fact(&mut turn, &row);
    let id = row.id;
    let (status, refusal) = (row.status.clone(), row.refusal.clone());
    turn.attach(AttachmentWrite { row, is_new: false });
    let at = turn
        .state
        .files
        .iter()
        .position(|pending| pending.files.iter().any(|file| file.attachment == id));
    let Some(at) = at else { return turn.finish() };
    for file in &mut turn.state.files[at].files {
        if file.attachment == id {
            file.status = status.clone();
            file.refusal.clone_from(&refusal);
        }
    }
    tell_if_settled(&mut turn, at);
    turn.finish()
}

fn settled_fact(turn: &mut Turn<'_>, row: &Attachment) {
    turn.fact("file_settled", facts_of(row));
}

fn facts_of(row: &Attachment) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("attachment_id", row.id.to_string()),
        ("status", row.status.to_string()),
    ];
    fields.extend(row.refusal.as_ref().map(|why| ("refusal", why.to_string())));
    fields
}

/// Tells the client what became of files, if all of them are settled and no more are expected; to a
/// client whose chat an agent has, nothing.
fn tell_if_settled(turn: &mut Turn<'_>, at: usize) {
    let pending = &turn.state.files[at];
    let waits = |file: &PendingFile| file.status == AttachmentStatus::Pending;
    if pending.collecting || pending.files.iter().any(waits) {
        return;
    }
    let pending = turn.state.files.remove(at);
    if turn.conversation.owner == Owner::Agent {
        return;
    }
    // An item that came after its album was acknowledged is not acknowledged again.
    let told = pending.album.is_some() && turn.state.album == pending.album;
    if pending.album.is_some() {
        turn.state.album.clone_from(&pending.album);
    }
    let text = account(turn, &pending, told);
    if text.is_empty() {
        return;
    }
    // If something was said since, the form has gone on.
    let quiet = turn.conversation.last_message_at == Some(pending.last);
    turn.say_text(&text, None);
    if pending.ask_again && quiet {
        form::ask_again(turn);
    }
}

/// What became of files, in words: what is kept, then what is not and why.
fn account(turn: &Turn<'_>, pending: &PendingFiles, told: bool) -> String {
    let count =
        |wanted: &dyn Fn(&PendingFile) -> bool| pending.files.iter().filter(|file| wanted(file)).count();
    let kept = count(&|file| file.status == AttachmentStatus::Stored);
    let mut sentences = Vec::new();
    if kept > 0 && !told {
        let voice = pending
            .files
            .iter()
            .all(|file| file.content_type == ContentType::Voice);
        sentences.push(match (&pending.album, voice) {
            (_, true) => turn.text("media-voice", &[]),
            (None, false) => turn.text("media-received", &[]),
            (Some(_), false) => turn.text("album-received", &[("count", &kept.to_string())]),
        });
    } else if pending.files.is_empty() && !told {
        sentences.push(turn.text("media-other", &[]));
    }
    let limit = megabytes(limit(turn));
    let too_big = count(&|file| file.refusal == Some(Refusal::TooBig));
    let refused = count(&|file| file.status == AttachmentStatus::Refused);
    let missing = count(&|file| file.status == AttachmentStatus::Missing);
    for (key, count) in [
        ("file-too-big", too_big),
        ("file-not-taken", refused - too_big),
        ("file-missing", missing),
    ] {
        if count > 0 {
            sentences.push(turn.text(key, &[("count", &count.to_string()), ("limit", &limit)]));
        }
    }
    sentences.join("\n\n")
}

/// The largest file that is taken, in bytes.
fn limit(turn: &Turn<'_>) -> u64 {
    let of_messenger = turn.rules.settings.files.map_or(u64::MAX, |rung| rung.max_bytes);
    of_messenger.min(turn.playbook().files.max_bytes)
}

/// A size as it is told: `20`, or `0.5` where it is no whole number of them.
fn megabytes(bytes: u64) -> String {
    const MEGABYTE: u64 = 1 << 20;
    let tenths = (bytes % MEGABYTE) * 10 / MEGABYTE;
    match tenths {
        0 => (bytes / MEGABYTE).to_string(),
        tenths => format!("{}.{tenths}", bytes / MEGABYTE),
    }
}

/// Whether it is a file: what is downloaded.
fn is_file(content_type: &ContentType) -> bool {
    match content_type {
        ContentType::Image | ContentType::Document | ContentType::Voice => true,
        ContentType::Text
        | ContentType::Command
        | ContentType::Contact
        | ContentType::Location
        | ContentType::Button
        | ContentType::Other
        | ContentType::Unknown(_) => false,
    }
}

/// How what is no text is acknowledged where no file of it is kept.
fn key_of(content_type: &ContentType) -> &'static str {
    match content_type {
        ContentType::Image | ContentType::Document => "media-received",
        ContentType::Voice => "media-voice",
        ContentType::Text
        | ContentType::Command
        | ContentType::Contact
        | ContentType::Location
        | ContentType::Button
        | ContentType::Other
        | ContentType::Unknown(_) => "media-other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_megabytes() {
        for (bytes, told) in [(20 << 20, "20"), (1 << 19, "0.5"), (3 << 19, "1.5"), (100, "0")] {
            assert_eq!(megabytes(bytes), told);
        }
    }
}
