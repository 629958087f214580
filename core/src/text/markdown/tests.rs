//! What is markup, what is not, and that everything else comes out as it went in.

use proptest::prelude::*;

use crate::text::{Entity, RichText, markdown, utf16_len};

/// `kind:text` of each entity, with its target or language.
fn shown(rich: &RichText) -> Vec<String> {
    let units: Vec<u16> = rich.text.encode_utf16().collect();
    let of = |entity: &Entity| {
        let inside = &units[entity.offset..entity.offset + entity.length];
        let inside = String::from_utf16(inside).unwrap();
        let extra = entity.url.as_deref().or(entity.language.as_deref());
        let extra = extra.map_or_else(String::new, |extra| format!("|{extra}"));
        format!("{}:{inside}{extra}", entity.kind)
    };
    rich.entities.iter().map(of).collect()
}

#[test]
fn what_is_markup() {
    for (source, text, entities) in [
        (
            "**bold** and __bold__",
            "bold and bold",
            &["bold:bold", "bold:bold"][..],
        ),
        ("*it* and _it_.", "it and it.", &["italic:it", "italic:it"]),
        ("~~old~~ new", "old new", &["strikethrough:old"]),
        (
            "***both*** **a *b***",
            "both a b",
            &["bold:both", "italic:both", "bold:a b", "italic:b"],
        ),
        (
            "***a* b** _**c** d_",
            "a b c d",
            &["bold:a b", "italic:a", "italic:c d", "bold:c"],
        ),
        (
            "**“quoted”**, (**x**)!",
            "“quoted”, (x)!",
            &["bold:“quoted”", "bold:x"],
        ),
        ("这是**重点**内容", "这是重点内容", &["bold:重点"]),
        (
            "**Price:**100, **S**ervice **L**evel",
            "Price:100, Service Level",
            &["bold:Price:", "bold:S", "bold:L"],
        ),
        ("**😀 да** _שלום_", "😀 да שלום", &["bold:😀 да", "italic:שלום"]),
        ("run `cargo run` now", "run cargo run now", &["code:cargo run"]),
        (
            "`` a`b `` and `**x**`",
            "a`b and **x**",
            &["code:a`b", "code:**x**"],
        ),
        ("two *lines\nof it*", "two lines\nof it", &["italic:lines\nof it"]),
        (
            "[our site](https://a.example/x_y_z)",
            "our site",
            &["text_link:our site|https://a.example/x_y_z"],
        ),
        (
            "[a (b)](http://a.example/w_(x) \"T\").",
            "a (b).",
            &["text_link:a (b)|http://a.example/w_(x)"],
        ),
        (
            "[**mail** us](mailto:a_b@a.example)",
            "mail us",
            &["text_link:mail us|mailto:a_b@a.example", "bold:mail"],
        ),
        (
            "**[x](https://a.example)**",
            "x",
            &["text_link:x|https://a.example", "bold:x"],
        ),
        (
            "![logo](<https://a.example/l>)",
            "logo",
            &["text_link:logo|https://a.example/l"],
        ),
        (
            "[see [1]](https://a.example)",
            "see [1]",
            &["text_link:see [1]|https://a.example"],
        ),
        ("[https://a.example](https://a.example)", "https://a.example", &[]),
        (
            "<https://a.example/a_b_> <mailto:x@a.example>",
            "https://a.example/a_b_ mailto:x@a.example",
            &[],
        ),
        ("# A **title**\ntext", "A title\ntext", &["bold:A title"]),
        ("### *T* #x ###", "T #x", &["bold:T #x", "italic:T"]),
        (
            "> one\n>\n> *two*\nthree",
            "one\n\ntwo\nthree",
            &["blockquote:one\n\ntwo", "italic:two"],
        ),
        ("> > deep\n> * item", "deep\n• item", &["blockquote:deep\n• item"]),
        ("* a\n  * *b*\n- c\n1. d", "• a\n  • b\n- c\n1. d", &["italic:b"]),
        (
            "a\n```rust\nlet _a_ = *b*;\n```\nc",
            "a\nlet _a_ = *b*;\nc",
            &["pre:let _a_ = *b*;|rust"],
        ),
        (
            "1. do\n   ~~~\n   if x\n     y\n   ~~~",
            "1. do\nif x\n  y",
            &["pre:if x\n  y"],
        ),
        (
            "````md\n```\nx\n```\n````",
            "```\nx\n```",
            &["pre:```\nx\n```|md"],
        ),
        (
            "snake\\_case \\*no\\* \\`x\\` \\[y\\]",
            "snake_case *no* `x` \\[y\\]",
            &[],
        ),
    ] {
        let rich = markdown(source);
        assert_eq!(rich.text, text, "{source:?}");
        assert_eq!(shown(&rich), entities, "{source:?}");
    }
}

