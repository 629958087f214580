//! Every port of Frontdesk in memory: the embedded cache, and what testers use.
//!
//! Nothing in here runs by itself, waits by itself or reads a clock of its own: time comes from the
//! [`Clock`](frontdesk_core::port::Clock) that is handed in, so that the same calls in the same order
//! always give the same results. Everything passes the conformance kit `frontdesk-port-kit`.
//!
//! | port | here |
//! | --- | --- |
//! | `DeskStore`, `BackOfficeStore` | [`MemoryStore`] |
//! | `Cache` | [`MemoryCache`] |
//! | `FileStorage` | [`MemoryFiles`] |
//! | `LanguageModel` | [`ScriptedModel`] |
//! | `Messenger` | [`RecordingMessenger`] |
//! | `FileSource` | [`ScriptedFiles`] |
//! | `Metrics` | [`RecordingMetrics`] |
//! | `Clock`, `IdSource` | [`SimulatedClock`], [`SeededIds`] |
//!
//! ```
//! use std::sync::Arc;
//! use frontdesk_core::time::Timestamp;
//! use frontdesk_memory::{MemoryStore, SimulatedClock};
//!
//! let clock = SimulatedClock::at(Timestamp::from_seconds(1_800_000_000));
//! let store = MemoryStore::new(Arc::new(clock.clone()));
//! clock.advance(std::time::Duration::from_secs(30)); // what was leased for 30 s is due again
//! # drop(store);
//! ```

mod cache;
mod clock;
mod file_source;
mod files;
mod ids;
mod messenger;
mod metrics;
mod model;
mod store;
mod topics;

pub use cache::MemoryCache;
pub use clock::SimulatedClock;
pub use file_source::{ScriptedFiles, ScriptedRead};
pub use files::MemoryFiles;
pub use ids::SeededIds;
pub use messenger::{RecordingMessenger, ScriptedCall};
pub use metrics::RecordingMetrics;
pub use model::ScriptedModel;
#[doc(hidden)]
pub use store::Fault;
pub use store::{Delivery, MemoryStore};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The lock, whether or not somebody panicked under it: a test that failed once says more than
/// the poison it left.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
