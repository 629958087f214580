//! `frontdesk run`: everything in one process, or the parts that are wanted.

use clap::Args;

use crate::cli::Context;
use crate::failure::Failure;
use crate::on_runtime;
use crate::serve::{Roles, serve};

#[derive(Debug, Default, Args)]
pub(crate) struct Arguments {
    /// Decide, send and run jobs elsewhere
    #[arg(long)]
    no_worker: bool,
    /// Take no updates in, neither by webhook nor by asking
    #[arg(long)]
    no_intake: bool,
}

pub(crate) fn execute(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let settings = context.settings()?;
    let roles = Roles {
        program: "frontdesk",
        intake: !arguments.no_intake,
        worker: !arguments.no_worker,
        office: true,
    };
    if settings.telegram.is_none() && (roles.intake || roles.worker) {
        return Err(Failure::Usage(
            "TELEGRAM_BOT_TOKEN: is not set: expected a token from @BotFather; `frontdesk chat` works without one"
                .to_owned(),
        ));
    }
    if settings.admin_addr.is_none() && !roles.intake && !roles.worker {
        return Err(Failure::Usage(
            "ADMIN_ADDR: is off: expected an address, since nothing else is left to do".to_owned(),
        ));
    }
    on_runtime(serve(&settings, roles))
}
