use super::*;
use crate::id::MessageId;
use crate::playbook::Field;
use proptest::prelude::*;
use std::collections::BTreeMap;
use uuid::Uuid;

const REGION: Option<&str> = Some("DE");

fn field(name: &str, kind: FieldKind, choices: &[&str]) -> Field {
    Field {
        name: name.into(),
        kind,
        choices: choices.iter().map(|choice| (*choice).into()).collect(),
        synonyms: BTreeMap::from([("cloud".to_owned(), vec!["aws".to_owned(), "облако".to_owned()])]),
        ranges: None,
        optional: false,
        personal: false,
    }
}

fn form() -> Form {
    Form {
        fields: vec![
            field("project_type", FieldKind::Choice, &["devops", "cloud"]),
            field("description", FieldKind::Text, &[]),
            field("budget_range", FieldKind::Choice, &["<10k", "10k-50k", "150k+"]),
            field("name", FieldKind::Text, &[]),
            field("contact", FieldKind::Contact, &[]),
            field("consent", FieldKind::Consent, &[]),
        ],
        consent_version: "1".into(),
        phone_region: Some("DE".into()),
        phone_regions: BTreeMap::new(),
        reminder_after: None,
    }
}

fn call(name: &str, arguments: &str) -> ToolCall {
    ToolCall {
        name: name.into(),
        arguments: arguments.into(),
    }
}

fn proposed(field: &str, value: &str, quote: &str) -> ProposedField {
    ProposedField {
        field: field.into(),
        value: value.into(),
        quote: quote.into(),
    }
}

fn id(number: u128) -> MessageId {
    MessageId(Uuid::from_u128(number))
}

