//! The fake as a program: `fake-telegram --listen 127.0.0.1:8081` prints one JSON line when it is ready.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use frontdesk_fake_telegram::{Config, FakeTelegram, RateLimits};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

/// A stateful fake of the Telegram Bot API, with its delivery rules and with faults by request.
#[derive(Debug, Parser)]
#[command(version)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the command line"
)]
struct Arguments {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The bot's token
    #[arg(long, default_value = "7000001:fake-telegram-token")]
    token: String,
    /// The bot's user name
    #[arg(long, default_value = "frontdesk_fake_bot")]
    username: String,
    /// Factor on Telegram's own waits (back-off, Retry-After, expiries)
    #[arg(long, default_value_t = 1.0)]
    time_scale: f64,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The first update_id
    #[arg(long, default_value_t = 2_000_001)]
    first_update_id: i64,
    /// How often each update is delivered
    #[arg(long, default_value_t = 1)]
    deliver_times: u32,
    /// Flood limits as Telegram's: 1/s a chat, 20/min a group, 30/s in all
    #[arg(long)]
    rate_limits: bool,
    /// Deliver here (http://host:port) whatever host the webhook's URL names
    #[arg(long)]
    deliver_to: Option<String>,
    /// Private chats need not be opened by the user first
    #[arg(long)]
    open_chats: bool,
    /// Behave as a local Bot API server: plain-HTTP webhooks on any host
    #[arg(long)]
    local: bool,
    /// Behave as a server that does not know sendMessageDraft
    #[arg(long)]
    no_drafts: bool,
    /// Take parse_mode, and cut entities after the first 100 as Telegram does, instead of refusing both
    #[arg(long)]
    lenient: bool,
    /// Updates and callback queries never expire
    #[arg(long)]
    no_expiry: bool,
}

impl From<Arguments> for Config {
    fn from(arguments: Arguments) -> Self {
        Self {
            listen: arguments.listen,
            token: arguments.token,
            bot_username: arguments.username,
            time_scale: arguments.time_scale,
            seed: arguments.seed,
            first_update_id: arguments.first_update_id,
            deliver_times: arguments.deliver_times.max(1),
            rate_limits: arguments.rate_limits.then(RateLimits::default),
            deliver_to: arguments.deliver_to,
            open_chats: arguments.open_chats,
            local: arguments.local,
            drafts: !arguments.no_drafts,
            strict: !arguments.lenient,
            expire: !arguments.no_expiry,
            ..Self::default()
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().into()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fake-telegram: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let telegram = FakeTelegram::start(config).await?;
    println!(
        "{}",
        json!({"url": telegram.url(), "token": telegram.token(), "pid": std::process::id()})
    );
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    telegram.stop().await;
    Ok(())
}