#[test]
fn what_is_no_markup() {
    for source in [
        "",
        " \n ",
        "Just a sentence, with (parentheses), [brackets] and a #hashtag.",
        "snake_case, a_b_c, _private, __x, @some_bot_name, ____",
        "https://a.example/a_b_c/*d*/_e_/~~f?g=__h__ www.a.example/_x_/",
        "a.example/_next_/static/__x__/y",
        "a * b * c, 2*3*4, 2**3**4, f(*args, **kwargs), (a)*(b)*(c), x**y**z",
        "f(**kwargs) and g(**other), f(*args) and g(*), (**)",
        "**unbalanced, *too, ~~this, `that, __and",
        "at the end **",
        "** spaced **, * x *, _ y _, ~~ z ~~",
        "~5 min ~ 10 min, a~b~c, ~~~x",
        "****1234 4276****1234 ***",
        "[label] (https://a.example) [x]() [](https://a.example) [ ](https://a.example)",
        "[x](tg://resolve?domain=y) [x](javascript:alert(1)) [x](/path) [x](data:text/html,x) [x](https://)",
        "[x](https://a.example/\\evil) [x](https://a.example\n) [x](https://a.example [y",
        "[[[[](((( ]]]]))))",
        "-> x, >= 5, >x, >",
        "> ",
        "#1 is better, #, ## ",
        "-5 °C\n+ 7 999 123\n- item\n* \n* * *\n---\n***",
        "``` ` ``",
        "```\n```",
        "```\n \n```\nafter",
        "before\n```rust\nlet **a** = _b_;\nand all [after](https://a.example)",
        "<b>html</b> <br> <not a link> <tg://x>",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "¯\\(ツ)/¯ \\( x \\) \\[ y \\] C:\\dir",
        "e\u{301} 👩‍👩‍👧 שלום\u{200f} \u{202e}abc",
    ] {
        assert_eq!(markdown(source), RichText::plain(source));
    }
}

#[test]
fn broken_markup_costs_nothing_else() {
    for (source, text, entities) in [
        ("*a **b* c** d", "a **b c** d", &["italic:a **b"][..]),
        ("**a `b** c`", "**a b** c", &["code:b** c"]),
        (
            "*a [b* c](https://a.example)",
            "*a b* c",
            &["text_link:b* c|https://a.example"],
        ),
        (
            "[a](https://a.example [b](https://b.example)",
            "[a](https://a.example b",
            &["text_link:b|https://b.example"],
        ),
        ("2 * **x** * 3", "2 * x * 3", &["bold:x"]),
        (
            "```Here is **no** code\nbut text",
            "```Here is no code\nbut text",
            &["bold:no"],
        ),
        ("Here: ```\na_b\n```\n**x**", "Here: ```\na_b\n```\n**x**", &[]),
    ] {
        let rich = markdown(source);
        assert_eq!(
            (rich.text.as_str(), shown(&rich)),
            (text, entities.iter().map(|e| (*e).to_owned()).collect())
        );
    }
}

