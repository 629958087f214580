//! A model that writes Markdown, well and badly; the same number always writes the same.

/// What it wrote.
pub struct Written {
    pub source: String,
    /// What must be read, where that can be told while it is written.
    pub plain: Option<String>,
}

pub struct Model {
    number: u64,
    state: u64,
}

const WORDS: [&str; 20] = [
    "price",
    "Слово",
    "שלום",
    "مرحبا",
    "😀",
    "👩‍👩‍👧",
    "e\u{301}tude",
    "🇩🇪",
    "snake_case_name",
    "2 * 3 * 4",
    "重点",
    "https://a.example/a_b_c?d_e=1&f=2",
    "www.b.example/_x_/y",
    "a/b",
    "(see below)",
    "50%",
    "x=y",
    "— so",
    "[1]",
    "👍🏽",
];

/// Markup and what is read of it.
const STYLED: [(&str, &str); 14] = [
    ("**bold**", "bold"),
    ("*italic* text", "italic text"),
    ("_наклон_", "наклон"),
    ("***both***", "both"),
    (
        "**bold with *italic* and `code_x`**",
        "bold with italic and code_x",
    ),
    ("~~old 😀~~", "old 😀"),
    ("`a_b*c`", "a_b*c"),
    ("``x`y``", "x`y"),
    ("<https://m.example/_z_>", "https://m.example/_z_"),
    ("**重点**内容", "重点内容"),
    ("snake\\_case", "snake_case"),
    ("[label](https://l.example/p_q_(r))", "label"),
    ("[**bold** label](mailto:a_b@l.example)", "bold label"),
    ("**[🙂 link](http://l.example)**", "🙂 link"),
];

/// How many of them are no links.
const PLAIN_STYLES: usize = 11;

/// What is broken, or never ends. What opens a fence stands in a line of its own or behind something: else
/// a word behind it would be its language.
const BROKEN: [&str; 24] = [
    "**", "*", "_", "__", "-~~", "-`", "-``", "-```", "\n```\n", "[", "](", ")", "![", "<", ">", "\n> ",
    "\n# ", "\n* ", "***", "\\", "#", "\n\n", "   ", "\u{200d}",
];

impl Model {
    pub fn of(number: u64) -> Self {
        Model {
            number,
            state: number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bf0_3635,
        }
    }

    /// The next number below `limit` (splitmix64).
    fn below(&mut self, limit: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % u64::try_from(limit).unwrap()).unwrap()
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    pub fn writes(mut self) -> Written {
        // One of a hundred is as long as a model may write.
        let length = if self.number % 200 < 2 {
            20_000
        } else {
            20 + self.below(500)
        };
        if self.number.is_multiple_of(2) {
            self.well(length)
        } else {
            self.badly(length)
        }
    }

    fn line(&mut self, source: &mut String, plain: &mut String) {
        for piece in 0..=self.below(12) {
            if piece > 0 {
                source.push(' ');
                plain.push(' ');
            }
            let (written, read) = if self.below(3) == 0 {
                // The links are last; a hundred are taken.
                let few = source.matches("](").count() < 80;
                self.pick(if few { &STYLED } else { &STYLED[..PLAIN_STYLES] })
            } else {
                let word = self.pick(&WORDS);
                (word, word)
            };
            source.push_str(written);
            plain.push_str(read);
        }
    }

    fn well(&mut self, length: usize) -> Written {
        let (mut source, mut plain) = (String::new(), String::new());
        let (mut count, mut counted) = (0, 0);
        while source.is_empty() || count < length {
            if !source.is_empty() {
                source.push_str("\n\n");
                plain.push_str("\n\n");
            }
            count += source[counted..].chars().count();
            counted = source.len();
            let (written, read) = self.pick(&[
                ("", ""),
                ("## ", ""),
                ("> ", ""),
                ("* ", "• "),
                ("- ", "- "),
                ("1. ", "1. "),
            ]);
            if self.below(8) == 0 {
                source.push_str("```rust\nlet _a_ = *b* ** c; // 😀\n\n  `x`\n```");
                plain.push_str("let _a_ = *b* ** c; // 😀\n\n  `x`");
                continue;
            }
            source.push_str(written);
            plain.push_str(read);
            self.line(&mut source, &mut plain);
        }
        Written {
            source,
            plain: Some(plain),
        }
    }

    fn badly(&mut self, length: usize) -> Written {
        let mut source = "Well: ".to_owned();
        let mut count = 0;
        while count < length {
            let before = source.len();
            match self.below(3) {
                0 => source.push_str(self.pick(&BROKEN)),
                1 => {
                    // No targets: what is in them is not read.
                    let word = self.pick(&WORDS);
                    source.push_str(word);
                    source.push(' ');
                }
                _ => {
                    let (written, _) = self.pick(&STYLED[..8]);
                    source.push_str(written);
                }
            }
            count += source[before..].chars().count();
        }
        Written { source, plain: None }
    }
}
