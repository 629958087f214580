//! `frontdesk token`: tokens of the admin API.

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use std::io::Write as _;

use frontdesk_core::access::{Caller, OwnedToken, Role};
use frontdesk_core::desk::{BackOffice, NewToken, OfficeError, TokenFor};
use frontdesk_core::id::TokenId;
use frontdesk_core::port::back_office::Paging;

use crate::cli::Context;
use crate::failure::Failure;
use crate::log::Log;
use crate::settings::duration::duration;
use crate::{admin, store};

/// Tokens read from the store at once.
const PART: usize = 200;

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Make one; its secret is shown here and never again
    Create {
        /// What it is for; its agent is called so, too
        #[arg(long)]
        name: String,
        /// What it may do
        #[arg(long)]
        role: RoleName,
        /// How long it is valid, such as 90d or 12h; for ever if not given
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show them, newest first
    List {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Take one back for good
    Revoke {
        /// Its id
        id: String,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RoleName {
    /// Reads
    Viewer,
    /// Also speaks to clients and moves leads
    Agent,
    /// Everything
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Viewer => Role::Viewer,
            RoleName::Agent => Role::Agent,
            RoleName::Admin => Role::Admin,
        }
    }
}

pub(crate) fn execute(context: &Context, action: &Action) -> Result<(), Failure> {
    let settings = context.settings()?;
    crate::on_runtime(async {
        let logging = Log::start(&settings);
        let store = store::open(&settings, false, &logging.root).await?;
        let office = admin::office(&store, None, None, &settings, &logging.root);
        match action {
            Action::Create {
                name,
                role,
                expires,
                json,
            } => create(&office, name, *role, expires.as_deref(), *json).await,
            Action::List { json } => list(&office, *json).await,
            Action::Revoke { id } => revoke(&office, id).await,
        }
    })
}

async fn create(
    office: &BackOffice,
    name: &str,
    role: RoleName,
    expires: Option<&str>,
    json: bool,
) -> Result<(), Failure> {
    let expires_at = match expires {
        None => None,
        Some(text) => match duration(text).filter(|time| !time.is_zero()) {
            Some(time) => Some(office.now() + time),
            None => {
                return Err(Failure::Usage(
                    "--expires: expected a time such as 90d or 12h, above zero".to_owned(),
                ));
            }
        },
    };
    let new = NewToken {
        name: name.to_owned(),
        owner: TokenFor::NewAgent(role.into()),
        expires_at,
    };
    let made = office.create_token(&Caller::command_line(), new).await;
    let (owned, secret) = made.map_err(|error| match error {
        OfficeError::Impossible(why) => Failure::Usage(why),
        error => Failure::work(error),
    })?;
    let mut out = std::io::stdout();
    let written = if json {
        let mut line = view(&owned);
        line["secret"] = Value::from(secret.expose());
        writeln!(out, "{line}")
    } else {
        writeln!(
            out,
            "{}\nThis is the token, shown once. Its id is {}.",
            secret.expose(),
            owned.token.id
        )
    };
    written.map_err(Failure::output)
}

async fn list(office: &BackOffice, json: bool) -> Result<(), Failure> {
    let mut out = std::io::stdout();
    let mut page = Paging::first(PART);
    loop {
        let listed = office.tokens(&page).await.map_err(Failure::work)?;
        for owned in &listed.items {
            let written = if json {
                writeln!(out, "{}", view(owned))
            } else {
                writeln!(out, "{}", line(owned, office))
            };
            written.map_err(Failure::output)?;
        }
        page.before = listed.items.last().map(|owned| owned.token.id);
        if !listed.more {
            return Ok(());
        }
    }
}

fn line(owned: &OwnedToken, office: &BackOffice) -> String {
    let OwnedToken { token, agent } = owned;
    let state = if token.revoked_at.is_some() {
        "revoked"
    } else if !token.is_valid(office.now()) {
        "expired"
    } else {
        "valid"
    };
    let time = |at: Option<frontdesk_core::time::Timestamp>| {
        at.map_or_else(|| "never".to_owned(), |at| at.to_string())
    };
    format!(
        "{}\t{}…\t{}\t{state}\texpires {}\tlast used {}\t{}",
        token.id,
        token.prefix,
        agent.role,
        time(token.expires_at),
        time(token.last_used_at),
        token.name
    )
}

fn view(OwnedToken { token, agent }: &OwnedToken) -> Value {
    json!({
        "id": token.id,
        "name": token.name,
        "prefix": token.prefix,
        "agent_id": agent.id,
        "role": agent.role,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "revoked_at": token.revoked_at,
        "created_at": token.created_at,
    })
}

async fn revoke(office: &BackOffice, id: &str) -> Result<(), Failure> {
    let unknown =
        || Failure::Work("there is no such token: `frontdesk token list` shows their ids".to_owned());
    let id: TokenId = serde_json::from_value(Value::from(id)).map_err(|_| unknown())?;
    office
        .revoke_token(&Caller::command_line(), id)
        .await
        .map_err(|error| match error {
            OfficeError::NotFound => unknown(),
            error => Failure::work(error),
        })
}
