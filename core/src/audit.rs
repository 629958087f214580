//! The audit log: who changed what. Append-only, and chained, so that what was changed afterwards
//! shows.
//!
//! Each entry's hash covers the entry and the hash before it. Whoever changes, takes out or inserts
//! an entry would have to write every later one anew. What the chain cannot show by itself is that
//! the newest entries were cut off: for that, the last number and hash are kept elsewhere.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;

use crate::time::Timestamp;

/// A SHA-256, as 64 hexadecimal digits in small letters.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuditHash(String);

impl AuditHash {
    /// What stands before the first entry.
    pub fn start() -> Self {
        AuditHash("0".repeat(64))
    }

    /// As it was kept, right or wrong: [`AuditChain`] tells.
    pub fn from_text(text: String) -> Self {
        AuditHash(text)
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuditHash({})", self.0)
    }
}

/// Something that was done, to be appended with what it changed. Never texts, names of clients or
/// other personal data: the log is never erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAuditEntry {
    /// When, by the desk's clock.
    pub at: Timestamp,
    /// Who: `agent:<id>`, `bootstrap` or `command line`.
    pub actor: String,
    /// What: `lead.stage`, `token.create`, …
    pub action: String,
    /// To what: `lead:<id>`, `token:<id>`, …
    pub subject: String,
    /// What else there is to know.
    pub detail: BTreeMap<String, String>,
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its number: from 1, without gaps.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
    /// What else; an object of texts.
    pub detail: Value,
    /// The hash of the entry before.
    pub prev_hash: AuditHash,
    /// The hash of this entry.
    pub hash: AuditHash,
}

/// The end of a chain: what the next entry is appended to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditHead {
    /// The last entry's number, 0 for none.
    pub id: i64,
    /// The last entry's hash.
    pub hash: AuditHash,
}

impl Default for AuditHead {
    fn default() -> Self {
        AuditHead {
            id: 0,
            hash: AuditHash::start(),
        }
    }
}

impl AuditEntry {
    /// The entry that comes after `head`.
    pub fn after(head: &AuditHead, new: &NewAuditEntry) -> Self {
        let detail: serde_json::Map<String, Value> = new
            .detail
            .iter()
            .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
            .collect();
        let mut entry = AuditEntry {
            id: head.id + 1,
            at: new.at,
            actor: new.actor.clone(),
            action: new.action.clone(),
            subject: new.subject.clone(),
            detail: Value::Object(detail),
            prev_hash: head.hash.clone(),
            hash: AuditHash::start(),
        };
        entry.hash = entry.computed();
        entry
    }

    /// The end of a chain that ends here.
    pub fn head(&self) -> AuditHead {
        AuditHead {
            id: self.id,
            hash: self.hash.clone(),
        }
    }

    /// The hash that its content should have.
    fn computed(&self) -> AuditHash {
        let digest = Sha256::digest(self.canonical().as_bytes());
        AuditHash(hex(&digest))
    }

    /// What is hashed: a JSON list without spaces, keys of objects in order, and nothing escaped that
    /// need not be.
    fn canonical(&self) -> String {
        let fields = json!([
            self.prev_hash.as_str(),
            self.id,
            self.at,
            self.actor,
            self.action,
            self.subject,
        ]);
        let mut text = fields.to_string();
        text.pop();
        text.push(',');
        write_sorted(&self.detail, &mut text);
        text.push(']');
        text
    }
}

/// Compact JSON with sorted keys, whatever order the value keeps them in.
fn write_sorted(value: &Value, out: &mut String) {
    let Value::Object(map) = value else {
        out.push_str(&value.to_string());
        return;
    };
    let sorted: BTreeMap<&String, &Value> = map.iter().collect();
    out.push('{');
    for (at, (key, value)) in sorted.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(&Value::from(key.as_str()).to_string());
        out.push(':');
        write_sorted(value, out);
    }
    out.push('}');
}

/// Hexadecimal digits in small letters.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
        text
    })
}

