//! `frontdesk telegram`: the bot's registration. Nothing else ever changes it, and updates that wait
//! at Telegram are never dropped.

use clap::Subcommand;
use frontdesk_core::playbook::{Locale, Playbook};
use frontdesk_telegram::{ALLOWED_UPDATES, BotCommand, TelegramClient};
use std::io::Write as _;

use crate::cli::Context;
use crate::failure::Failure;
use crate::log::Log;
use crate::playbook;
use crate::settings::Telegram;

/// How many deliveries Telegram may make at a time.
const CONNECTIONS: u32 = 40;

/// Commands in the bot's menu; their descriptions are the texts `command-NAME`.
const MENU: &[&str] = &[
    "start", "help", "services", "quote", "human", "cancel", "stop", "language", "privacy",
];

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Register commands, descriptions and the menu button, in every locale of the playbook
    Setup,
    /// Have updates delivered to PUBLIC_URL
    SetWebhook,
    /// Where updates are delivered, and how that goes
    WebhookInfo {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Have updates wait to be asked for
    DeleteWebhook,
}

pub(crate) fn execute(context: &Context, action: &Action) -> Result<(), Failure> {
    let settings = context.settings()?;
    let telegram = settings.telegram.clone().ok_or_else(|| {
        Failure::Usage("TELEGRAM_BOT_TOKEN: is not set: expected a token from @BotFather".to_owned())
    })?;
    crate::on_runtime(async {
        let logging = Log::start(&settings);
        let client = crate::telegram::client(&telegram, &logging.root)?;
        let mut out = std::io::stdout();
        let done = match action {
            Action::Setup => {
                setup(&client, &playbook::load(settings.playbook.as_deref())?).await?;
                "commands, descriptions and menu button are registered".to_owned()
            }
            Action::SetWebhook => set_webhook(&client, &telegram).await?,
            Action::WebhookInfo { json } => info(&client, *json).await?,
            Action::DeleteWebhook => {
                client.delete_webhook().await.map_err(Failure::work)?;
                "updates are no longer delivered; they wait to be asked for".to_owned()
            }
        };
        writeln!(out, "{done}").map_err(Failure::output)
    })
}

async fn set_webhook(client: &TelegramClient, telegram: &Telegram) -> Result<String, Failure> {
    let Some(public_url) = &telegram.public_url else {
        return Err(Failure::Usage(
            "PUBLIC_URL: is not set: expected https://… under which Telegram reaches this".to_owned(),
        ));
    };
    let Some(secret) = telegram.secrets.first() else {
        return Err(Failure::Usage(
            "TELEGRAM_WEBHOOK_SECRET: is not set: expected 1 to 256 of A-Z a-z 0-9 _ -".to_owned(),
        ));
    };
    let url = format!("{public_url}/webhook/telegram");
    client
        .set_webhook(&url, secret.expose(), &ALLOWED_UPDATES, CONNECTIONS)
        .await
        .map_err(Failure::work)?;
    Ok(format!("updates are delivered to {url}"))
}

async fn info(client: &TelegramClient, json: bool) -> Result<String, Failure> {
    let info = client.webhook_info().await.map_err(Failure::work)?;
    if json {
        return serde_json::to_string(&info).map_err(Failure::work);
    }
    if info.url.is_empty() {
        return Ok(format!(
            "no webhook: updates are asked for; {} wait",
            info.pending_updates
        ));
    }
    let mut lines = vec![format!(
        "delivered to {}; {} wait",
        info.url, info.pending_updates
    )];
    if let (Some(at), Some(why)) = (info.last_error_at, &info.last_error) {
        lines.push(format!("last error at {at}: {why}"));
    }
    Ok(lines.join("\n"))
}

async fn setup(client: &TelegramClient, playbook: &Playbook) -> Result<(), Failure> {
    // The default locale stands for everybody whose language has no texts of its own.
    let default = (None, &playbook.default_locale);
    let own = playbook
        .locales
        .iter()
        .map(|locale| (Some(locale.language()), locale));
    for (language, locale) in std::iter::once(default).chain(own) {
        let text = |key: &str, locale: &Locale| {
            playbook
                .texts
                .get(locale, key, &[("brand", &playbook.brand.name)])
        };
        let commands: Vec<BotCommand> = MENU
            .iter()
            .map(|name| BotCommand {
                command: (*name).to_owned(),
                description: text(&format!("command-{name}"), locale),
            })
            .collect();
        client
            .set_commands(language, &commands)
            .await
            .map_err(Failure::work)?;
        client
            .set_description(language, &text("bot-description", locale))
            .await
            .map_err(Failure::work)?;
        let short = text("bot-short-description", locale);
        client
            .set_short_description(language, &short)
            .await
            .map_err(Failure::work)?;
    }
    client.set_menu_button().await.map_err(Failure::work)
}
