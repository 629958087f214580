//! Opening the database that the settings name.

use frontdesk_store_diesel::{DieselStore, StoreSettings};
use slog::Logger;

use crate::failure::Failure;
use crate::settings::{Database, Settings};

/// Opens the database for an engine (the one that works on SQLite) or for a short command.
pub(crate) async fn open(settings: &Settings, engine: bool, log: &Logger) -> Result<DieselStore, Failure> {
    let embedded = match &settings.database {
        Database::Sqlite(path) => {
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder).map_err(|error| {
                    Failure::Work(format!(
                        "the folder {} cannot be made: {error}: set DATA_DIR to a folder you may write to",
                        folder.display()
                    ))
                })?;
            }
            true
        }
        Database::Postgres(_) => false,
    };
    let store_settings = StoreSettings {
        url: settings.database.url(),
        pool: settings.database_pool,
        engine: engine && embedded,
        // Postgres is migrated by `frontdesk migrate` only: several programs share it.
        migrate: engine && embedded,
    };
    DieselStore::open(&store_settings, log.clone())
        .await
        .map_err(Failure::work)
}
