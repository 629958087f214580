//! The back office over the store that the settings name.

use std::sync::Arc;

use frontdesk_core::access::TokenHash;
use frontdesk_core::desk::{BackOffice, BackOfficeParts};
use frontdesk_core::dialogue::RulesInForce;
use frontdesk_core::port::FileStorage;
use frontdesk_store_diesel::DieselStore;
use slog::Logger;

use crate::clock::{OsEntropy, SystemClock};
use crate::settings::Settings;

/// A bootstrap token shorter than this can be guessed.
const SHORT: usize = 16;

/// A back office that reaches no chat until it is opened with an engine's door.
pub(crate) fn office(
    store: &DieselStore,
    files: Option<Arc<dyn FileStorage>>,
    rules: Option<RulesInForce>,
    settings: &Settings,
    log: &Logger,
) -> BackOffice {
    let token = settings.admin_token.as_ref();
    if token.is_some_and(|token| token.expose().len() < SHORT) {
        slog::warn!(log, "ADMIN_TOKEN is short enough to be guessed"; "recommended_characters" => SHORT);
    }
    BackOffice::new(BackOfficeParts {
        store: Arc::new(store.clone()),
        upkeep: Arc::new(store.clone()),
        files,
        rules,
        clock: Arc::new(SystemClock),
        ids: Arc::new(OsEntropy),
        secrets: Arc::new(OsEntropy),
        bootstrap: token.map(|token| TokenHash::of(token.expose())),
        log: log.clone(),
    })
}
