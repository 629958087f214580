use proptest::prelude::*;

use super::*;
use crate::text::MESSAGE_UNITS;

fn entity(kind: &str, offset: usize, length: usize) -> Entity {
    Entity {
        kind: kind.to_owned(),
        offset,
        length,
        url: (kind == "text_link").then(|| "https://a.example/x".to_owned()),
        language: None,
    }
}

fn texts(parts: &[RichText]) -> Vec<&str> {
    parts.iter().map(|part| part.text.as_str()).collect()
}

/// An entity's kind and target.
type Shown = (String, Option<String>);

/// For each character that is not blank, in order: what it is and how it is shown.
fn shown(rich: &RichText) -> Vec<(char, Vec<Shown>)> {
    let mut unit = 0;
    let mut all = Vec::new();
    for c in rich.text.chars() {
        let covers = |entity: &&Entity| (entity.offset..entity.offset + entity.length).contains(&unit);
        let mut kinds: Vec<_> = rich
            .entities
            .iter()
            .filter(covers)
            .map(|entity| (entity.kind.clone(), entity.url.clone()))
            .collect();
        kinds.sort();
        if !c.is_whitespace() {
            all.push((c, kinds));
        }
        unit += c.len_utf16();
    }
    all
}

/// The entities are in the text, at characters' edges, without blanks at theirs.
fn check_entities(rich: &RichText) -> Result<(), TestCaseError> {
    let units: Vec<u16> = rich.text.encode_utf16().collect();
    for entity in &rich.entities {
        prop_assert!(entity.length > 0);
        let inside = units.get(entity.offset..entity.offset + entity.length);
        prop_assert!(inside.is_some(), "{entity:?} is outside of {:?}", rich.text);
        let inside = String::from_utf16(inside.unwrap_or_default());
        prop_assert!(
            inside.is_ok(),
            "{entity:?} cuts a surrogate pair of {:?}",
            rich.text
        );
        let inside = inside.unwrap_or_default();
        prop_assert_eq!(inside.trim(), inside.as_str());
    }
    Ok(())
}

#[test]
fn splitting_prefers_paragraphs() {
    let text = format!("{}\n\n{}", "a".repeat(30), "b".repeat(30));
    assert_eq!(
        split(&text, 40),
        vec![format!("{}\n\n", "a".repeat(30)), "b".repeat(30)]
    );
}

#[test]
fn an_entity_that_crosses_an_edge_is_in_both_parts() {
    let rich = RichText {
        text: "one two three four".to_owned(),
        entities: vec![entity("bold", 4, 9)],
    };
    let parts = split_rich(&rich, 9, 100);
    assert_eq!(texts(&parts), ["one two ", "three ", "four"]);
    assert_eq!(parts[0].entities, [entity("bold", 4, 3)]);
    assert_eq!(parts[1].entities, [entity("bold", 0, 5)]);
    assert_eq!(parts[2].entities, []);
}

#[test]
fn code_and_links_stay_whole_where_they_fit() {
    for kind in ["code", "text_link", "pre"] {
        let rich = RichText {
            text: "some words and cargo run now".to_owned(),
            entities: vec![entity(kind, 15, 9)],
        };
        let parts = split_rich(&rich, 22, 100);
        assert_eq!(texts(&parts), ["some words and ", "cargo run now"]);
        assert_eq!(parts[1].entities, [entity(kind, 0, 9)]);
    }
    let long = RichText {
        text: "see let a = 1;\nlet b = 2;\nlet c = 3;".to_owned(),
        entities: vec![entity("pre", 4, 32)],
    };
    let parts = split_rich(&long, 26, 100);
    assert_eq!(texts(&parts), ["see let a = 1;\nlet b = 2;\n", "let c = 3;"]);
    assert_eq!(parts[0].entities, [entity("pre", 4, 21)]);
    assert_eq!(parts[1].entities, [entity("pre", 0, 10)]);
}

#[test]
fn too_many_entities_or_too_much_of_their_data_split_too() {
    let words = |count: usize, kind: &str| RichText {
        text: "ab ".repeat(count),
        entities: (0..count).map(|at| entity(kind, at * 3, 2)).collect(),
    };
    let parts = split_rich(&words(250, "bold"), MESSAGE_UNITS, 100);
    let counts: Vec<_> = parts.iter().map(|part| part.entities.len()).collect();
    assert_eq!(counts, [100, 100, 50]);

    let mut links = words(60, "text_link");
    for link in &mut links.entities {
        link.url = Some(format!("https://a.example/{}", "x".repeat(400)));
    }
    let parts = split_rich(&links, MESSAGE_UNITS, 100);
    assert_eq!(parts.len(), 3);
    assert_eq!(parts.iter().map(|part| part.entities.len()).sum::<usize>(), 60);

    links.entities.truncate(1);
    links.entities[0].url = Some("x".repeat(10_000));
    let parts = split_rich(&links, MESSAGE_UNITS, 100);
    assert_eq!((parts.len(), parts[0].entities.len()), (1, 0));
    assert_eq!(
        split_rich(&words(9, "bold"), MESSAGE_UNITS, 0),
        [RichText::plain("ab ".repeat(9))]
    );
}

