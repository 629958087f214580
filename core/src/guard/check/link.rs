//! Links in what the model wrote.

use std::collections::BTreeSet;
use std::ops::Range;

/// A dot that no messenger takes for part of an address.
const DOT: char = '\u{2024}';

/// Longest label of a link, in bytes.
const LABEL: usize = 300;

/// Where links may lead, and who may be mentioned.
#[derive(Clone, Debug)]
pub(super) struct Allowed {
    site: String,
    hosts: BTreeSet<String>,
    mentions: BTreeSet<String>,
}

impl Allowed {
    pub fn new<'a>(site: &str, texts: impl Iterator<Item = &'a str>) -> Self {
        let mut allowed = Allowed {
            site: address(site).map_or_else(String::new, |address| address.host),
            hosts: BTreeSet::new(),
            mentions: BTreeSet::new(),
        };
        for text in texts {
            for place in places(text) {
                match place.target {
                    Target::Address(address) => allowed.hosts.extend([address.host]),
                    Target::Mention(name) => allowed.mentions.extend([name.to_lowercase()]),
                    Target::Nowhere => {}
                }
            }
        }
        allowed
    }

    fn lead_to(&self, address: &Address) -> bool {
        let host = address.host.strip_prefix("www.").unwrap_or(&address.host);
        let site = self.site.strip_prefix("www.").unwrap_or(&self.site);
        let below = host
            .strip_suffix(site)
            .is_some_and(|sub| sub.is_empty() || sub.ends_with('.'));
        let known = self.hosts.contains(&address.host) || self.hosts.contains(host);
        !address.has_name && ((below && !site.is_empty()) || known)
    }
}

struct Address {
    host: String,
    /// Whether it is written with a scheme.
    has_scheme: bool,
    /// Whether a name stands before its host (`name@host`): made to be taken for another.
    has_name: bool,
}

enum Target {
    Address(Address),
    /// A scheme that no link of ours has.
    Nowhere,
    Mention(String),
}

struct Place {
    range: Range<usize>,
    target: Target,
}

/// Whether what stands at `at` is part of an address.
pub(super) fn covers(text: &str, at: usize) -> bool {
    let start = text[..at].char_indices().rev().find(|(_, c)| ends_address(*c));
    let start = start.map_or(0, |(start, c)| start + c.len_utf8());
    let end = text[at..].find(ends_address).map_or(text.len(), |end| at + end);
    let mut found = Vec::new();
    places_of_word(&text[start..end], start, &mut found);
    found
        .iter()
        .any(|place| !matches!(place.target, Target::Mention(_)) && place.range.contains(&at))
}

/// How often what is left of links is looked at again.
const PASSES: usize = 8;

/// The text with what may be followed and without what may not.
pub(super) fn shown(text: &str, allowed: &Allowed) -> String {
    let mut text = text.to_owned();
    // Labels left of links may join to an address, or to a link again: `evil.[example](x)`.
    for _ in 0..PASSES {
        let next = without_links(&text, allowed);
        if next == text {
            return text;
        }
        text = next;
    }
    // Links within links within links: nobody writes that, so no link of it needs to be kept.
    text.replace('[', "(")
        .replace("://", " ")
        .replace(['@', '.'], " ")
}

fn without_links(text: &str, allowed: &Allowed) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        let image = rest[..at].ends_with('!');
        let Some((label, target, length)) = labelled(&rest[at..]) else {
            out.push_str(&plain(&rest[..=at], allowed));
            rest = &rest[at + 1..];
            continue;
        };
        out.push_str(&plain(
            rest[..at]
                .strip_suffix('!')
                .filter(|_| image)
                .unwrap_or(&rest[..at]),
            allowed,
        ));
        let label = plain(label, allowed);
        let good =
            !image && address(target).is_some_and(|address| address.has_scheme && allowed.lead_to(&address));
        if good {
            out.extend(["[", &label, "](", target, ")"]);
        } else {
            out.push_str(&label);
        }
        rest = &rest[at + length..];
    }
    out.push_str(&plain(rest, allowed));
    out
}

/// `[label](target)` at the start of `text`: its label, its target, its length.
fn labelled(text: &str) -> Option<(&str, &str, usize)> {
    let window = crate::text::clip(text, LABEL * 2);
    let middle = window.find("](")?;
    let label = &window[1..middle];
    let inner = &window[middle + 2..];
    let end = inner.find(')')?;
    let target = inner[..end]
        .split_whitespace()
        .next()
        .unwrap_or("")
        .trim_matches(['<', '>']);
    let fine = label.len() <= LABEL && !label.contains(['\n', '[']);
    fine.then_some((label, target, middle + 2 + end + 1))
}

