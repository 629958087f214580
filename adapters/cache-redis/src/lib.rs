//! The cache port on Redis, shared by many processes.
//!
//! Values are JSON text with a time to live, so that other tools can read them. Counters are Redis
//! integers, raised by one script, a whole batch in one round trip, each with its window from its
//! first count. Messages are Redis' publish and subscribe, a connection for each subscription.
//!
//! What it keeps to: a connection whose answer was not heard is not used again; nothing is waited
//! for longer than the limits in [`RedisSettings`]; the URL, and with it the password, is in no error,
//! log or `Debug`. One server, or a primary behind one address: the script's keys lie anywhere, which
//! Redis Cluster does not allow.

mod cache;
mod connect;
mod count;
mod subscription;

pub use cache::RedisCache;
pub use connect::{OpenError, RedisSettings};