#[test]
fn what_is_seen_as_one_character_is_not_torn() {
    let family = "👩‍👩‍👧‍👦";
    for whole in [family, "e\u{301}\u{323}", "👍🏽", "❤\u{fe0f}", "🇩🇪", "עִ"] {
        let text = format!("{}{whole}{}", "x".repeat(7), "y".repeat(5));
        let units = 7 + utf16_len(whole) - 1;
        let parts = split(&text, units);
        assert_eq!(parts[0], "xxxxxxx", "{whole}");
        assert!(parts[1].starts_with(whole), "{whole}");
    }
    // A heap of accents is torn after all: it would never end.
    let heap = format!("a{}", "\u{301}".repeat(200));
    assert_eq!(split(&heap, 50).concat(), heap);
}

#[test]
fn no_part_is_blank() {
    let joined = |text: &str, units| {
        let parts = split_rich(&RichText::plain(text), units, 100);
        assert!(parts.iter().all(|part| !part.text.trim().is_empty()), "{text:?}");
        texts(&parts).concat()
    };
    for text in [
        "0123456789\n",
        "0123456789 \n\n ab",
        "\n\n\n\n\n\n\n\nabcdef",
        "a         b",
    ] {
        assert_eq!(joined(text, 10), text, "{text:?}");
    }
    assert_eq!(joined("   \n ", 10), "");
    assert_eq!(joined("", 10), "");
    // Blanks alone fill more than a message: nobody takes that.
    assert_eq!(
        joined(&format!("a{}b", " ".repeat(25)), 10).replace(' ', ""),
        "ab"
    );
}

#[test]
fn a_long_text_becomes_few_messages() {
    let text = "Слово 👩‍👩‍👧 שלום word. ".repeat(900);
    let rich = RichText {
        entities: vec![entity("italic", 0, utf16_len(&text))],
        text,
    };
    assert!(rich.text.chars().count() > 20_000);
    let parts = split_rich(&rich, MESSAGE_UNITS, 100);
    assert_eq!(texts(&parts).concat(), rich.text);
    assert_eq!(parts.len(), utf16_len(&rich.text).div_ceil(MESSAGE_UNITS));
    assert!(parts.iter().all(|part| part.entities.len() == 1));
}

/// Text of all sorts, with entities anywhere in it, out of it and across it.
fn any_rich() -> impl Strategy<Value = RichText> {
    let piece = prop_oneof![
        4 => "[a-z ]{1,12}",
        1 => Just("👩‍👩‍👧".to_owned()),
        1 => Just("שלום עולם".to_owned()),
        1 => Just("e\u{301}🇩🇪".to_owned()),
        1 => "[.!?] |\n\n|\n|   ",
        1 => "\\PC{1,4}",
    ];
    let text = prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat());
    let kinds = prop::sample::select(vec!["bold", "italic", "code", "pre", "text_link", "blockquote"]);
    let entities = prop::collection::vec((kinds, 0_usize..400, 0_usize..90), 0..24);
    (text, entities).prop_map(|(text, entities)| RichText {
        text,
        entities: entities
            .into_iter()
            .map(|(kind, offset, length)| entity(kind, offset, length))
            .collect(),
    })
}

proptest! {
    #[test]
    fn parts_joined_are_the_text_and_none_is_too_long(text in "\\PC{0,300}", units in 2_usize..64) {
        let parts = split(&text, units);
        prop_assert_eq!(parts.concat(), text.as_str());
        for part in parts {
            prop_assert!(utf16_len(part) <= units);
            prop_assert!(!part.is_empty());
        }
    }

    #[test]
    fn rich_parts_joined_show_the_text_as_before(rich in any_rich(), units in 30_usize..200, most in 24_usize..50) {
        // Entities that point into a character are moved to its edge first, so that both sides agree.
        let spans = spans(&rich);
        let entities = spans.iter().filter_map(|span| span.within(&rich.text, 0, rich.text.len()));
        let rich = RichText { entities: entities.collect(), text: rich.text.clone() };
        let parts = split_rich(&rich, units, most);
        let mut seen = Vec::new();
        for part in &parts {
            prop_assert!(utf16_len(&part.text) <= units);
            prop_assert!(part.entities.len() <= most);
            prop_assert!(!part.text.trim().is_empty());
            check_entities(part)?;
            seen.extend(shown(part));
        }
        prop_assert_eq!(seen, shown(&rich));
        let blanks = rich.text.split(|c: char| !c.is_whitespace()).map(utf16_len).max().unwrap_or(0);
        if blanks < units / 2 && !is_blank(&rich.text) {
            prop_assert_eq!(texts(&parts).concat(), rich.text);
        }
    }

    #[test]
    fn few_entities_a_part_lose_none_beside_each_other(rich in any_rich(), most in 1_usize..9) {
        let parts = split_rich(&rich, MESSAGE_UNITS, most);
        prop_assert!(parts.iter().all(|part| part.entities.len() <= most));
        let text = texts(&parts).concat();
        prop_assert!(text == rich.text || is_blank(&rich.text));
        for part in &parts {
            check_entities(part)?;
        }
    }
}