/// Text outside of labelled links.
fn plain(text: &str, allowed: &Allowed) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for place in places(text) {
        out.push_str(&text[from..place.range.start]);
        let written = &text[place.range.clone()];
        match place.target {
            Target::Address(address) if allowed.lead_to(&address) => out.push_str(written),
            Target::Address(address) => {
                let dotted = address.host.chars().map(|c| if c == '.' { DOT } else { c });
                out.extend(dotted);
            }
            Target::Mention(name) if allowed.mentions.contains(&name.to_lowercase()) => out.push_str(written),
            Target::Mention(name) => out.push_str(&name),
            Target::Nowhere => {}
        }
        from = place.range.end;
    }
    out.push_str(&text[from..]);
    out
}

fn ends_address(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '"' | '\'' | '<' | '>' | '`' | '(' | ')' | '[' | ']' | '{' | '}' | '«' | '»' | '“' | '”' | '|'
        )
}

/// All addresses and mentions of a text, in order.
fn places(text: &str) -> Vec<Place> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let length = rest.find(ends_address).unwrap_or(rest.len());
        if length == 0 {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        }
        places_of_word(&rest[..length], at, &mut found);
        at += length;
    }
    found
}

/// The addresses of a word; several may stand in one, joined by punctuation.
fn places_of_word(word: &str, offset: usize, found: &mut Vec<Place>) {
    let begins = word
        .find(|c: char| c.is_alphanumeric() || c == '@')
        .unwrap_or(word.len());
    let rest = &word[begins..];
    let trimmed =
        rest.trim_end_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '/' | '=' | '&' | '_' | '-'));
    let place = |start: usize, end: usize, target: Target| Place {
        range: offset + begins + start..offset + begins + end,
        target,
    };
    // What stands before a scheme is text, whatever it is joined by.
    let scheme = trimmed.find("://").map(|end| {
        let start = trimmed[..end]
            .char_indices()
            .rev()
            .take_while(|(_, c)| c.is_ascii_alphanumeric() || matches!(c, '+' | '-'))
            .last()
            .map_or(end, |(start, _)| start);
        (start, end)
    });
    if let Some((start, end)) = scheme {
        places_of_word(&trimmed[..start], offset + begins, found);
        let is_web = matches!(
            trimmed[start..end].to_ascii_lowercase().as_str(),
            "http" | "https"
        );
        let target = address(&trimmed[start..])
            .filter(|_| is_web)
            .map_or(Target::Nowhere, Target::Address);
        found.push(place(start, trimmed.len(), target));
    } else if is_other_scheme(trimmed) {
        found.push(place(0, trimmed.len(), Target::Nowhere));
    } else if let Some(name) = trimmed.strip_prefix('@') {
        let end = name.find(|c: char| !is_of_host(c)).unwrap_or(name.len());
        let end = name[..end].trim_end_matches(['.', '-']).len();
        if bare_address(&name[..end]).is_some() {
            // An address, and no address of anybody: without its `@` it is judged like others.
            found.push(place(0, 1, Target::Nowhere));
            places_of_word(name, offset + begins + 1, found);
        } else {
            let end = name
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(name.len());
            if (4..=32).contains(&end) {
                found.push(place(0, 1 + end, Target::Mention(name[..end].to_owned())));
            }
        }
    } else {
        let mut from = 0;
        while let Some(at) = trimmed[from..].find(is_of_host) {
            let start = from + at;
            let length = trimmed[start..]
                .find(|c| !is_of_host(c))
                .unwrap_or(trimmed.len() - start);
            let written = trimmed[start..start + length].trim_end_matches(['.', '-']);
            let end = start + written.len();
            let of_mail = trimmed[..start].ends_with('@') || trimmed[end..].starts_with('@');
            from = start + length;
            if let Some(address) = bare_address(written).filter(|_| !of_mail) {
                let path = trimmed[end..].starts_with(['/', '?', '#', ':', '\\']);
                let end = if path { trimmed.len() } else { end };
                found.push(place(start, end, Target::Address(address)));
                if path {
                    return;
                }
            }
        }
    }
}

fn is_of_host(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_')
}

/// Schemes without slashes that apps follow.
fn is_other_scheme(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    [
        "javascript:",
        "data:",
        "vbscript:",
        "tg:",
        "file:",
        "intent:",
        "sms:",
    ]
    .iter()
    .any(|scheme| lower.starts_with(scheme) && lower.len() > scheme.len())
}

/// Endings of hosts that messengers make links of without a scheme. Not those that are endings of
/// files as well.
const TOPS: &[&str] = &[
    "com", "net", "org", "io", "dev", "app", "tech", "ru", "de", "info", "me", "co", "ai", "xyz", "cc",
    "link", "site", "online", "top", "shop", "su", "рф", "eu", "uk", "us", "fr", "ch", "at", "biz", "club",
    "store", "live", "pro", "cloud", "page", "web", "icu", "click", "ua", "by", "kz", "cn", "in", "gg", "ly",
    "tk", "example", "invalid", "test",
];