/// Where a chain is broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokenChain {
    /// Entries are missing, or were put in.
    #[error("entry {expected} is missing: entry {found} comes instead")]
    Gap {
        /// The number that comes next in a whole chain.
        expected: i64,
        /// The number that came.
        found: i64,
    },
    /// The entry does not follow the one before it.
    #[error("entry {0} does not follow the entry before it: one of them was changed")]
    Unlinked(i64),
    /// The entry is not as it was written.
    #[error("entry {0} is not as it was written")]
    Changed(i64),
}

/// Walks a chain from its first entry and sees that it is whole.
#[derive(Clone, Debug, Default)]
pub struct AuditChain {
    head: AuditHead,
}

impl AuditChain {
    /// Takes the next entry.
    ///
    /// # Errors
    /// [`BrokenChain`] if it is not what must come next.
    pub fn take(&mut self, entry: &AuditEntry) -> Result<(), BrokenChain> {
        let expected = self.head.id + 1;
        if entry.id != expected {
            return Err(BrokenChain::Gap {
                expected,
                found: entry.id,
            });
        }
        if entry.prev_hash != self.head.hash {
            return Err(BrokenChain::Unlinked(entry.id));
        }
        if entry.hash != entry.computed() {
            return Err(BrokenChain::Changed(entry.id));
        }
        self.head = entry.head();
        Ok(())
    }

    /// The last entry taken.
    pub fn head(&self) -> &AuditHead {
        &self.head
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(action: &str) -> NewAuditEntry {
        NewAuditEntry {
            at: Timestamp::from_seconds(5),
            actor: "bootstrap".to_owned(),
            action: action.to_owned(),
            subject: "lead:1".to_owned(),
            detail: BTreeMap::from([("to".to_owned(), "lost \"ü\"\n".to_owned())]),
        }
    }

    fn chain(length: i64) -> Vec<AuditEntry> {
        let mut head = AuditHead::default();
        (0..length)
            .map(|number| {
                let entry = AuditEntry::after(&head, &new(&format!("a{number}")));
                head = entry.head();
                entry
            })
            .collect()
    }

    fn check(entries: &[AuditEntry]) -> Result<AuditHead, BrokenChain> {
        let mut chain = AuditChain::default();
        for entry in entries {
            chain.take(entry)?;
        }
        Ok(chain.head().clone())
    }

    #[test]
    fn the_form_that_is_hashed_is_this() {
        let entry = AuditEntry::after(&AuditHead::default(), &new("lead.stage"));
        assert_eq!(
            entry.canonical(),
            format!(
                r#"["{}",1,"1970-01-01T00:00:05.000000Z","bootstrap","lead.stage","lead:1",{{"to":"lost \"ü\"\n"}}]"#,
                "0".repeat(64)
            )
        );
        // By another program: sha256 of the line above.
        assert_eq!(
            entry.hash.as_str(),
            "a1e7c4bc1a2958c1ec5a085db350d27fa87feea959b927131e131411108f8012"
        );
    }

    #[test]
    fn a_whole_chain_holds() {
        let entries = chain(3);
        assert_eq!(check(&entries).map(|head| head.id), Ok(3));
        assert_eq!(check(&[]), Ok(AuditHead::default()));
    }

    #[test]
    fn every_change_shows() {
        let whole = chain(4);
        let changes: [fn(&mut AuditEntry); 5] = [
            |entry| entry.at = Timestamp::from_seconds(6),
            |entry| entry.actor.push('x'),
            |entry| entry.action.push('x'),
            |entry| entry.subject.push('x'),
            |entry| entry.detail["to"] = Value::from("won"),
        ];
        for change in changes {
            let mut entries = whole.clone();
            change(&mut entries[1]);
            assert_eq!(check(&entries), Err(BrokenChain::Changed(2)));
            // A hash made to fit breaks the next one.
            entries[1].hash = entries[1].computed();
            assert_eq!(check(&entries), Err(BrokenChain::Unlinked(3)));
        }
        let mut entries = whole.clone();
        entries.remove(1);
        let gap = BrokenChain::Gap {
            expected: 2,
            found: 3,
        };
        assert_eq!(check(&entries), Err(gap));
        let mut entries = whole.clone();
        entries.swap(1, 2);
        assert!(check(&entries).is_err());
    }
}
