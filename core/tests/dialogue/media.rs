//! Files, albums, edits: decision by decision.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail as tests do"
)]

use frontdesk_core::conversation::{
    Attachment, AttachmentStatus, AttachmentWrite, ContentType, Owner, Refusal, SenderType,
};
use frontdesk_core::dialogue::{
    AgentAction, DOWNLOAD_JOB, Download, DownloadReport, Event, Media, TimerFired, Update, UpdateKind,
};
use frontdesk_core::id::ChannelMessageId;
use frontdesk_core::work::{JobChange, NewJob};
use std::time::Duration;

use crate::chat::{Chat, file_rules, model_rules};

const LIMIT: i64 = 20 << 20;

fn chat() -> Chat {
    let mut chat = Chat::new();
    chat.rules = file_rules();
    chat.says("/start");
    chat
}

fn media(content_type: ContentType, kind: &str) -> Media {
    Media {
        content_type,
        kind: kind.to_owned(),
        file_id: Some("f1".to_owned()),
        file_name: None,
        mime_type: None,
        size_bytes: Some(1_000),
        album: None,
        caption: String::new(),
    }
}

fn photo() -> Media {
    media(ContentType::Image, "photo")
}

fn in_album(album: &str, caption: &str) -> Media {
    Media {
        album: Some(album.to_owned()),
        caption: caption.to_owned(),
        ..photo()
    }
}

fn send(chat: &mut Chat, media: Media) -> String {
    chat.update(UpdateKind::Media(media))
}

/// The files written by the last decision.
fn written(chat: &Chat) -> Vec<AttachmentWrite> {
    chat.last.attachments.clone()
}

/// The one file that the last decision made.
fn made(chat: &Chat) -> Attachment {
    let written = written(chat);
    assert!(written.len() == 1 && written[0].is_new, "{written:?}");
    written[0].row.clone()
}

fn downloads(chat: &Chat) -> Vec<NewJob> {
    let started = chat.last.jobs.iter().filter_map(|change| match change {
        JobChange::Start(job) if job.kind == DOWNLOAD_JOB => Some(job.clone()),
        JobChange::Start(_) | JobChange::Cancel { .. } => None,
    });
    started.collect()
}

/// What a download found comes back to the chat; what the client is told comes back.
fn settle(chat: &mut Chat, attachment: Attachment) -> String {
    chat.event(&Event::Download(DownloadReport { attachment }));
    chat.said()
}

fn stored(file: &Attachment) -> Attachment {
    Attachment {
        status: AttachmentStatus::Stored,
        sha256: Some("a".repeat(64)),
        storage_key: Some("k".to_owned()),
        ..file.clone()
    }
}

/// The timer of an album that the last decision set, and how long it waits.
fn album_timer(chat: &Chat) -> (TimerFired, Duration, Option<String>) {
    let found = chat.last.jobs.iter().find_map(|change| match change {
        JobChange::Start(job) => {
            let fired: TimerFired = serde_json::from_value(job.payload.clone()).ok()?;
            matches!(fired, TimerFired::AlbumComplete { .. }).then(|| {
                assert_eq!(job.version, 2, "an older build leaves it alone");
                (fired, job.run_in, job.unique_key.clone())
            })
        }
        JobChange::Cancel { .. } => None,
    });
    found.expect("a timer is set")
}

fn fire(chat: &mut Chat, fired: TimerFired) -> String {
    chat.event(&Event::Timer(fired));
    chat.said()
}

#[test]
fn a_file_is_recorded_and_acknowledged_once_it_is_kept() {
    let mut chat = chat();
    let hostile = Media {
        file_name: Some("../../etc/\u{202e}fdp.exe".to_owned()),
        mime_type: Some("application/pdf".to_owned()),
        ..media(ContentType::Document, "document")
    };
    assert_eq!(send(&mut chat, hostile), "");
    let file = made(&chat);
    assert_eq!(file.file_name.as_deref(), Some("fdp.exe"));
    assert_eq!(file.status, AttachmentStatus::Pending);
    assert_eq!(file.message_id, chat.last.messages[0].id);
    let jobs = downloads(&chat);
    let download: Download = serde_json::from_value(jobs[0].payload.clone()).unwrap();
    assert_eq!((download.file_id.as_str(), &download.attachment), ("f1", &file));
    assert_eq!(
        Some(download.client_id),
        chat.snapshot.client.as_ref().map(|client| client.id)
    );
    let told = settle(&mut chat, stored(&file));
    assert!(told.contains("noted your file"), "{told}");
    let written = written(&chat);
    assert!(!written[0].is_new && written[0].row.status == AttachmentStatus::Stored);
    // A report that comes twice tells nothing twice.
    assert_eq!(settle(&mut chat, stored(&file)), "");
}

