//! What a request asks for: parameters of its query, places of its path, its body.

use frontdesk_core::OpenEnum;
use frontdesk_core::desk::LibraryKey;
use frontdesk_core::id::KnowledgeEntryId;
use frontdesk_core::port::back_office::Paging;
use frontdesk_core::time::Timestamp;
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts;
use serde::de::DeserializeOwned;
use std::time::Duration;
use uuid::Uuid;

use super::problem::Problem;
use super::routes::Route;
use crate::body::{BodyError, RequestBody};

/// Items of a list's part if nobody says.
const LIMIT: usize = 50;
/// At most.
const HIGHEST_LIMIT: usize = 200;
/// Longest body.
const BODY_BYTES: usize = 64 * 1024;

/// The parameters of a query, all of which the route knows.
#[derive(Debug)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads them. One that the route does not know, or that comes twice, is refused: a misspelt filter
    /// must not show everything.
    pub(crate) fn read(route: &Route, query: Option<&str>) -> Result<Self, Problem> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if !route.params.iter().any(|param| param.name == name) {
                return Err(Problem::bad(
                    "The query has a parameter that this route does not know.",
                ));
            }
            if pairs.iter().any(|(known, _)| *known == name) {
                return Err(Problem::bad("The query has a parameter twice."));
            }
            pairs.push((name.into_owned(), value.into_owned()));
        }
        Ok(Query { pairs })
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let pair = self.pairs.iter().find(|(known, _)| known == name)?;
        Some(&pair.1)
    }

    fn parsed<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let wrong = || Problem::bad(format!("The parameter {name} is not {expected}."));
        parse(text).map(Some).ok_or_else(wrong)
    }

    /// One of the words an enumeration knows.
    pub(crate) fn word<E: OpenEnum>(&self, name: &'static str, known: &[E]) -> Result<Option<E>, Problem> {
        self.parsed(name, "one of the values the document lists", |text| {
            known
                .iter()
                .any(|word| word.as_str() == text)
                .then(|| E::from_text(text))
        })
    }

    pub(crate) fn uuid(&self, name: &'static str) -> Result<Option<Uuid>, Problem> {
        self.parsed(name, "a UUID", uuid)
    }

    pub(crate) fn required_time(&self, name: &'static str) -> Result<Timestamp, Problem> {
        let time = self.parsed(name, "a time such as 2026-01-31T09:00:00Z", |text| {
            text.parse().ok()
        })?;
        time.ok_or_else(|| Problem::bad(format!("The parameter {name} is missing.")))
    }

    /// Which part of a list.
    pub(crate) fn page<K: Key>(&self) -> Result<Paging<K>, Problem> {
        let limit = self.parsed("limit", "a number from 1 to 200", |text| {
            text.parse()
                .ok()
                .filter(|limit| (1..=HIGHEST_LIMIT).contains(limit))
        })?;
        let before = self.parsed("cursor", "one that this list gave", read_cursor)?;
        Ok(Paging {
            before,
            limit: limit.unwrap_or(LIMIT),
        })
    }
}

/// What a list is ordered by.
pub(crate) trait Key: Sized {
    /// The list, so that no cursor is taken for another list's.
    const LIST: &'static str;
    fn text(&self) -> String;
    fn parse(text: &str) -> Option<Self>;
}

macro_rules! uuid_keys {
    ($($id:ty => $list:literal),* $(,)?) => {$(
        impl Key for $id {
            const LIST: &'static str = $list;
            fn text(&self) -> String {
                self.0.to_string()
            }
            fn parse(text: &str) -> Option<Self> {
                uuid(text).map(Self)
            }
        }
    )*};
}

uuid_keys! {
    frontdesk_core::id::ConversationId => "conversations",
    frontdesk_core::id::AttachmentId => "attachments",
    frontdesk_core::id::LeadId => "leads",
    frontdesk_core::id::TokenId => "tokens",
}