#[test]
fn links_come_before_other_entities_when_there_are_too_many() {
    let source = format!(
        "{}{}",
        "**b** ".repeat(90),
        "[l](https://a.example/x) ".repeat(120)
    );
    let rich = markdown(&source);
    assert_eq!(rich.entities.len(), 100);
    assert!(rich.entities.iter().all(|entity| entity.kind == "text_link"));
    // What cannot be a link keeps its target.
    assert_eq!(rich.text.matches("(https://a.example/x)").count(), 20);
    let rich = markdown(&"`x` ".repeat(5_000));
    assert_eq!((rich.entities.len(), rich.text), (100, "x ".repeat(5_000)));
}

/// What makes a careless reader take quadratic time; five million characters must take moments.
#[test]
fn no_text_takes_long() {
    for unit in [
        "*a ",
        "**a",
        "*",
        "_a_b",
        "[",
        "[a](",
        "[a](x",
        "![",
        "`",
        "` `` ",
        "``a`",
        "<",
        "<https://",
        "> ",
        "://~~",
        "www.",
        "\\*",
        "# ",
        "* ",
        "*a **b ",
        "[*a](https://b ",
        "~~~\n",
        "```\n\n",
        ">\n> a\n",
    ] {
        let source = unit.repeat(5_000_000 / 24 / unit.len());
        let rich = markdown(&source);
        assert!(rich.text.len() <= source.len() * 3);
    }
}

/// A piece of a document, from which both sides are written: the Markdown, and what it must become.
#[derive(Clone, Debug)]
enum Piece {
    Words(String),
    Styled(&'static str, &'static str, Vec<Piece>),
    Code(String),
    Link(Vec<Piece>, String),
}

#[derive(Clone, Debug)]
enum Block {
    Lines(Vec<Vec<Piece>>),
    Heading(usize, Vec<Piece>),
    Quote(Vec<Vec<Piece>>),
    Items(&'static str, Vec<Vec<Piece>>),
    Fence(&'static str, Vec<String>),
}

/// The two sides, written together and read by nobody.
#[derive(Default)]
struct Sides {
    source: String,
    wanted: RichText,
}

impl Sides {
    fn both(&mut self, text: &str) {
        self.source.push_str(text);
        self.wanted.text.push_str(text);
    }

    fn entity(&mut self, kind: &str, extra: Option<&str>, inside: impl FnOnce(&mut Self)) {
        let offset = utf16_len(&self.wanted.text);
        let at = self.wanted.entities.len();
        inside(self);
        self.wanted.entities.insert(
            at,
            Entity {
                kind: kind.to_owned(),
                offset,
                length: utf16_len(&self.wanted.text) - offset,
                url: extra.filter(|_| kind == "text_link").map(str::to_owned),
                language: extra.filter(|_| kind == "pre").map(str::to_owned),
            },
        );
    }

    fn pieces(&mut self, pieces: &[Piece]) {
        for (index, piece) in pieces.iter().enumerate() {
            if index > 0 {
                self.both(" ");
            }
            match piece {
                Piece::Words(words) => self.both(words),
                Piece::Styled(kind, mark, inside) => {
                    self.source.push_str(mark);
                    self.entity(kind, None, |sides| sides.pieces(inside));
                    self.source.push_str(mark);
                }
                Piece::Code(code) => {
                    self.source.push('`');
                    self.entity("code", None, |sides| sides.both(code));
                    self.source.push('`');
                }
                Piece::Link(label, url) => {
                    self.source.push('[');
                    self.entity("text_link", Some(url), |sides| sides.pieces(label));
                    self.source.extend(["](", url, ")"]);
                }
            }
        }
    }

    fn lines(&mut self, prefix: &str, shown: &str, lines: &[Vec<Piece>]) {
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                self.both("\n");
            }
            self.source.push_str(prefix);
            self.wanted.text.push_str(shown);
            self.pieces(line);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Lines(lines) => self.lines("", "", lines),
            Block::Heading(level, pieces) => {
                self.source.push_str(&"#".repeat(*level));
                self.source.push(' ');
                self.entity("bold", None, |sides| sides.pieces(pieces));
            }
            Block::Quote(lines) => self.entity("blockquote", None, |sides| sides.lines("> ", "", lines)),
            Block::Items(marker, items) => self.lines(marker, &marker.replace('*', "•"), items),
            Block::Fence(language, lines) => {
                self.source.extend(["```", language, "\n"]);
                let extra = Some(*language).filter(|language| !language.is_empty());
                self.entity("pre", extra, |sides| sides.both(&lines.join("\n")));
                self.source.push_str("\n```");
            }
        }
    }
}

fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "word",
        "Слово",
        "שלום",
        "😀",
        "👩‍👩‍👧",
        "e\u{301}",
        "snake_case",
        "2*3*4",
        "a/b",
        "[1]",
        "(x)",
        "https://a.example/a_b_c",
        "www.b.example/_x_y",
        "#5",
        "at ~5",
        "C:\\x",
        "<b>",
        "100%",
        "x=y",
        "—",
    ]);
    prop::collection::vec(word, 1..4).prop_map(|words| words.join(" "))
}

/// Pieces that do not hold what they stand in again.
fn pieces(styles: Vec<(&'static str, &'static str)>, links: bool, depth: u32) -> BoxedStrategy<Vec<Piece>> {
    let plain = prop_oneof![
        3 => words().prop_map(Piece::Words),
        1 => "[a-z_*~ (\\[]{0,6}[a-z]".prop_map(|code| Piece::Code(code.trim().to_owned())),
    ];
    if depth == 0 {
        return prop::collection::vec(plain, 1..3).boxed();
    }
    let mut all = vec![plain.boxed()];
    for (kind, mark) in styles.clone() {
        let others = styles
            .iter()
            .copied()
            .filter(|(other, _)| *other != kind)
            .collect();
        let inside = pieces(others, links, depth - 1);
        all.push(
            inside
                .prop_map(move |inside| Piece::Styled(kind, mark, inside))
                .boxed(),
        );
    }
    if links {
        let url = prop::sample::select(vec![
            "https://l.example/a_b*c",
            "http://l.example",
            "mailto:a_b@l.example",
        ]);
        let label = pieces(styles, false, depth - 1);
        all.push(
            (label, url)
                .prop_map(|(label, url)| Piece::Link(label, url.to_owned()))
                .boxed(),
        );
    }
    prop::collection::vec(proptest::strategy::Union::new(all), 1..4).boxed()
}

fn document() -> impl Strategy<Value = Vec<Block>> {
    let styles = vec![("bold", "**"), ("italic", "_"), ("strikethrough", "~~")];
    let stars = vec![("bold", "__"), ("italic", "*"), ("strikethrough", "~~")];
    let line = prop_oneof![pieces(styles.clone(), true, 2), pieces(stars, true, 3)];
    let lines = prop::collection::vec(line, 1..4).boxed();
    let unbold = pieces(styles[1..].to_vec(), true, 2);
    let code = prop::collection::vec("[a-z][a-z *_`\\[]{0,12}[a-z]", 1..4);
    let block = prop_oneof![
        3 => lines.clone().prop_map(Block::Lines),
        1 => (1_usize..7, unbold).prop_map(|(level, pieces)| Block::Heading(level, pieces)),
        1 => lines.clone().prop_map(Block::Quote),
        1 => (prop::sample::select(vec!["* ", "- ", "  * ", "1. "]), lines).prop_map(|(marker, lines)| Block::Items(marker, lines)),
        1 => (prop::sample::select(vec!["", "rust", "c++"]), code).prop_map(|(language, code)| Block::Fence(language, code)),
    ];
    prop::collection::vec(block, 0..6)
}