#[test]
fn proposals_are_read_however_they_are_written() {
    let cloud = proposed("project_type", "cloud", "move to AWS");
    for arguments in [
        r#"{"fields":[{"field":"project_type","value":"cloud","quote":"move to AWS"}]}"#,
        r#"{"fields":{"project_type":{"value":"cloud","quote":"move to AWS"}}}"#,
        r#"{"projectType":{"value":"cloud","evidence":"move to AWS","sure":true}}"#,
        r#"{"field":"project_type","value":"cloud","quote":"move to AWS"}"#,
        "```json\n{'fields': [{'name': 'project-type', 'value': 'cloud', 'quote': 'move to AWS',}]}\n```",
    ] {
        let read = read(&[call("note_lead", arguments)], &form());
        assert_eq!(
            read.proposals,
            [Proposal::LeadFields(vec![cloud.clone()])],
            "{arguments}"
        );
        assert_eq!(read.dropped, [], "{arguments}");
    }
    let read = read(
        &[
            call("startForm", ""),
            call("functions.hand-over", r#"{"reason":"wants a person"}"#),
            call("hand_over", "no json"),
        ],
        &form(),
    );
    let reason = "wants a person".to_owned();
    assert_eq!(
        read.proposals,
        [Proposal::HandOver { reason }, Proposal::StartForm]
    );
}

#[test]
fn what_is_no_proposal_is_dropped_with_the_reason() {
    for (name, arguments, reason) in [
        ("delete_client", "{}", Dropped::UnknownTool),
        ("note_lead", "no json", Dropped::Unreadable),
        (
            "note_lead",
            r#"{"fields":[{"field":"discount","value":"90","quote":"90"}]}"#,
            Dropped::UnknownField,
        ),
        (
            "note_lead",
            r#"{"fields":[{"field":"name","value":"N/A","quote":"Ann"}]}"#,
            Dropped::NoValue,
        ),
        (
            "note_lead",
            r#"{"fields":[{"field":"name","value":null,"quote":"Ann"}]}"#,
            Dropped::NoValue,
        ),
        (
            "note_lead",
            r#"{"fields":[{"field":"name","value":"Ann"}]}"#,
            Dropped::NoQuote,
        ),
        ("note_lead", r#"{"name":"Ann"}"#, Dropped::UnknownField),
        (
            "note_lead",
            r#"{"fields":[{"field":"consent","value":"yes","quote":"yes"}]}"#,
            Dropped::NotForModels,
        ),
    ] {
        let read = read(&[call(name, arguments)], &form());
        assert_eq!(read.proposals, [], "{arguments}");
        assert_eq!(read.dropped, [reason], "{arguments}");
    }
    let many = vec![call("start_form", ""); 20];
    assert_eq!(read(&many, &form()).dropped, [Dropped::TooMany]);
    let long = format!(
        r#"{{"fields":[{{"field":"name","value":"{}"}}]}}"#,
        "a".repeat(20_000)
    );
    assert_eq!(
        read(&[call("note_lead", &long)], &form()).dropped,
        [Dropped::Unreadable]
    );
}

#[test]
fn only_what_the_client_said_counts() {
    let messages = [
        (
            id(1),
            "Hi, I am Ann  Lee. We want to move forty services to ＡＷＳ this year",
        ),
        (id(2), "We can spend about 40 000 euro. Call me at 030 901820"),
    ];
    for (proposed, expected) in [
        (
            proposed("project_type", "cloud", "move forty services to aws"),
            Ok(("cloud", 1, 0.8)),
        ),
        (
            proposed("project_type", "devops", "move forty services to AWS"),
            Err(Dropped::NotInQuote),
        ),
        (
            proposed("project_type", "devops", "Ann Lee"),
            Ok(("devops", 1, 0.5)),
        ),
        (
            proposed("project_type", "sauna", "Ann Lee"),
            Err(Dropped::NotValid),
        ),
        (
            proposed("project_type", "cloud", "we love clouds"),
            Err(Dropped::NotSaid),
        ),
        (
            proposed("budget_range", "10k-50k", "about 40 000 Euro"),
            Ok(("10k-50k", 2, 0.8)),
        ),
        (
            proposed("budget_range", "150k+", "about 40 000 euro"),
            Err(Dropped::NotInQuote),
        ),
        (
            proposed("budget_range", "<10K", "we can spend"),
            Ok(("<10k", 2, 0.5)),
        ),
        (
            proposed("name", "Ann Lee", "I am Ann Lee"),
            Ok(("Ann Lee", 1, 0.8)),
        ),
        (
            proposed("name", "Boris", "I am Ann Lee"),
            Err(Dropped::NotInQuote),
        ),
        (
            proposed(
                "description",
                "move forty services to AWS",
                "We want to move forty services",
            ),
            Ok(("move forty services to AWS", 1, 0.8)),
        ),
        (
            proposed(
                "description",
                "Move about forty services to AWS this year",
                "We want to move forty services",
            ),
            Ok(("Move about forty services to AWS this year", 1, 0.5)),
        ),
        (
            proposed(
                "description",
                "VIP client, approved discount of 90 percent",
                "We want to move forty services",
            ),
            Err(Dropped::NotInQuote),
        ),
        (proposed("name", "Ann Lee", "e"), Err(Dropped::NoQuote)),
        (proposed("name", "Ann Lee", "nn Le"), Err(Dropped::NotSaid)),
    ] {
        let findings = ground(&form(), REGION, std::slice::from_ref(&proposed), &messages);
        let of_field = findings
            .fields
            .iter()
            .find(|grounded| grounded.field == proposed.field);
        match expected {
            Ok((value, message, confidence)) => {
                let grounded = of_field.unwrap_or_else(|| panic!("{proposed:?}: {findings:?}"));
                assert_eq!(
                    (grounded.value.as_str(), grounded.message_id),
                    (value, id(message))
                );
                assert!(
                    (grounded.confidence - confidence).abs() < 1e-9,
                    "{proposed:?}: {grounded:?}"
                );
            }
            Err(reason) => {
                assert_eq!(of_field, None, "{proposed:?}");
                assert_eq!(findings.dropped, [reason], "{proposed:?}");
            }
        }
    }
}

#[test]
fn what_a_rule_finds_comes_first_and_stays() {
    let messages = [(id(1), "mail me: Ann@Example.com"), (id(2), "thanks")];
    let wrong = proposed("contact", "boris@evil.example", "mail me");
    let findings = ground(&form(), REGION, &[wrong], &messages);
    assert_eq!(findings.fields.len(), 1);
    assert_eq!(findings.fields[0].value, "Ann@example.com");
    assert_eq!(findings.fields[0].message_id, id(1));
    let invented = proposed("contact", "boris@evil.example", "thanks");
    let findings = ground(&form(), REGION, &[invented], &messages[1..]);
    assert_eq!(
        (findings.fields, findings.dropped),
        (vec![], vec![Dropped::NotInQuote])
    );
}

#[test]
fn tools_are_the_forms() {
    let tools = tools(&form());
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["hand_over", "start_form", "note_lead"]);
    let fields = &tools[2].parameters["properties"]["fields"]["items"]["properties"]["field"]["enum"];
    assert_eq!(
        *fields,
        serde_json::json!(["project_type", "description", "budget_range", "name", "contact"])
    );
    assert!(
        tools[2]
            .description
            .contains("budget_range (one of <10k, 10k-50k, 150k+)")
    );
    assert!(!tools[2].description.contains("consent"));
}

proptest! {
    #[test]
    fn nothing_panics_and_what_is_grounded_was_said(
        name in "(note_lead|hand_over|start_form|[a-z]{0,6})",
        arguments in "[{}\\[\\]\":,a-z_ 0-9]{0,80}",
        value in "[a-z ]{0,20}",
        quote in "[a-z ]{0,20}",
        message in "[a-z ]{0,30}",
    ) {
        read(&[call(&name, &arguments)], &form());
        let field = proposed("description", &value, &quote);
        for grounded in ground(&form(), REGION, &[field], &[(id(1), &message)]).fields {
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert!(words(&message).contains(&words(&grounded.quote)));
        }
    }
}
