//! The bot's own registration with Telegram. Called by operators' commands only: nothing here is done
//! at start or stop, and pending updates are never dropped.

use frontdesk_core::id::BotId;
use frontdesk_core::port::messenger::MessengerError;
use frontdesk_core::time::Timestamp;
use serde::Serialize;

use crate::client::{Call, TelegramClient};
use crate::json::{Fields, string};

/// The bot as Telegram knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BotProfile {
    /// Its id.
    pub id: BotId,
    /// Its public name without the @.
    pub username: String,
    /// Its display name.
    pub first_name: String,
    /// Whether it may be added to groups.
    pub can_join_groups: bool,
    /// Whether it reads all messages of its groups without being an administrator.
    pub can_read_all_group_messages: bool,
}

/// Where Telegram delivers updates, and how that goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WebhookInfo {
    /// The URL; empty if updates are asked for.
    pub url: String,
    /// Updates that wait at Telegram.
    pub pending_updates: i64,
    /// When the last delivery failed.
    pub last_error_at: Option<Timestamp>,
    /// Why.
    pub last_error: Option<String>,
    /// When Telegram last failed to collect updates for the bot.
    pub last_synchronization_error_at: Option<Timestamp>,
    /// The most deliveries at a time.
    pub max_connections: Option<i64>,
    /// The address Telegram delivers to.
    pub ip_address: Option<String>,
    /// The kinds of updates that are delivered; empty for Telegram's default.
    pub allowed_updates: Vec<String>,
}

/// A command of the bot's menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BotCommand {
    /// Without the slash: 1–32 of `a-z 0-9 _`.
    pub command: String,
    /// 1–256 characters.
    pub description: String,
}

#[derive(Serialize)]
struct NoParameters {}

#[derive(Serialize)]
struct SetWebhook<'a> {
    url: &'a str,
    secret_token: &'a str,
    allowed_updates: &'a [&'a str],
    max_connections: u32,
}

#[derive(Serialize)]
struct SetMyCommands<'a> {
    commands: &'a [BotCommand],
    scope: Typed,
    #[serde(skip_serializing_if = "Option::is_none")]
    language_code: Option<&'a str>,
}

#[derive(Serialize)]
struct Typed {
    r#type: &'static str,
}

#[derive(Serialize)]
struct SetMyDescription<'a> {
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    language_code: Option<&'a str>,
}

#[derive(Serialize)]
struct SetMyShortDescription<'a> {
    short_description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    language_code: Option<&'a str>,
}

#[derive(Serialize)]
struct SetChatMenuButton {
    menu_button: Typed,
}

/// Registration. Locales are two-letter language codes; `None` is for everyone without an own one.
impl TelegramClient {
    /// The bot as Telegram knows it.
    ///
    /// # Errors
    /// Any [`MessengerError`].
    pub async fn get_me(&self) -> Result<BotProfile, MessengerError> {
        let reply = self.call(Call::of_bot("getMe", &NoParameters {})).await?;
        let fields = reply.fields();
        let user = fields.object("result").unwrap_or_default();
        Ok(BotProfile {
            id: user.number("id").map_or(self.bot_id(), BotId),
            username: owned(&user, "username").unwrap_or_default(),
            first_name: owned(&user, "first_name").unwrap_or_default(),
            can_join_groups: user.flag("can_join_groups"),
            can_read_all_group_messages: user.flag("can_read_all_group_messages"),
        })
    }

    /// Has updates delivered to `url`, with `secret` in each request's header. Updates that wait are
    /// delivered too.
    ///
    /// # Errors
    /// Any [`MessengerError`]; never with the secret in it.
    pub async fn set_webhook(
        &self,
        url: &str,
        secret: &str,
        allowed_updates: &[&str],
        max_connections: u32,
    ) -> Result<(), MessengerError> {
        let parameters = SetWebhook {
            url,
            secret_token: secret,
            allowed_updates,
            max_connections,
        };
        let call = Call::of_bot("setWebhook", &parameters).with_secret(secret);
        self.call(call).await.map(|_| ())
    }

    /// Where updates are delivered, and how that goes.
    ///
    /// # Errors
    /// Any [`MessengerError`].
    pub async fn webhook_info(&self) -> Result<WebhookInfo, MessengerError> {
        let reply = self
            .call(Call::of_bot("getWebhookInfo", &NoParameters {}))
            .await?;
        let fields = reply.fields();
        let info = fields.object("result").unwrap_or_default();
        let time = |name| info.number(name).map(Timestamp::from_seconds);
        Ok(WebhookInfo {
            url: owned(&info, "url").unwrap_or_default(),
            pending_updates: info.number("pending_update_count").unwrap_or_default(),
            last_error_at: time("last_error_date"),
            last_error: owned(&info, "last_error_message"),
            last_synchronization_error_at: time("last_synchronization_error_date"),
            max_connections: info.number("max_connections"),
            ip_address: owned(&info, "ip_address"),
            allowed_updates: info
                .list("allowed_updates")
                .unwrap_or_default()
                .into_iter()
                .filter_map(|raw| Some(string(raw)?.into_owned()))
                .collect(),
        })
    }

    /// Ends the delivery of updates; they wait at Telegram until asked for.
    ///
    /// # Errors
    /// Any [`MessengerError`].
    pub async fn delete_webhook(&self) -> Result<(), MessengerError> {
        self.call(Call::of_bot("deleteWebhook", &NoParameters {}))
            .await
            .map(|_| ())
    }

    /// Sets the commands that private chats offer.
    ///
    /// # Errors
    /// Any [`MessengerError`].
    pub async fn set_commands(
        &self,
        locale: Option<&str>,
        commands: &[BotCommand],
    ) -> Result<(), MessengerError> {
        let parameters = SetMyCommands {
            commands,
            scope: Typed {
                r#type: "all_private_chats",
            },
            language_code: locale,
        };
        self.call(Call::of_bot("setMyCommands", &parameters))
            .await
            .map(|_| ())
    }

    /// Sets the text of an empty chat: up to 512 characters.
    ///
    /// # Errors
    /// Any [`MessengerError`].
    pub async fn set_description(&self, locale: Option<&str>, text: &str) -> Result<(), MessengerError> {
        let parameters = SetMyDescription {
            description: text,
            language_code: locale,
        };
        self.call(Call::of_bot("setMyDescription", &parameters))
            .await
            .map(|_| ())
    }

    /// Sets the text of the bot's profile and of links to it: up to 120 characters.
    ///
    /// # Errors
    /// Any [`MessengerError`].
    pub async fn set_short_description(
        &self,
        locale: Option<&str>,
        text: &str,
    ) -> Result<(), MessengerError> {
        let parameters = SetMyShortDescription {
            short_description: text,
            language_code: locale,
        };
        self.call(Call::of_bot("setMyShortDescription", &parameters))
            .await
            .map(|_| ())
    }

    /// Makes the menu button of private chats list the commands.
    ///
    /// # Errors
    /// Any [`MessengerError`].
    pub async fn set_menu_button(&self) -> Result<(), MessengerError> {
        let parameters = SetChatMenuButton {
            menu_button: Typed { r#type: "commands" },
        };
        self.call(Call::of_bot("setChatMenuButton", &parameters))
            .await
            .map(|_| ())
    }
}

fn owned(fields: &Fields<'_>, name: &str) -> Option<String> {
    fields.text(name).map(std::borrow::Cow::into_owned)
}
