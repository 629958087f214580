//! How a fake is set up.

use std::net::{Ipv4Addr, SocketAddr};

/// The settings of one fake. `Config::default()` suits most tests; set fields as needed.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The one key that is accepted.
    pub key: String,
    /// The models there are, by their exact names. Empty takes every name.
    pub models: Vec<String>,
    /// The longest prompt, in tokens as the fake counts them.
    pub context_tokens: u64,
    /// Seed of everything random: faults by probability.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            key: "ak_fake-longcat-key".to_owned(),
            models: vec!["LongCat-2.0".to_owned(), "LongCat-2.5-Preview".to_owned()],
            context_tokens: 1_048_576,
            seed: 1,
        }
    }
}
