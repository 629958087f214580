//! The ports: what the desk needs of the world, one file each.
//!
//! Every trait here is dyn-safe, `Debug + Send + Sync` and passed as `Arc<dyn …>`. The contract of
//! a method (atomicity, order, idempotency, what a retry may do) is in its documentation; the
//! conformance kit `frontdesk-port-kit` checks an adapter against it. Errors are one enum per port,
//! by meaning; "not found" is `Ok(None)`.

pub mod attachments;
pub mod back_office;
pub mod budget;
pub mod cache;
pub mod clock;
pub mod files;
pub mod knowledge;
pub mod llm;
pub mod messenger;
pub mod metrics;
pub mod store;

pub use attachments::AttachmentStore;
pub use back_office::BackOfficeStore;
pub use budget::BudgetStore;
pub use cache::{Cache, CacheError, Subscription};
pub use clock::{Clock, IdSource, NoRandomness, SecretSource};
pub use files::{FileHead, FileStorage, FilesError, StagedFile};
pub use knowledge::KnowledgeStore;
pub use llm::{LanguageModel, ModelError};
pub use messenger::{
    FileSource, FileSourceError, FileStream, Messenger, MessengerError, UpdateDecoder, UpdateSource,
};
pub use metrics::{Metrics, NoMetrics};
pub use store::{DeskStore, StoreError};

#[cfg(feature = "mocks")]
pub use self::{
    cache::MockCache, cache::MockSubscription, clock::MockClock, clock::MockIdSource, files::MockFileStorage,
    files::MockStagedFile, llm::MockLanguageModel, messenger::MockFileSource, messenger::MockFileStream,
    messenger::MockMessenger, messenger::MockUpdateDecoder, messenger::MockUpdateSource,
};
