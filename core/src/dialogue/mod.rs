//! The dialogue: what happened, what is known, and what to do about it.
//!
//! [`Rules::decide`](Decide::decide) is a pure function of an [`Occasion`] and an [`Event`]. It works
//! in a [`Turn`], which gathers rows and messages into a [`Decision`]. What the desk can do is
//! registered: [`Command`]s by name, [`Skill`]s by order and by the prefix of their buttons. An
//! embedding developer adds his own the way the built-in ones are added ([`Registry::standard`]).

mod agent;
mod answered;
mod asking;
mod card;
mod case;
mod commands;
mod consent;
mod decision;
mod event;
mod follow;
mod form;
pub(crate) mod form_input;
mod form_skill;
mod handover;
mod in_force;
mod incoming;
mod knowledge_skill;
mod media;
mod menu;
mod nudges;
mod registry;
mod rules;
mod seam;
mod small_talk;
mod timers;
mod turn;

pub use asking::{ANSWER_JOB, ANSWER_VERSION, Question, draft_id};
pub use decision::{ConversationWrite, Decision, Fact};
pub use event::{
    AgentAction, AgentPost, CaseAction, CaseOrder, ChatKind, DownloadReport, Event, FoundField, LimitNotice,
    LimitWindow, Media, ModelOutcome, ModelProposals, ModelReport, TimerFired, Update, UpdateKind,
};
pub use in_force::RulesInForce;
pub use media::{DOWNLOAD_JOB, DOWNLOAD_VERSION, Download};
pub use registry::{Command, Heard, Registry, Skill};
pub use rules::{FilesRung, ModelRung, Rules, RulesSettings};
pub use seam::{Decide, Occasion};
pub use timers::{TIMER_JOB, TIMER_VERSION};
pub use turn::Turn;