/// What entities promise, whatever the source was.
fn check_entities(rich: &RichText) -> Result<(), TestCaseError> {
    let units: Vec<u16> = rich.text.encode_utf16().collect();
    prop_assert!(rich.entities.len() <= 100);
    let mut around: Vec<usize> = Vec::new();
    let mut last = 0;
    for entity in &rich.entities {
        let end = entity.offset + entity.length;
        prop_assert!(entity.length > 0 && end <= units.len());
        prop_assert!(entity.offset >= last, "out of order");
        last = entity.offset;
        around.retain(|outer| *outer > entity.offset);
        prop_assert!(around.iter().all(|outer| *outer >= end), "crossing");
        around.push(end);
        let inside = String::from_utf16(&units[entity.offset..end]);
        prop_assert!(inside.is_ok(), "a surrogate pair is cut");
        let inside = inside.unwrap_or_default();
        prop_assert_eq!(inside.trim(), inside.as_str());
        prop_assert_eq!(entity.kind == "text_link", entity.url.is_some());
        let allowed = ["https://", "http://", "mailto:"];
        let url = entity.url.as_deref().unwrap_or("https://").to_ascii_lowercase();
        prop_assert!(allowed.iter().any(|scheme| url.starts_with(scheme)), "{}", url);
    }
    Ok(())
}

fn sorted(mut entities: Vec<Entity>) -> Vec<Entity> {
    entities.sort_by_key(|entity| {
        (
            entity.offset,
            std::cmp::Reverse(entity.length),
            entity.kind.clone(),
        )
    });
    entities
}

fn is_markup(c: char) -> bool {
    "*_~`#>[]()!<\\•".contains(c)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_document_becomes_what_it_was_written_from(blocks in document()) {
        let mut sides = Sides::default();
        for (index, block) in blocks.iter().enumerate() {
            if index > 0 {
                sides.both("\n\n");
            }
            sides.block(block);
        }
        let rich = markdown(&sides.source);
        prop_assert_eq!(&rich.text, &sides.wanted.text, "{}", sides.source);
        if sides.wanted.entities.len() <= 100 {
            prop_assert_eq!(sorted(rich.entities.clone()), sorted(sides.wanted.entities), "{}", sides.source);
        }
        check_entities(&rich)?;
    }

    #[test]
    fn only_markup_is_ever_left_out(source in "[ab я😀\\n*_~`#>\\[\\]()!<\\\\ .\u{301}]{0,80}") {
        let rich = markdown(&source);
        // Without an address there are no links, so all that is left out is of these characters, and blanks.
        let words = |text: &str| text.chars().filter(|c| !is_markup(*c) && !c.is_whitespace()).collect::<String>();
        // But for the word behind a fence: its language.
        if !source.contains("```") && !source.contains("~~~") {
            prop_assert_eq!(words(&rich.text), words(&source));
        }
        let mut left = source.chars();
        for c in rich.text.chars() {
            let wanted = if c == '•' { '*' } else { c };
            prop_assert!(left.any(|given| given == wanted), "{:?} is not in {:?}", rich.text, source);
        }
        prop_assert_eq!(rich.text.trim().is_empty(), source.trim().is_empty());
        check_entities(&rich)?;
    }

    #[test]
    fn text_without_markup_is_left_alone(source in "[^*_~`#>\\[<\\\\]{0,200}") {
        prop_assert_eq!(markdown(&source), RichText::plain(source));
    }

    #[test]
    fn anything_is_read(source in any::<String>(), more in "(\\*\\*|_|`|\\[a\\]\\(https://b|\\)|\\n> |\\n# |\\PC){0,60}") {
        let rich = markdown(&format!("{source}{more}"));
        check_entities(&rich)?;
        // What came out is text: read again it may hold markup, but nothing is ever added.
        prop_assert!(markdown(&rich.text).text.chars().count() <= rich.text.chars().count());
    }
}
