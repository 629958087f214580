//! The lead form.

use crate::chat::Chat;
use frontdesk_core::dialogue::UpdateKind;
use frontdesk_core::lead::{FieldSource, FormPhase, LeadScore};

pub fn fill_until_contact(chat: &mut Chat) {
    chat.says("/start");
    let said = chat.says("/quote");
    assert!(said.contains("(1/8) What kind of project"), "{said}");
    assert!(chat.taps("Cloud migration").contains("(2/8)"));
    assert!(
        chat.says("We want to move forty services to AWS")
            .contains("(3/8)")
    );
    assert!(chat.taps("€50k–150k").contains("(4/8)"));
    assert!(chat.says("asap please").contains("(5/8)"));
    assert!(chat.says("Ann Lee").contains("(6/8)"));
    assert!(chat.says("Example GmbH").contains("(7/8)"));
}

#[test]
fn the_form_takes_wrong_addresses_questions_corrections_and_ends_with_a_score() {
    let mut chat = Chat::new();
    fill_until_contact(&mut chat);
    let invalid = chat.says("ann(at)example");
    assert!(invalid.contains("neither an e-mail"), "{invalid}");
    let in_between = chat.says("how much is a devops audit?");
    assert!(
        in_between.to_lowercase().contains("week") && in_between.contains("(7/8)"),
        "{in_between}"
    );
    assert!(chat.says("you can use ann@example.com").contains("(8/8)"));
    let summary = chat.taps("Yes");
    for part in [
        "Cloud migration",
        "€50k–150k",
        "As soon as possible",
        "Ann Lee",
        "ann@example.com",
    ] {
        assert!(summary.contains(part), "{part} in {summary}");
    }
    let ask = chat.taps("Change: Budget");
    assert!(ask.contains("(3/8)"), "{ask}");
    let summary = chat.taps("€10k–50k");
    assert!(
        summary.contains("Is it right?") && summary.contains("€10k–50k"),
        "{summary}"
    );
    let done = chat.taps("Confirm and send");
    assert!(done.contains("Thank you"), "{done}");
    let lead = chat.snapshot.lead.as_ref().unwrap();
    assert_eq!(lead.form.phase, FormPhase::Confirmed);
    assert_eq!(lead.score_points, 80);
    assert_eq!(
        lead.score_points,
        lead.score_reasons.iter().map(|reason| reason.points).sum::<i64>()
    );
    assert_eq!(lead.lead_score, LeadScore::Hot);
    assert!(
        lead.score_reasons
            .iter()
            .all(|reason| reason.message_id.is_some())
    );
    assert_eq!(lead.column("email").as_deref(), Some("ann@example.com"));
    assert_eq!(lead.fields["timeline"].source, FieldSource::Typed);
    assert_eq!(lead.fields["project_type"].source, FieldSource::Button);
    assert!(lead.consent_at.is_some());
    let card = chat.staff();
    assert!(
        card.contains("hot, 80 points") && card.contains("+20 budget of 10k to 50k"),
        "{card}"
    );
}

#[test]
fn the_form_goes_back_skips_cancels_and_resumes() {
    let mut chat = Chat::new();
    fill_until_contact(&mut chat);
    assert!(chat.says("back").contains("(6/8)"));
    assert!(chat.taps("Skip").contains("(7/8)"));
    assert_eq!(chat.snapshot.lead.as_ref().unwrap().form.skipped, ["company"]);
    let left = chat.says("/cancel");
    assert!(left.contains("kept"), "{left}");
    assert!(chat.says("hello").contains("How can I help"));
    let resumed = chat.says("/quote");
    assert!(
        resumed.contains("where we stopped") && resumed.contains("(7/8)"),
        "{resumed}"
    );
    assert!(chat.says("+49 30 901820").contains("(8/8)"));
    assert_eq!(
        chat.snapshot.lead.as_ref().unwrap().column("phone").as_deref(),
        Some("+4930901820")
    );
    let unsure = chat.says("perhaps");
    assert!(unsure.contains("Without your consent"), "{unsure}");
}

#[test]
fn a_required_field_cannot_be_skipped() {
    let mut chat = Chat::new();
    chat.says("/quote");
    let said = chat.says("skip");
    assert!(
        said.contains("I need an answer") && said.contains("(1/8)"),
        "{said}"
    );
}

#[test]
fn a_shared_contact_fills_the_contact_field() {
    let mut chat = Chat::new();
    fill_until_contact(&mut chat);
    let said = chat.update(UpdateKind::Contact {
        phone: "4930901820".into(),
        own: true,
    });
    assert!(said.contains("+4930901820") && said.contains("(8/8)"), "{said}");
    assert_eq!(
        chat.snapshot.lead.as_ref().unwrap().fields["contact"].source,
        FieldSource::Contact
    );
}

#[test]
fn somebody_elses_contact_and_one_that_is_no_number_are_not_taken() {
    for (phone, own, told) in [
        ("+4930901820", false, "somebody else's contact"),
        ("12", true, "neither an e-mail"),
        ("", true, "neither an e-mail"),
        ("+++", true, "neither an e-mail"),
    ] {
        let mut chat = Chat::new();
        fill_until_contact(&mut chat);
        let said = chat.update(UpdateKind::Contact {
            phone: phone.into(),
            own,
        });
        assert!(said.contains(told), "{phone}: {said}");
        let lead = chat.snapshot.lead.as_ref().unwrap();
        assert_eq!(lead.value("contact"), None, "{phone}");
        assert_eq!(lead.form.field, "contact");
    }
}

#[test]
fn numbers_are_kept_as_the_world_dials_them() {
    for (typed, kept) in [
        ("030 901820", "+4930901820"),
        ("(030) 90 18 20", "+4930901820"),
        ("0049 30 901820", "+4930901820"),
        ("+49 30 901820 ext. 12", "+4930901820"),
        ("my number: +49 (0)30 901820, evenings", "+4930901820"),
        ("+7 912 345-67-89", "+79123456789"),
    ] {
        let mut chat = Chat::new();
        fill_until_contact(&mut chat);
        chat.says(typed);
        let lead = chat.snapshot.lead.as_ref().unwrap();
        assert_eq!(lead.value("contact"), Some(kept), "{typed}");
    }
    let mut chat = Chat::new();
    fill_until_contact(&mut chat);
    chat.snapshot.client.as_mut().unwrap().language = Some("ru".into());
    chat.says("8 (912) 345-67-89");
    let lead = chat.snapshot.lead.as_ref().unwrap();
    assert_eq!(lead.value("contact"), Some("+79123456789"));
}
