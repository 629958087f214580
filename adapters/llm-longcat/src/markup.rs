//! What of a model's text people may see: not its own markup, and not what it thinks.
//!
//! Models leak their own tokens into their text (`<longcat_think>…</longcat_think>`,
//! `<longcat_tool_call>`). A block that is opened and closed is left out, with what is in it. Anything
//! else of the kind means that nobody can say where thought ends and answer begins.

/// The part of a text that may be shown, as far as it has come.
///
/// Blanks at both ends are left out, and what may be the beginning of markup is held back until it is
/// clear. So the pieces joined are always the text so far.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    text: String,
    /// Blanks that belong to the text if more of it comes.
    blanks: String,
    /// What is not clear yet.
    held: String,
    place: Place,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Outside,
    /// Within a block, up to this tag.
    Inside(String),
    /// Markup that is no block: nothing more is shown.
    Leaked,
}

/// What begins with a `<`.
#[derive(Debug, PartialEq, Eq)]
enum Tag<'t> {
    /// No markup of a model.
    None,
    /// More must come before it is clear.
    Unclear,
    /// The beginning of a block.
    Opening { name: &'t str, length: usize },
    /// The end of a block, or markup that is broken.
    Stray,
}

/// All tokens of LongCat's begin so.
const OWN: &str = "longcat_";
/// Other models' thoughts.
const THINK: &str = "think";
/// The longest name of a token that is waited for.
const NAME_LIMIT: usize = 64;

impl Shown {
    /// Takes more of the text; gives what more of it may be shown.
    pub(crate) fn push(&mut self, more: &str) -> &str {
        let from = self.text.len();
        let mut held = std::mem::take(&mut self.held);
        held.push_str(more);
        self.held = self.go_on(&held).to_owned();
        &self.text[from..]
    }

    /// No more comes: gives what was held back and may be shown; `None` if markup leaked into the text.
    pub(crate) fn close(&mut self) -> Option<&str> {
        let from = self.text.len();
        let held = std::mem::take(&mut self.held);
        if self.place != Place::Outside || names_markup(&held) {
            self.place = Place::Leaked;
            return None;
        }
        self.show(&held);
        Some(&self.text[from..])
    }

    /// All that may be shown so far.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// Goes through a text; gives the rest of it that is not clear yet.
    fn go_on<'t>(&mut self, mut rest: &'t str) -> &'t str {
        loop {
            match &self.place {
                Place::Leaked => return "",
                Place::Inside(end) => match find(rest, end) {
                    Some(at) => {
                        rest = &rest[at + end.len()..];
                        self.place = Place::Outside;
                    }
                    None => return tail(rest, end.len() - 1),
                },
                Place::Outside => {
                    let Some(at) = rest.find('<') else {
                        self.show(rest);
                        return "";
                    };
                    self.show(&rest[..at]);
                    rest = &rest[at..];
                    match tag(rest) {
                        Tag::None => {
                            self.show("<");
                            rest = &rest[1..];
                        }
                        Tag::Unclear => return rest,
                        Tag::Opening { name, length } => {
                            self.place = Place::Inside(format!("</{name}>"));
                            rest = &rest[length..];
                        }
                        Tag::Stray => self.place = Place::Leaked,
                    }
                }
            }
        }
    }

    fn show(&mut self, text: &str) {
        let text = if self.text.is_empty() {
            text.trim_start()
        } else {
            text
        };
        let visible = text.trim_end();
        if !visible.is_empty() {
            self.text.push_str(&std::mem::take(&mut self.blanks));
            self.text.push_str(visible);
        }
        if !self.text.is_empty() {
            self.blanks.push_str(&text[visible.len()..]);
        }
    }
}

/// What a text that begins with `<` begins with.
fn tag(text: &str) -> Tag<'_> {
    let after = &text[1..];
    let (closes, body) = match after.strip_prefix('/') {
        Some(body) => (true, body),
        None => (false, after),
    };
    if is_part_of(body, OWN) || is_part_of(body, THINK) {
        return Tag::Unclear;
    }
    let name_length = if starts_with(body, OWN) {
        let name = body
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_');
        name.count()
    } else if starts_with(body, THINK) {
        THINK.len()
    } else {
        return Tag::None;
    };
    match body.as_bytes().get(name_length) {
        None if name_length <= NAME_LIMIT => Tag::Unclear,
        Some(b'>') if !closes => Tag::Opening {
            name: &body[..name_length],
            length: name_length + 2,
        },
        Some(b'>') => Tag::Stray,
        // `<thinker>` is a word of somebody's; a name of LongCat's is its own however it goes on.
        Some(_) if starts_with(body, THINK) => Tag::None,
        Some(_) | None => Tag::Stray,
    }
}