#[test]
fn what_is_declared_too_large_is_refused_before_any_download() {
    let mut chat = chat();
    let exactly = Media {
        size_bytes: Some(LIMIT),
        ..photo()
    };
    send(&mut chat, exactly);
    assert_eq!(downloads(&chat).len(), 1);
    let larger = Media {
        size_bytes: Some(LIMIT + 1),
        ..photo()
    };
    let told = send(&mut chat, larger);
    assert!(told.contains("more than 20 MB"), "{told}");
    assert!(downloads(&chat).is_empty());
    let file = made(&chat);
    assert_eq!(
        (file.status, file.refusal),
        (AttachmentStatus::Refused, Some(Refusal::TooBig))
    );
    // A file of which the messenger gives no handle cannot be had.
    let told = send(
        &mut chat,
        Media {
            file_id: None,
            ..photo()
        },
    );
    assert!(told.contains("could not get your file"), "{told}");
    assert_eq!(made(&chat).status, AttachmentStatus::Missing);
}

#[test]
fn every_end_of_a_download_is_told_in_its_own_words() {
    let mut chat = chat();
    for (kind, end, words) in [
        ("photo", Ok(()), "noted your file"),
        (
            "photo",
            Err(Some(Refusal::Kind)),
            "cannot take a file of this kind",
        ),
        (
            "photo",
            Err(Some(Refusal::Empty)),
            "cannot take a file of this kind",
        ),
        ("photo", Err(Some(Refusal::TooBig)), "more than 20 MB"),
        ("photo", Err(None), "could not get your file"),
    ] {
        send(&mut chat, media(ContentType::Image, kind));
        let file = made(&chat);
        let settled = match end {
            Ok(()) => stored(&file),
            Err(Some(why)) => file.refused(why),
            Err(None) => file.missing(),
        };
        let told = settle(&mut chat, settled);
        assert!(told.contains(words), "{told}");
    }
    send(&mut chat, media(ContentType::Voice, "voice"));
    let file = made(&chat);
    let told = settle(&mut chat, stored(&file));
    assert!(told.contains("cannot listen yet"), "{told}");
    // No file: answered at once, nothing recorded.
    let told = send(&mut chat, media(ContentType::Other, "sticker"));
    assert!(
        told.contains("understand words best") && written(&chat).is_empty(),
        "{told}"
    );
}

#[test]
fn a_caption_is_heard_at_once_and_the_form_asks_again_only_in_silence() {
    let mut chat = chat();
    chat.says("/quote");
    chat.taps("Cloud migration");
    send(&mut chat, photo());
    let file = made(&chat);
    let told = settle(&mut chat, stored(&file));
    assert!(
        told.contains("noted your file") && told.contains("(2/8)"),
        "{told}"
    );
    // The client went on meanwhile: the form has, too.
    send(&mut chat, photo());
    let file = made(&chat);
    assert!(chat.says("Ten servers and a database.").contains("(3/8)"));
    let told = settle(&mut chat, stored(&file));
    assert!(
        told.contains("noted your file") && !told.contains("/8)"),
        "{told}"
    );
    // A caption is taken as typed.
    let answered = send(
        &mut chat,
        Media {
            caption: "not sure".to_owned(),
            ..photo()
        },
    );
    assert!(answered.contains("(4/8)"), "{answered}");
    let file = made(&chat);
    let told = settle(&mut chat, stored(&file));
    assert!(
        told.contains("noted your file") && !told.contains("/8)"),
        "{told}"
    );
}

