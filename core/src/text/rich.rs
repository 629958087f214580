//! Text with entities: how everything leaves.

use serde::{Deserialize, Serialize};

/// What a stretch of text is shown as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// `bold`, `italic`, `strikethrough`, `code`, `pre`, `text_link`, `blockquote`: the messenger adapter
    /// knows what it can show.
    pub kind: String,
    /// Where it starts, in UTF-16 units.
    pub offset: usize,
    /// How long it is, in UTF-16 units.
    pub length: usize,
    /// Target of a `text_link`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Language of a `pre`, if it is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// Text with entities. Never markup that a messenger parses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RichText {
    /// The text, as it is read.
    pub text: String,
    /// What stretches of it are shown as.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<Entity>,
}

impl RichText {
    /// Text without entities.
    pub fn plain(text: impl Into<String>) -> Self {
        RichText {
            text: text.into(),
            entities: Vec::new(),
        }
    }

    /// The text for where no entity can be shown: the target of a link follows it in parentheses,
    /// unless the text is the target.
    pub fn spelled_out(&self) -> String {
        let mut links: Vec<(usize, &str)> = Vec::new();
        for (entity, (start, end)) in self.entities.iter().zip(byte_ranges(&self.text, &self.entities)) {
            if let Some(url) = entity.url.as_deref()
                && !self.text[start..end].contains(url)
                && start < end
            {
                links.push((end, url));
            }
        }
        links.sort_by_key(|(end, _)| *end);
        let mut out = String::with_capacity(self.text.len());
        let mut copied = 0;
        for (end, url) in links {
            out.push_str(&self.text[copied..end]);
            out.push_str(" (");
            out.push_str(url);
            out.push(')');
            copied = end;
        }
        out.push_str(&self.text[copied..]);
        out
    }
}

/// Where each entity begins and ends in `text`, in bytes. What points beyond the end of the text, or
/// into the middle of a character, is moved to where a character begins.
pub(super) fn byte_ranges(text: &str, entities: &[Entity]) -> Vec<(usize, usize)> {
    let mut wanted: Vec<usize> = entities
        .iter()
        .flat_map(|entity| [entity.offset, entity.offset.saturating_add(entity.length)])
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut found = Vec::with_capacity(wanted.len());
    let (mut units, mut chars) = (0, text.char_indices().peekable());
    for unit in &wanted {
        while units < *unit
            && let Some((_, c)) = chars.next()
        {
            units += c.len_utf16();
        }
        found.push(chars.peek().map_or(text.len(), |(at, _)| *at));
    }
    let byte_of = |unit: usize| match wanted.binary_search(&unit) {
        Ok(at) => found[at],
        Err(_) => text.len(),
    };
    entities
        .iter()
        .map(|entity| {
            let end = entity.offset.saturating_add(entity.length);
            (byte_of(entity.offset), byte_of(end))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(offset: usize, length: usize, url: &str) -> Entity {
        Entity {
            kind: "text_link".to_owned(),
            offset,
            length,
            url: Some(url.to_owned()),
            language: None,
        }
    }

    #[test]
    fn links_are_spelled_out_where_entities_cannot_be_shown() {
        let rich = RichText {
            text: "😀 prices, https://a.example and more".to_owned(),
            entities: vec![
                link(11, 17, "https://a.example"),
                link(3, 6, "https://a.example/prices"),
                link(900, 5, "https://beyond.example"),
            ],
        };
        assert_eq!(
            rich.spelled_out(),
            "😀 prices (https://a.example/prices), https://a.example and more"
        );
        assert_eq!(RichText::plain("as it is").spelled_out(), "as it is");
    }

    #[test]
    fn an_entity_never_begins_or_ends_within_a_character() {
        let text = "a😀b";
        let ranges = byte_ranges(text, &[link(2, 1, ""), link(1, 1, ""), link(3, 9, "")]);
        assert_eq!(ranges, [(5, 5), (1, 5), (5, 6)]);
    }
}