/// Whether what is left at the end holds the name of markup, if not its end.
fn names_markup(held: &str) -> bool {
    let body = held.trim_start_matches('<').trim_start_matches('/');
    starts_with(body, OWN) || starts_with(body, THINK)
}

fn starts_with(text: &str, marker: &str) -> bool {
    text.get(..marker.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(marker))
}

/// Whether a text may become the marker when more of it comes.
fn is_part_of(text: &str, marker: &str) -> bool {
    text.len() < marker.len() && text.eq_ignore_ascii_case(&marker[..text.len()])
}

fn find(text: &str, end: &str) -> Option<usize> {
    text.as_bytes()
        .windows(end.len())
        .position(|window| window.eq_ignore_ascii_case(end.as_bytes()))
}

/// The last bytes of a text, up to so many, from the beginning of a character.
fn tail(text: &str, length: usize) -> &str {
    let from = text.len().saturating_sub(length);
    let from = (from..=text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len());
    &text[from..]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is shown of a text, piece by piece, and what is left at the end.
    fn shown(pieces: &[&str]) -> (String, Option<String>) {
        let mut shown = Shown::default();
        let mut heard: String = pieces.iter().map(|piece| shown.push(piece).to_owned()).collect();
        let Some(last) = shown.close() else {
            return (heard, None);
        };
        heard.push_str(last);
        (heard, Some(shown.into_text()))
    }

    #[test]
    fn whole_blocks_are_left_out() {
        for (text, seen) in [
            ("  Hello, a < b and <b>c</b>. \n", "Hello, a < b and <b>c</b>."),
            ("<longcat_think>secret</longcat_think>\n\nHello", "Hello"),
            ("<LongCat_Think>secret</longcat_THINK>Hello", "Hello"),
            ("<think>secret</think>Hello", "Hello"),
            (
                "A<longcat_tool_call>f<longcat_arg_key>k</longcat_arg_key></longcat_tool_call>B",
                "AB",
            ),
            ("<thinker> thinks <thin", "<thinker> thinks <thin"),
            ("1 < 2 <", "1 < 2 <"),
            ("<longcat>", "<longcat>"),
            ("", ""),
        ] {
            assert_eq!(shown(&[text]).1.as_deref(), Some(seen), "{text}");
        }
    }

    #[test]
    fn what_is_no_whole_block_is_no_answer() {
        for text in [
            "<longcat_think>secret, and no end",
            "Hello <longcat_think>secret</longcat_tool_call>",
            "secret</longcat_think>Hello",
            "secret</think>Hello",
            "Hello <longcat_",
            "Hello <longcat_arg_key x>secret",
            "Hello </longcat_think",
            "Hello <think",
            &format!("Hello <longcat_{}", "x".repeat(100)),
        ] {
            let (heard, whole) = shown(&[text]);
            assert_eq!(whole, None, "{text}");
            assert!(!heard.contains("longcat_"), "{heard}");
        }
    }

    #[test]
    fn what_may_become_markup_is_held_back() {
        let mut shown = Shown::default();
        assert_eq!(shown.push("Hello "), "Hello");
        assert_eq!(shown.push("<long"), "");
        assert_eq!(shown.push("cat_think>se"), "");
        assert_eq!(shown.push("cret</longcat_th"), "");
        assert_eq!(shown.push("ink>"), "");
        assert_eq!(shown.push("A <lon"), " A");
        assert_eq!(shown.push("don>"), " <london>");
        assert_eq!(shown.push(" <th"), "");
        assert_eq!(shown.close(), Some(" <th"));
        assert_eq!(shown.into_text(), "Hello A <london> <th");
    }

    proptest! {
        #[test]
        fn the_cuts_on_the_way_make_no_difference(
            words in prop::collection::vec(
                prop_oneof![
                    Just("<longcat_think>"), Just("</longcat_think>"), Just("<think>"), Just("</think>"),
                    Just("<longcat_"), Just("<"), Just(">"), Just("/"), Just(" "), Just("\n"), Just("ж"), Just("Hello"),
                ],
                0..14,
            ),
            size in 1_usize..5,
        ) {
            let text: String = words.concat();
            let chars: Vec<char> = text.chars().collect();
            let cut: Vec<String> = chars.chunks(size).map(|part| part.iter().collect()).collect();
            let cut: Vec<&str> = cut.iter().map(String::as_str).collect();
            let (heard, whole) = shown(&cut);
            prop_assert_eq!(&whole, &shown(&[&text]).1);
            prop_assert!(!heard.to_lowercase().contains("longcat_"), "{}", heard);
            if let Some(whole) = whole {
                prop_assert_eq!(&whole, &heard);
                prop_assert_eq!(whole.trim(), whole.as_str());
            }
        }
    }
}
