//! The messenger port.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use frontdesk_core::id::{Channel, ChannelMessageId, ChatId, ThreadId};
use frontdesk_core::port::messenger::{
    Action, Capabilities, Keyboard, Messenger, MessengerError, OutboundCall, Sent,
};
use frontdesk_core::text::{Entity, MESSAGE_UNITS, RichText, clip_units};
use serde::Serialize;

use crate::client::{Call, TelegramClient};

/// Sends through the Telegram Bot API. Text goes with entities, never with a parse mode.
///
/// Whether the server knows drafts is found out by the first one: until a server refuses the method,
/// [`Capabilities::drafts`] is set; afterwards it is not, for this messenger and its clones. Drafts go to
/// private chats only; elsewhere, and where they are not known, they are `Rejected` without a call.
#[derive(Clone, Debug)]
pub struct TelegramMessenger {
    client: TelegramClient,
    drafts_unknown: Arc<AtomicBool>,
}

impl TelegramMessenger {
    /// Sends through `client`.
    pub fn new(client: TelegramClient) -> Self {
        TelegramMessenger {
            client,
            drafts_unknown: Arc::default(),
        }
    }

    async fn draft(&self, call: &OutboundCall, draft_id: i64, text: &str) -> Result<(), MessengerError> {
        // Telegram's ids of private chats are those of people, which are positive.
        if call.chat.0 <= 0 {
            return Err(rejected("drafts go to private chats only"));
        }
        if self.drafts_unknown.load(Ordering::Relaxed) {
            return Err(rejected("this server does not know drafts"));
        }
        let draft = SendMessageDraft {
            chat_id: call.chat.0,
            message_thread_id: call.thread.map(|thread| thread.0),
            draft_id,
            text: clip_units(text, MESSAGE_UNITS),
            can_stop: true,
        };
        let draft = Call::to_chat("sendMessageDraft", &draft).optional();
        if self.client.call(draft).await?.is_known() {
            return Ok(());
        }
        self.drafts_unknown.store(true, Ordering::Relaxed);
        Err(rejected("this server does not know drafts"))
    }
}

fn rejected(why: &str) -> MessengerError {
    MessengerError::Rejected(format!("sendMessageDraft: {why}"))
}

#[async_trait]
impl Messenger for TelegramMessenger {
    fn channel(&self) -> Channel {
        Channel::TELEGRAM
    }

    async fn call(&self, call: &OutboundCall) -> Result<Sent, MessengerError> {
        match &call.action {
            Action::Send { content, keyboard } => {
                let message = SendMessage::new(call.chat, call.thread, content, keyboard.as_ref());
                let reply = self.client.call(Call::to_chat("sendMessage", &message)).await?;
                let fields = reply.fields();
                let message = fields.object("result").unwrap_or_default();
                Ok(Sent {
                    channel_message_id: message.number("message_id").map(ChannelMessageId),
                })
            }
            Action::AnswerTap { tap_id, text } => {
                let answer = AnswerCallbackQuery {
                    callback_query_id: tap_id,
                    text: text.as_deref().filter(|text| !text.is_empty()),
                };
                self.client
                    .call(Call::of_bot("answerCallbackQuery", &answer))
                    .await?;
                Ok(Sent::default())
            }
            Action::Typing => {
                let typing = SendChatAction {
                    chat_id: call.chat.0,
                    message_thread_id: call.thread.map(|thread| thread.0),
                    action: "typing",
                };
                self.client.call(Call::to_chat("sendChatAction", &typing)).await?;
                Ok(Sent::default())
            }
            Action::Draft { draft_id, text } => {
                self.draft(call, *draft_id, text).await?;
                Ok(Sent::default())
            }
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            typing: true,
            drafts: !self.drafts_unknown.load(Ordering::Relaxed),
        }
    }

    async fn probe(&self) -> Result<(), MessengerError> {
        self.client.get_me().await.map(|_| ())
    }
}

#[derive(Serialize)]
struct SendChatAction {
    chat_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_thread_id: Option<i64>,
    action: &'static str,
}

#[derive(Serialize)]
struct SendMessageDraft<'a> {
    chat_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_thread_id: Option<i64>,
    draft_id: i64,
    text: &'a str,
    can_stop: bool,
}

#[derive(Serialize)]
struct SendMessage<'a> {
    chat_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_thread_id: Option<i64>,
    text: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entities: Vec<MessageEntity<'a>>,
    link_preview_options: LinkPreviewOptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_markup: Option<ReplyMarkup<'a>>,
}

#[derive(Serialize)]
struct LinkPreviewOptions {
    is_disabled: bool,
}

#[derive(Serialize)]
struct MessageEntity<'a> {
    r#type: &'a str,
    offset: usize,
    length: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ReplyMarkup<'a> {
    Inline {
        inline_keyboard: Vec<Vec<InlineButton<'a>>>,
    },
    Reply {
        keyboard: [[ContactButton<'a>; 1]; 1],
        resize_keyboard: bool,
        one_time_keyboard: bool,
    },
    Remove {
        remove_keyboard: bool,
    },
}

#[derive(Serialize)]
struct InlineButton<'a> {
    text: &'a str,
    callback_data: &'a str,
}

#[derive(Serialize)]
struct ContactButton<'a> {
    text: &'a str,
    request_contact: bool,
}

#[derive(Serialize)]
struct AnswerCallbackQuery<'a> {
    callback_query_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

/// What Telegram shows of a text. Others are left out: the text is there all the same.
const ENTITY_KINDS: [&str; 10] = [
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "blockquote",
    "expandable_blockquote",
    "code",
    "pre",
    "text_link",
];

impl<'a> SendMessage<'a> {
    fn new(
        chat: ChatId,
        thread: Option<ThreadId>,
        content: &'a RichText,
        keyboard: Option<&'a Keyboard>,
    ) -> Self {
        SendMessage {
            chat_id: chat.0,
            message_thread_id: thread.map(|thread| thread.0),
            text: &content.text,
            entities: content.entities.iter().filter_map(MessageEntity::of).collect(),
            link_preview_options: LinkPreviewOptions { is_disabled: true },
            reply_markup: keyboard.map(ReplyMarkup::of),
        }
    }
}

impl<'a> MessageEntity<'a> {
    fn of(entity: &'a Entity) -> Option<Self> {
        let link = entity.kind == "text_link";
        let shown = ENTITY_KINDS.contains(&entity.kind.as_str())
            && entity.length > 0
            && (!link || entity.url.is_some());
        shown.then(|| MessageEntity {
            r#type: &entity.kind,
            offset: entity.offset,
            length: entity.length,
            url: entity.url.as_deref().filter(|_| link),
            language: entity.language.as_deref().filter(|_| entity.kind == "pre"),
        })
    }
}

impl<'a> ReplyMarkup<'a> {
    fn of(keyboard: &'a Keyboard) -> Self {
        match keyboard {
            Keyboard::Inline(rows) => ReplyMarkup::Inline {
                inline_keyboard: rows
                    .iter()
                    .map(|row| {
                        row.iter()
                            .map(|button| InlineButton {
                                text: &button.label,
                                callback_data: &button.data,
                            })
                            .collect()
                    })
                    .collect(),
            },
            Keyboard::ShareContact { label } => ReplyMarkup::Reply {
                keyboard: [[ContactButton {
                    text: label,
                    request_contact: true,
                }]],
                resize_keyboard: true,
                one_time_keyboard: true,
            },
            Keyboard::Remove => ReplyMarkup::Remove {
                remove_keyboard: true,
            },
        }
    }
}
