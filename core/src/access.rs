//! Who may use the admin API: agents, their roles, and the tokens they show.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

use crate::audit::hex;
use crate::id::{AgentId, TokenId};
use crate::time::Timestamp;

open_enum! {
    /// What an agent may do.
    Role {
        /// Reads.
        Viewer = "viewer",
        /// Also speaks to clients and moves leads.
        Agent = "agent",
        /// Everything.
        Admin = "admin",
    }
}

impl Role {
    /// Whether someone of this role may do what `needed` may. A role this build does not know may
    /// nothing.
    pub fn includes(&self, needed: &Role) -> bool {
        match (self.rank(), needed.rank()) {
            (Some(has), Some(needs)) => has >= needs,
            _ => false,
        }
    }

    fn rank(&self) -> Option<u8> {
        match self {
            Role::Viewer => Some(1),
            Role::Agent => Some(2),
            Role::Admin => Some(3),
            Role::Unknown(_) => None,
        }
    }
}

/// A person or a program that works for the company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// The desk's id.
    pub id: AgentId,
    /// What they are called.
    pub display_name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may do it at present.
    pub active: bool,
}

/// The SHA-256 of a token, which is all that is kept of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenHash(String);

impl TokenHash {
    /// Of a token or another secret.
    pub fn of(secret: &str) -> Self {
        TokenHash(hex(&Sha256::digest(secret.as_bytes())))
    }

    /// As it was kept: 64 hexadecimal digits.
    pub fn from_text(text: String) -> Self {
        TokenHash(text)
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both are the same, in a time that tells nothing.
    pub fn matches(&self, other: &TokenHash) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

/// A token, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// The desk's id.
    pub id: TokenId,
    /// Whose it is.
    pub agent_id: AgentId,
    /// What it is for.
    pub name: String,
    /// Its hash.
    pub hash: TokenHash,
    /// Its start, by which it is found and recognised.
    pub prefix: String,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to a minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl ApiToken {
    /// Whether it opens anything at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// A token with whom it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedToken {
    /// The token.
    pub token: ApiToken,
    /// Whose it is.
    pub agent: Agent,
}

/// A token in the hand of its owner: `fd_` and 64 hexadecimal digits. Prints as `TokenSecret(***)`.
#[derive(Clone)]
pub struct TokenSecret(String);

impl TokenSecret {
    const START: &'static str = "fd_";
    const DIGITS: usize = 64;
    /// Length of the part by which a token is found.
    const PREFIX: usize = 11;

    /// A new token from 32 random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        TokenSecret(format!("{}{}", Self::START, hex(&random)))
    }

    /// A text that somebody shows; `None` if it has not the form of a token.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(Self::START)?;
        let fine = digits.len() == Self::DIGITS
            && digits
                .bytes()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        fine.then(|| TokenSecret(text.to_owned()))
    }

    /// The token itself: to be shown to its owner, once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Its start, which is no secret.
    pub fn prefix(&self) -> &str {
        self.0.get(..Self::PREFIX).unwrap_or_default()
    }

    /// Its hash.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSecret(***)")
    }
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An agent, by a token.
    Agent(AgentId),
    /// Whoever holds the bootstrap token.
    Bootstrap,
    /// Whoever runs a command on the machine.
    CommandLine,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Agent(id) => write!(f, "agent:{id}"),
            Actor::Bootstrap => f.write_str("bootstrap"),
            Actor::CommandLine => f.write_str("command line"),
        }
    }
}

/// Somebody who is known and asks for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub actor: Actor,
    /// What they are called.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

impl Caller {
    /// Whoever holds the bootstrap token.
    pub fn bootstrap() -> Self {
        Caller {
            actor: Actor::Bootstrap,
            name: "admin".to_owned(),
            role: Role::Admin,
        }
    }

    /// Whoever runs a command on the machine.
    pub fn command_line() -> Self {
        Caller {
            actor: Actor::CommandLine,
            name: "admin".to_owned(),
            role: Role::Admin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_includes_those_below_it_and_an_unknown_one_nothing() {
        let mut table = Vec::new();
        for has in Role::KNOWN {
            for needs in Role::KNOWN {
                if has.includes(needs) {
                    table.push(format!("{has}>{needs}"));
                }
            }
            let odd = Role::from_text("owner");
            assert!(!odd.includes(has) && !has.includes(&odd) && !odd.includes(&odd));
        }
        assert_eq!(
            table.join(" "),
            "viewer>viewer agent>viewer agent>agent admin>viewer admin>agent admin>admin"
        );
    }

    #[test]
    fn a_token_has_its_form_and_prints_nothing() {
        let secret = TokenSecret::new([0xab; 32]);
        assert_eq!(secret.expose(), format!("fd_{}", "ab".repeat(32)));
        assert_eq!(secret.prefix(), "fd_abababab");
        assert_eq!(format!("{secret:?}"), "TokenSecret(***)");
        assert!(secret.hash().matches(&TokenHash::of(secret.expose())));
        assert!(!secret.hash().matches(&TokenHash::of("other")));
        for odd in [
            "",
            "fd_",
            "fd_ab",
            "ab",
            &format!("fd_{}", "AB".repeat(32)),
            "fd_\u{e9}\u{e9}",
        ] {
            assert!(TokenSecret::parse(odd).is_none(), "{odd}");
        }
        assert!(TokenSecret::parse(secret.expose()).is_some());
    }

    #[test]
    fn a_token_ends() {
        let now = Timestamp::from_seconds(100);
        let token = ApiToken {
            id: TokenId(uuid::Uuid::nil()),
            agent_id: AgentId(uuid::Uuid::nil()),
            name: "ci".to_owned(),
            hash: TokenHash::of("x"),
            prefix: "fd_00000000".to_owned(),
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
            created_at: now,
        };
        assert!(token.is_valid(now));
        let ends = |expires_at| ApiToken {
            expires_at: Some(expires_at),
            ..token.clone()
        };
        assert!(ends(Timestamp::from_seconds(101)).is_valid(now));
        assert!(!ends(now).is_valid(now));
        let revoked = ApiToken {
            revoked_at: Some(now),
            ..token
        };
        assert!(!revoked.is_valid(now));
    }
}