impl Key for LibraryKey {
    const LIST: &'static str = "knowledge";
    fn text(&self) -> String {
        match self {
            LibraryKey::Overlay(id) => format!("overlay:{id}"),
            LibraryKey::Playbook { slug, locale } => format!("playbook:{slug}:{locale}"),
        }
    }
    fn parse(text: &str) -> Option<Self> {
        if let Some(id) = text.strip_prefix("overlay:") {
            return uuid(id).map(|id| LibraryKey::Overlay(KnowledgeEntryId(id)));
        }
        let (slug, locale) = text.strip_prefix("playbook:")?.split_once(':')?;
        Some(LibraryKey::Playbook {
            slug: slug.to_owned(),
            locale: locale.to_owned(),
        })
    }
}

impl Key for i64 {
    const LIST: &'static str = "numbers";
    fn text(&self) -> String {
        self.to_string()
    }
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// A cursor: where the next part of a list begins. Opaque to whoever gets it.
pub(crate) fn cursor<K: Key>(last: &K) -> String {
    let plain = format!("{}:{}", K::LIST, last.text());
    plain.bytes().fold(String::new(), |mut text, byte| {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
        text
    })
}

fn read_cursor<K: Key>(text: &str) -> Option<K> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let bytes = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    let plain = String::from_utf8(bytes).ok()?;
    let (list, key) = plain.split_once(':')?;
    (list == K::LIST).then(|| K::parse(key))?
}

/// A UUID in its usual form, and in no other.
pub(crate) fn uuid(text: &str) -> Option<Uuid> {
    let usual = text.len() == 36;
    usual.then(|| Uuid::try_parse(text).ok())?
}

/// The id in a path. What is no id is no id of anything.
pub(crate) fn id(place: Option<&&str>) -> Result<Uuid, Problem> {
    place.and_then(|text| uuid(text)).ok_or_else(Problem::not_found)
}

/// The number in a path, likewise.
pub(crate) fn number(place: Option<&&str>) -> Result<i64, Problem> {
    place
        .and_then(|text| text.parse().ok())
        .ok_or_else(Problem::not_found)
}

/// The body, which must be JSON of this form.
pub(crate) async fn body<T: DeserializeOwned>(
    head: &Parts,
    body: &mut RequestBody,
    time: Duration,
) -> Result<T, Problem> {
    let given = head
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media = given.and_then(|value| value.split(';').next()).map(str::trim);
    if !media.is_some_and(|media| media.eq_ignore_ascii_case("application/json")) {
        return Err(Problem::not_json());
    }
    let bytes = body.read(BODY_BYTES, time).await.map_err(|error| match error {
        BodyError::TooLarge => Problem::too_large(),
        BodyError::TooSlow => Problem::too_slow(),
        BodyError::Broken(_) => Problem::bad("The body could not be read to its end."),
    })?;
    // What serde says may quote the body.
    serde_json::from_slice(&bytes)
        .map_err(|_| Problem::bad("The body is not JSON of the form that the document describes."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use frontdesk_core::id::{ConversationId, LeadId};
    use proptest::prelude::*;

    #[test]
    fn a_cursor_comes_back_and_fits_its_own_list_only() {
        let id = ConversationId(Uuid::from_u128(7));
        let text = cursor(&id);
        assert_eq!(read_cursor::<ConversationId>(&text), Some(id));
        assert_eq!(read_cursor::<LeadId>(&text), None);
        assert_eq!(read_cursor::<i64>(&text), None);
        assert_eq!(read_cursor::<i64>(&cursor(&-5_i64)), Some(-5));
        for odd in ["", "0", "zz", "00", "é", &text[..text.len() - 2]] {
            assert_eq!(read_cursor::<ConversationId>(odd), None, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_as_a_cursor_is_one(text in "[0-9a-f]{0,40}|.*", number in any::<i64>()) {
            let read = read_cursor::<i64>(&text);
            prop_assert!(read.is_none_or(|key| read_cursor(&cursor(&key)) == Some(key)));
            prop_assert_eq!(read_cursor::<i64>(&cursor(&number)), Some(number));
        }
    }
}