/// What is written without a scheme and is an address all the same.
fn bare_address(word: &str) -> Option<Address> {
    let address = address(word)?;
    let top = address.host.rsplit('.').next().unwrap_or("");
    // ASP.NET and Socket.IO are products, and written like that.
    let shouted = matches!(word.rsplit('.').next(), Some("NET" | "IO"));
    let known = TOPS.contains(&top) && !shouted;
    (known || address.host.starts_with("www.")).then_some(address)
}

/// The host of an address, with or without scheme; `None` if it has none with a dot.
fn address(written: &str) -> Option<Address> {
    let (has_scheme, rest) = match written.split_once("://") {
        Some((scheme, rest)) => {
            let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
            web.then_some((true, rest))?
        }
        None => (false, written),
    };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or("");
    let host = authority.rsplit('@').next().unwrap_or("");
    let host = host
        .split(':')
        .next()
        .unwrap_or("")
        .trim_end_matches('.')
        .to_lowercase();
    let fine = host.contains('.')
        && !host.starts_with('.')
        && host
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    let has_name = authority.contains('@');
    fine.then_some(Address {
        host,
        has_scheme,
        has_name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn allowed() -> Allowed {
        Allowed::new(
            "https://dev2production.tech",
            ["Our code is at https://github.com/dev2production, ask @dev2prod_bot."].into_iter(),
        )
    }

    #[test]
    fn our_links_stay() {
        for text in [
            "https://dev2production.tech/services?x=1",
            "see dev2production.tech, or docs.dev2production.tech.",
            "[our site](https://www.dev2production.tech/a)",
            "github.com/dev2production",
            "write to @dev2prod_bot",
            "ann@evil.example is yours",
            "Node.js, ASP.NET, README.md, main.rs, e.g. 2.5 or т.е. так",
            "a [note] and (brackets)",
            "line [1] a](b",
        ] {
            assert_eq!(shown(text, &allowed()), text);
        }
    }

    #[test]
    fn other_links_are_text() {
        for (text, expected) in [
            ("see https://evil.example/x?d=1.", "see evil․example."),
            ("[click](https://evil.example/x)", "click"),
            ("![pixel](https://dev2production.tech/p.png)", "pixel"),
            ("![](https://evil.example/?q=secret)", ""),
            ("https://dev2production.tech@evil.example/", "evil․example"),
            (
                "https://dev2production.tech.evil.example",
                "dev2production․tech․evil․example",
            ),
            ("https://evil.example\\@dev2production.tech", "evil․example"),
            ("notdev2production.tech/x", "notdev2production․tech"),
            ("go to tg://resolve?domain=x now", "go to  now"),
            ("[x](javascript:alert(1))", "x)"),
            (
                "[https://evil.example](https://dev2production.tech)",
                "[evil․example](https://dev2production.tech)",
            ),
            (
                "<a href=\"https://evil.example/\">x</a>",
                "<a href=\"evil․example\">x</a>",
            ),
            ("t.me/evil_bot", "t․me"),
            ("ask @evil_bot!", "ask evil_bot!"),
            ("a:https://evil.example/,x", "a:evil․example"),
            ("https://192.168.1.1/x", "192․168․1․1"),
            ("data:text/html;base64,xx", ""),
            ("evil.[example](x)/y", "evil․example"),
            ("[[a](b)](https://evil.example)", "a"),
            ("see evil.example!", "see evil․example!"),
            ("evil.example:8080", "evil․example"),
            ("http://evil.example@dev2production.tech", "dev2production․tech"),
        ] {
            assert_eq!(shown(text, &allowed()), expected, "{text}");
        }
    }

    #[test]
    fn numbers_in_addresses_are_covered() {
        let text = "see https://dev2production.tech/2026/500 or 500";
        assert!(covers(text, text.find("2026").unwrap()));
        assert!(!covers(text, text.rfind("500").unwrap()));
    }

    proptest! {
        #[test]
        fn shown_twice_changes_nothing_and_no_other_host_is_left(text in "(https?://|www\\.|\\[|\\]\\(|\\)|!|@|evil\\.example|dev2production\\.tech|/| |,|[a-z]){0,14}") {
            let once = shown(&text, &allowed());
            // What goes on is another host: perhaps one below the site.
            let left = once.split("://evil.example").skip(1).any(|rest| !rest.starts_with(char::is_alphanumeric));
            prop_assert!(!left, "{once}");
            prop_assert_eq!(shown(&once, &allowed()), once);
        }

        #[test]
        fn nothing_panics(text in any::<String>(), at in any::<prop::sample::Index>()) {
            let once = shown(&text, &allowed());
            prop_assert!(once.len() <= text.len() * 3);
            let edges: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            if !edges.is_empty() {
                covers(&text, *at.get(&edges));
            }
        }
    }
}
