//! The fake as a program: `fake-llm --listen 127.0.0.1:8082` prints one JSON line when it is ready.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use frontdesk_fake_llm::{Config, FakeLlm};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

/// A fake of an OpenAI-style chat-completions server in LongCat's dialect, with faults by request.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The one key that is accepted
    #[arg(long, default_value = "ak_fake-longcat-key")]
    key: String,
    /// A model there is, by its exact name; may be given several times
    #[arg(long = "model", default_values = ["LongCat-2.0", "LongCat-2.5-Preview"])]
    models: Vec<String>,
    /// The longest prompt, in tokens of four characters
    #[arg(long, default_value_t = 1_048_576)]
    context_tokens: u64,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl From<Arguments> for Config {
    fn from(arguments: Arguments) -> Self {
        Self {
            listen: arguments.listen,
            key: arguments.key,
            models: arguments.models,
            context_tokens: arguments.context_tokens,
            seed: arguments.seed,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().into()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fake-llm: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let llm = FakeLlm::start(config).await?;
    println!(
        "{}",
        json!({"url": llm.url(), "api_url": llm.api_url(), "key": llm.key(), "pid": std::process::id()})
    );
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    llm.stop().await;
    Ok(())
}
