//! What is said after a lead was confirmed and nobody has spoken with the client.

use serde::Deserialize;
use std::time::Duration;
use toml::Spanned;

use super::duration;
use super::problem::Problems;

/// One text after a confirmed lead that nobody took up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FollowUp {
    /// How long after it was confirmed.
    pub after: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFollowUp {
    after: Spanned<String>,
}

/// Checks it.
pub(super) fn parse(file: &str, text: &str, raw: &RawFollowUp, problems: &mut Problems) -> Option<FollowUp> {
    let after = duration::parse(file, text, "follow_up.after", &raw.after, problems)?;
    Some(FollowUp { after })
}