#[test]
fn an_album_is_one_turn() {
    let mut chat = chat();
    let mut files = Vec::new();
    for at in 0..10 {
        let caption = if at == 3 {
            "how much is a devops audit?"
        } else {
            ""
        };
        assert_eq!(send(&mut chat, in_album("g", caption)), "", "item {at}");
        files.push(made(&chat));
    }
    assert!(
        files
            .iter()
            .all(|file| file.media_group_id.as_deref() == Some("g"))
    );
    let (fired, ..) = album_timer(&chat);
    for file in &files[..9] {
        assert_eq!(settle(&mut chat, stored(file)), "");
    }
    // The timer runs out before the last download ends: the words are answered, the files not yet.
    let told = fire(&mut chat, fired.clone());
    assert!(told.contains("EUR 2,500") && !told.contains("noted"), "{told}");
    assert_eq!(fire(&mut chat, fired), "", "a timer fires once");
    let told = settle(&mut chat, stored(&files[9]));
    assert!(told.contains("your 10 files"), "{told}");
    // An item that comes after all that is kept, and not acknowledged once more.
    send(&mut chat, in_album("g", ""));
    let late = made(&chat);
    let (fired, ..) = album_timer(&chat);
    settle(&mut chat, stored(&late));
    assert_eq!(fire(&mut chat, fired), "");
}

#[test]
fn an_album_waits_two_seconds_after_its_last_item_and_ten_at_most() {
    let mut chat = chat();
    send(&mut chat, in_album("g", ""));
    let (first, wait, key) = album_timer(&chat);
    assert_eq!(wait, Duration::from_secs(2));
    // Five seconds pass with every event.
    send(&mut chat, in_album("g", ""));
    let (second, wait, same_key) = album_timer(&chat);
    assert_eq!((wait, key), (Duration::from_secs(2), same_key));
    send(&mut chat, in_album("g", ""));
    assert_eq!(album_timer(&chat).1, Duration::ZERO);
    // Timers that later items overtook change nothing.
    assert_eq!(fire(&mut chat, first), "");
    assert_eq!(fire(&mut chat, second), "");
    assert!(chat.last.conversations.is_empty());
    // Another album is another turn.
    send(&mut chat, in_album("h", ""));
    assert_ne!(album_timer(&chat).2, None);
}

#[test]
fn what_is_not_taken_of_an_album_is_said_with_the_rest() {
    let mut chat = chat();
    let mut files = Vec::new();
    for size in [1, LIMIT + 1, 2] {
        let item = Media {
            size_bytes: Some(size),
            ..in_album("g", "")
        };
        send(&mut chat, item);
        files.push(made(&chat));
    }
    let (fired, ..) = album_timer(&chat);
    settle(&mut chat, stored(&files[0]));
    settle(&mut chat, files[2].clone().refused(Refusal::Kind));
    let told = fire(&mut chat, fired);
    let parts = ["noted your file", "more than 20 MB", "of this kind"];
    assert!(parts.iter().all(|part| told.contains(part)), "{told}");
    assert_eq!(chat.last.outgoing.len(), 1, "in one message");
}

#[test]
fn all_words_of_an_album_are_one_question() {
    let mut chat = chat();
    chat.rules = model_rules();
    for caption in [
        "we run forty rusty submarines",
        "",
        "can you paint them",
        "can you paint them",
    ] {
        send(&mut chat, in_album("g", caption));
    }
    let messages = chat.asked_messages();
    assert_eq!(messages, 0, "nothing is asked before the album is complete");
    let (fired, ..) = album_timer(&chat);
    fire(&mut chat, fired);
    assert_eq!(chat.asked_messages(), 3);
}

#[test]
fn files_are_kept_in_silence_while_an_agent_has_the_chat() {
    let mut chat = chat();
    send(&mut chat, in_album("g", "how much is a devops audit?"));
    let (fired, ..) = album_timer(&chat);
    let first = made(&chat);
    chat.agent(AgentAction::Say { text: "hi".into() });
    assert_eq!(
        chat.snapshot.conversation.as_ref().map(|case| &case.owner),
        Some(&Owner::Agent)
    );
    assert_eq!(send(&mut chat, photo()), "");
    let second = made(&chat);
    assert_eq!(downloads(&chat).len(), 1);
    assert_eq!(settle(&mut chat, stored(&first)), "");
    assert_eq!(settle(&mut chat, second.missing()), "");
    assert_eq!(fire(&mut chat, fired), "");
    assert_eq!(chat.agent(AgentAction::HandBack).matches("noted").count(), 0);
}

