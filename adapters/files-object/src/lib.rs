//! The file storage port on a local folder and, with the feature `s3`, in a bucket of S3 or of what
//! speaks like it.
//!
//! | file | subject |
//! | --- | --- |
//! | `place.rs` | [`FilesPlace`]: what `FILES_URL` says |
//! | `storage.rs` | [`ObjectFiles`]: one of the two, with what both keep to |
//! | `staged.rs` | how staged files are called |
//! | `folder/` | the local folder: durable, private, nothing outside of it |
//! | `bucket/` | the bucket |
//!
//! In both, what is kept lies under `kept/` by its key, and what is being written under `staged/` by a
//! name that tells when it was begun. Names never come from clients: keys are checked, and the rest is
//! made here.

#[cfg(feature = "s3")]
mod bucket;
mod folder;
mod place;
mod staged;
mod storage;

pub use place::{BadPlace, FilesPlace};
pub use storage::{Access, ObjectFiles, OpenError};

/// Whether this build has what buckets need.
pub const HAS_S3: bool = cfg!(feature = "s3");
