//! Diesel's errors by what they mean to the desk.

use diesel::result::{DatabaseErrorKind, Error};

use frontdesk_core::port::store::StoreError;

/// What SQLite and Postgres say when they cannot write.
const NOT_WRITABLE: [&str; 6] = [
    "disk is full",
    "no space left",
    "could not extend file",
    "readonly database",
    "disk i/o error",
    "unable to open database file",
];

/// What Postgres says of values it does not take and for which Diesel has no kind.
const REFUSED: [&str; 6] = [
    "value too long",
    "out of range",
    "invalid byte sequence",
    "unsupported unicode escape",
    "invalid input syntax",
    "datatype mismatch",
];

/// The port's word for an error of the database.
///
/// What is neither known to be a refusal nor a full disk counts as transient: it is tried again and
/// becomes a dead letter in the end, whereas a refusal taken for granted would park good work.
pub(crate) fn store_error(error: Error) -> StoreError {
    match &error {
        Error::DatabaseError(kind, information) => {
            let says = information.message().to_lowercase();
            if NOT_WRITABLE.iter().any(|words| says.contains(words)) {
                return StoreError::NotWritable(Box::new(error));
            }
            match kind {
                DatabaseErrorKind::UniqueViolation
                | DatabaseErrorKind::ForeignKeyViolation
                | DatabaseErrorKind::NotNullViolation
                | DatabaseErrorKind::CheckViolation
                | DatabaseErrorKind::RestrictViolation
                | DatabaseErrorKind::ExclusionViolation => StoreError::Refused(Box::new(error)),
                DatabaseErrorKind::ReadOnlyTransaction => StoreError::NotWritable(Box::new(error)),
                _ if REFUSED.iter().any(|words| says.contains(words)) => StoreError::Refused(Box::new(error)),
                _ => StoreError::Unavailable(Box::new(error)),
            }
        }
        Error::InvalidCString(_) | Error::SerializationError(_) | Error::QueryBuilderError(_) => {
            StoreError::Refused(Box::new(error))
        }
        Error::DeserializationError(why) => StoreError::Corrupt(why.to_string()),
        Error::NotFound => StoreError::Corrupt("a row that must be there is missing".to_owned()),
        _ => StoreError::Unavailable(Box::new(error)),
    }
}

/// A connection could not be had.
pub(crate) fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Unavailable(error.into())
}
