//! The small Markdown that models and playbooks write, into text with entities.
//!
//! - [`marks`](self::marks) keeps what was found: characters that are markup, stretches that are shown.
//! - [`blocks`](self::blocks) reads lines: fenced code, headings, quotes, lists.
//! - [`inline`](self::inline) reads what is between: emphasis.
//! - [`atoms`](self::atoms) reads what emphasis does not reach into: code, links, bare addresses.
//!
//! All of it only ever marks characters of the source; one place ([`marks`](self::marks)) leaves the
//! marked ones out. So nothing can be written twice, moved or made up.

mod atoms;
mod blocks;
mod inline;
mod marks;
#[cfg(test)]
mod tests;

use self::marks::Marks;
use super::RichText;

/// Reads Markdown: `**bold**`, `*italic*`, `_italic_`, `__bold__`, `~~struck~~`, `` `code` ``, fenced code,
/// `[label](https://…)`, `# headings` (bold), `> quotes`, lists.
///
/// What goes in comes out: the text is the source without exactly the characters that are markup, and
/// the `*` of a list is shown as `•`. Everything that is not clearly markup stays as it is: a marker
/// without its partner, `snake_case`, `a * b * c`, `2**3`, an address with underscores, a fence that is
/// never closed (and all after it), HTML, tables. A text without markup comes out as it went in; only a
/// blank text comes out blank.
///
/// - Markup is fenced code with its language, a heading's `#`s, the `> ` of a quote, the markers of
///   emphasis, the backticks of code, `[`, `](…)` and the `!` of an image, `<` and `>` around an address,
///   and a backslash before `*`, `_`, `~` or a backtick.
/// - Links lead to `https`, `http` and `mailto` only; others stay text. A label that is its own target is
///   text, since messengers see addresses by themselves.
/// - Entities are not empty, begin and end with no blank, lie within or beside each other, and come in
///   the order of the text, the outer before the inner. There are at most 100: the links, then the
///   first of the others.
///
/// Takes time in proportion to the text, whatever it holds.
///
/// ```
/// use frontdesk_core::text::markdown;
/// let rich = markdown("An **audit** costs `500`; see snake_case and 2 * 3 * 4.");
/// assert_eq!(rich.text, "An audit costs 500; see snake_case and 2 * 3 * 4.");
/// let kinds: Vec<_> = rich.entities.iter().map(|e| (e.kind.as_str(), e.offset, e.length)).collect();
/// assert_eq!(kinds, [("bold", 3, 5), ("code", 15, 3)]);
/// ```
pub fn markdown(source: &str) -> RichText {
    let mut marks = Marks::of(source);
    blocks::read(&mut marks);
    marks.finish()
}
