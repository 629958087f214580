//! Where a client stands with the limits.

use frontdesk_core::desk::RateStatus;
use schemars::JsonSchema;
use serde::Serialize;

/// One limit of a client.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WindowView {
    /// Messages in the running window; one above the limit at most.
    count: u64,
    /// 0 for no limit.
    limit: u64,
    /// Zero if no window runs.
    resets_in_seconds: f64,
}

/// Where a client stands with the limits.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RateLimitView {
    channel: String,
    user_id: i64,
    hour: WindowView,
    day: WindowView,
}

impl RateLimitView {
    pub(crate) fn new(channel: String, user_id: i64, status: &RateStatus) -> Self {
        RateLimitView {
            channel,
            user_id,
            hour: WindowView {
                count: status.hour_count,
                limit: status.hour_limit,
                resets_in_seconds: status.hour_resets_in.as_secs_f64(),
            },
            day: WindowView {
                count: status.day_count,
                limit: status.day_limit,
                resets_in_seconds: status.day_resets_in.as_secs_f64(),
            },
        }
    }
}
