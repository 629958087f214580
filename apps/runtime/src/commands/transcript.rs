//! `frontdesk transcript`: a stored chat as a transcript.

use clap::Args;
use serde_json::{Value, json};
use std::io::Write as _;

use frontdesk_core::guard::disguise::Disguise;
use frontdesk_core::id::ConversationId;
use frontdesk_core::port::back_office::{Case, ConversationStore as _};
use frontdesk_core::replay::decide_again;
use frontdesk_store_diesel::DieselStore;

use crate::cli::Context;
use crate::failure::Failure;
use crate::log::Log;
use crate::offline::Offline;
use crate::{kept, store};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The conversation's id
    conversation: String,
    /// With names, addresses and numbers as they are
    #[arg(long)]
    raw: bool,
    /// One JSON object: conversation_id, redacted, transcript
    #[arg(long)]
    json: bool,
}

pub(crate) fn execute(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let settings = context.settings()?;
    crate::on_runtime(async {
        let logging = Log::start(&settings);
        let store = store::open(&settings, false, &logging.root).await?;
        let case = find(&store, &arguments.conversation).await?;
        let offline = Offline::load(&settings, &logging.root)?;
        let kept = kept::whole(&store, case).await.map_err(Failure::work)?;
        let again = decide_again(offline.ladder(), &kept);
        let mut disguise = Disguise::of(&kept.client, kept.lead.as_ref());
        let hide = |text: &str| {
            if arguments.raw {
                text.to_owned()
            } else {
                disguise.hide(text)
            }
        };
        let playbook = offline.ladder().without_model.playbook();
        let text = frontdesk_transcript::transcribe(&kept, &again, playbook, hide);
        let mut out = std::io::stdout();
        let written = if arguments.json {
            let id = kept.conversation.id;
            let line = json!({ "conversation_id": id, "redacted": !arguments.raw, "transcript": text });
            writeln!(out, "{line}")
        } else {
            write!(out, "{text}")
        };
        written.map_err(Failure::output)
    })
}

/// The case of an id.
pub(super) async fn find(store: &DieselStore, id: &str) -> Result<Case, Failure> {
    let wanted: ConversationId = serde_json::from_value(Value::from(id))
        .map_err(|_| Failure::Usage(format!("`{id}` is no id of a conversation: expected a UUID")))?;
    store
        .conversation(wanted)
        .await
        .map_err(Failure::work)?
        .ok_or_else(|| Failure::Work(format!("there is no conversation {wanted}")))
}
