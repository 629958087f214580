//! Consent: to one version of a text, asked again with a new one, and taken back with all that says
//! who the client is.

use crate::lead::FormPhase;
use crate::playbook::FieldKind;

use super::menu;
use super::turn::Turn;

/// Forgets a consent to another version of the text than the playbook's. Says whether there was one.
pub(super) fn expire(turn: &mut Turn<'_>) -> bool {
    let form = &turn.playbook().form;
    let Some(lead) = &turn.lead else { return false };
    let given = |name: &str| lead.value(name).is_some();
    let current = lead.consent_version.as_ref() == Some(&form.consent_version);
    let old = form
        .fields
        .iter()
        .any(|field| field.kind == FieldKind::Consent && given(&field.name));
    if current || !old {
        return false;
    }
    forget(turn);
    turn.fact("consent_expired", vec![]);
    true
}

/// The client does not consent: the form ends, and nothing that says who they are is kept in it.
pub(super) fn refuse(turn: &mut Turn<'_>) {
    forget(turn);
    let playbook = turn.playbook();
    let lead = turn.lead_mut();
    for field in playbook.form.fields.iter().filter(|field| field.is_personal()) {
        lead.fields.remove(&field.name);
    }
    lead.form.phase = FormPhase::Paused;
    lead.form.field.clear();
    lead.form.correcting = false;
    lead.form.question += 1;
    lead.form.refused = true;
    turn.fact("consent_refused", vec![]);
    turn.rescore();
    let text = turn.text("form-consent-refused", &[]);
    menu::show(turn, &text);
}

fn forget(turn: &mut Turn<'_>) {
    let playbook = turn.playbook();
    let lead = turn.lead_mut();
    lead.consent_at = None;
    lead.consent_version = None;
    for field in &playbook.form.fields {
        if field.kind == FieldKind::Consent {
            lead.fields.remove(&field.name);
        }
    }
}
