//! Playing a transcript.

use frontdesk_core::dialogue::{FilesRung, Registry, Rules, RulesSettings, UpdateKind};
use frontdesk_core::playbook::Playbook;
use frontdesk_core::time::Timestamp;
use std::sync::Arc;

use crate::script::{Step, TranscriptError, parse};
use crate::stage::{FILE_LIMIT, Heard, Stage, staff_lane};

/// A playbook, ready to be rehearsed. Its knowledge is trained once.
#[derive(Debug)]
pub struct Rehearsal {
    rules: Arc<Rules>,
}

/// A Monday at noon in Berlin, unless the transcript says otherwise.
const MONDAY_NOON: i64 = 1_795_431_600;

impl Rehearsal {
    /// Rehearses a playbook with the standard abilities.
    pub fn new(playbook: Playbook) -> Self {
        let settings = RulesSettings {
            staff_chats: vec![staff_lane()],
            files: Some(FilesRung {
                max_bytes: FILE_LIMIT,
            }),
            ..RulesSettings::default()
        };
        Rehearsal::with_rules(Arc::new(Rules::new(
            Arc::new(playbook),
            Registry::standard(),
            settings,
        )))
    }

    /// Rehearses rules of one's own, with own commands and skills.
    pub fn with_rules(rules: Arc<Rules>) -> Self {
        Rehearsal { rules }
    }

    /// Plays one transcript from a blank store.
    ///
    /// # Errors
    /// The first line that cannot be read, or is not what happened.
    pub fn play(&self, transcript: &str) -> Result<(), TranscriptError> {
        let steps = parse(transcript)?;
        let mut start = Timestamp::from_seconds(MONDAY_NOON);
        for (_, step) in &steps {
            if let Step::Now(now) = step {
                start = *now;
            }
        }
        let at_line = |line: usize| move |why: String| TranscriptError { line, why };
        let mut stage = Stage::new(Arc::clone(&self.rules), start).map_err(at_line(1))?;
        let mut said = Said::default();
        for (line, step) in steps {
            act(&mut stage, &mut said, step).map_err(at_line(line))?;
        }
        Ok(())
    }
}

/// What has been said since somebody last did something, and how far it has been expected.
#[derive(Default)]
struct Said {
    heard: Vec<Heard>,
    client_at: usize,
    staff_at: usize,
}

impl Said {
    fn anew(heard: Vec<Heard>) -> Said {
        Said {
            heard,
            client_at: 0,
            staff_at: 0,
        }
    }

    /// Finds the next thing said that contains `wanted`, after what was found before.
    fn find(&mut self, to_staff: bool, wanted: &str) -> Result<(), String> {
        let from = if to_staff { self.staff_at } else { self.client_at };
        let needle = wanted.to_lowercase();
        let found = self
            .heard
            .iter()
            .enumerate()
            .skip(from)
            .find(|(_, heard)| heard.to_staff == to_staff && heard.text.to_lowercase().contains(&needle));
        match found {
            // The same message may be looked at by several lines.
            Some((at, _)) if to_staff => self.staff_at = at,
            Some((at, _)) => self.client_at = at,
            None => return Err(format!("expected `{wanted}`, but {}", self.all(to_staff))),
        }
        Ok(())
    }

    fn all(&self, to_staff: bool) -> String {
        let texts: Vec<String> = self
            .heard
            .iter()
            .filter(|heard| heard.to_staff == to_staff)
            .map(|heard| format!("`{}`", heard.text.replace('\n', " / ")))
            .collect();
        let who = if to_staff { "the staff" } else { "the client" };
        if texts.is_empty() {
            format!("{who} was told nothing")
        } else {
            format!("{who} was told {}", texts.join(", "))
        }
    }
}

fn act(stage: &mut Stage, said: &mut Said, step: Step) -> Result<(), String> {
    match step {
        Step::Now(_) => {}
        Step::Language(tag) => stage.language(tag),
        Step::Name(name) => stage.name(name),
        Step::Client(what) => *said = Said::anew(stage.client(what)?),
        Step::Send(media, bytes) => *said = Said::anew(stage.send(media, bytes)?),
        Step::Tap(label) => {
            let data = stage
                .button(&label)
                .ok_or_else(|| format!("there is no button [{label}]; there are {}", stage.labels()))?;
            *said = Said::anew(stage.client(UpdateKind::Tap {
                tap_id: "tap".to_owned(),
                data,
            })?);
        }
        Step::Agent(action) => *said = Said::anew(stage.agent(action)?),
        Step::Pass(by) => *said = Said::anew(stage.pass(by)?),
        Step::Told(wanted) => said.find(false, &wanted)?,
        Step::StaffTold(wanted) => said.find(true, &wanted)?,
        Step::NotTold(unwanted) => {
            let needle = unwanted.to_lowercase();
            if said
                .heard
                .iter()
                .any(|heard| !heard.to_staff && heard.text.to_lowercase().contains(&needle))
            {
                return Err(format!(
                    "expected nothing with `{unwanted}`, but {}",
                    said.all(false)
                ));
            }
        }
        Step::Silence => {
            if said.heard.iter().any(|heard| !heard.to_staff) {
                return Err(format!("expected silence, but {}", said.all(false)));
            }
        }
    }
    Ok(())
}