#[test]
fn what_ends_after_its_case_is_recorded_and_opens_no_other() {
    let mut chat = chat();
    send(&mut chat, photo());
    let file = made(&chat);
    chat.agent(AgentAction::Close);
    assert_eq!(settle(&mut chat, stored(&file)), "");
    assert!(chat.last.conversations.is_empty());
    assert_eq!(written(&chat)[0].row.status, AttachmentStatus::Stored);
    // Nor does it speak in the next one.
    chat.says("hello");
    assert_eq!(settle(&mut chat, stored(&file)), "");
}

#[test]
fn without_storage_files_are_acknowledged_and_no_more() {
    let mut chat = Chat::new();
    chat.says("/start");
    let told = send(&mut chat, photo());
    assert!(told.contains("noted your file"), "{told}");
    assert!(written(&chat).is_empty() && downloads(&chat).is_empty());
}

/// The client changes the message with this id.
fn edit(chat: &mut Chat, id: ChannelMessageId, text: &str) -> String {
    let update = Update {
        channel_message_id: Some(id),
        ..chat.blank_update(UpdateKind::Edited {
            text: text.to_owned(),
        })
    };
    chat.event(&Event::Update(Box::new(update)));
    chat.said()
}

/// The messenger's id of the client's last message.
fn last_id(chat: &Chat) -> ChannelMessageId {
    let heard = chat
        .last
        .messages
        .iter()
        .find(|message| message.sender_type == SenderType::User);
    heard.and_then(|message| message.channel_message_id).unwrap()
}

#[test]
fn an_edit_of_what_was_answered_changes_the_text_alone() {
    let mut chat = chat();
    chat.says("how much is a devops audit?");
    let id = last_id(&chat);
    assert_eq!(edit(&mut chat, id, "how much is a cloud audit?"), "");
    assert_eq!(chat.last.edits.len(), 1);
    assert!(chat.last.messages.is_empty() && chat.last.conversations.is_empty());
}

#[test]
fn an_edit_of_what_is_being_asked_is_asked_anew() {
    let mut chat = chat();
    chat.rules = model_rules();
    chat.says("we run forty rusty submarines");
    let (id, asked) = (last_id(&chat), chat.asked());
    assert!(asked.is_some());
    edit(&mut chat, id, "we run fifty rusty submarines");
    assert_eq!(chat.asked_messages(), 1, "the same message once");
    assert!(chat.asked().is_some() && chat.asked() != asked, "by another job");
    // An older message is not.
    chat.says("and they leak");
    let asked = chat.asked();
    edit(&mut chat, id, "we run sixty rusty submarines");
    assert_eq!(chat.asked(), asked);
    assert_eq!(chat.last.edits.len(), 1);
}

#[test]
fn an_edited_caption_is_answered_as_it_reads_when_the_album_is_complete() {
    let mut chat = chat();
    send(&mut chat, in_album("g", "nonsense about nothing"));
    let (id, file) = (last_id(&chat), made(&chat));
    let (fired, ..) = album_timer(&chat);
    assert_eq!(edit(&mut chat, id, "how much is a devops audit?"), "");
    settle(&mut chat, stored(&file));
    let told = fire(&mut chat, fired);
    assert!(told.contains("EUR 2,500"), "{told}");
}

#[test]
fn an_agent_who_has_the_chat_sees_what_was_changed() {
    let mut chat = chat();
    chat.says("we need forty servers");
    let id = last_id(&chat);
    chat.agent(AgentAction::Say { text: "hi".into() });
    assert_eq!(edit(&mut chat, id, "we need fifty servers"), "");
    let note = &chat.last.messages[0];
    assert_eq!(note.sender_type, SenderType::Note);
    assert!(note.content.contains("fifty"), "{}", note.content);
    assert!(chat.last.outgoing.is_empty());
}
