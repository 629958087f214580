//! The operations that the model-based check draws.

use std::time::Duration;

use frontdesk_core::port::messenger::LimitScope;
use frontdesk_core::work::{Repeat, SendOutcome};
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;

/// A back-off that only a long wait outlasts.
pub(super) const BACK_OFF: Duration = Duration::from_mins(50);
/// How many chats there are, from 0.
pub(super) const CHATS: i64 = 3;

/// One operation. Indices choose among the claims made so far, stale ones included.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Accept {
        chat: i64,
        update: Option<i64>,
    },
    /// An event, and the turn it leads to if the chat is free.
    Turn {
        chat: i64,
        what: What,
        stale: bool,
    },
    ClaimTurns,
    Commit {
        turn: usize,
        what: What,
        stale: bool,
    },
    Kill {
        turn: usize,
    },
    Release {
        turn: usize,
        later: bool,
        counted: bool,
    },
    Renew {
        turn: usize,
    },
    /// Every call that is due, with one outcome.
    Send {
        outcome: SendOutcome,
    },
    ClaimSends,
    Begin {
        send: usize,
    },
    Finish {
        send: usize,
        outcome: SendOutcome,
    },
    ClaimJobs,
    EndJob {
        job: usize,
        end: End,
    },
    Retry {
        letter: usize,
    },
    Drop {
        letter: usize,
    },
    Wait,
}

/// What a turn decides.
#[derive(Clone, Debug)]
pub(super) enum What {
    Nothing,
    Say {
        repeat: Repeat,
    },
    Own {
        agent: bool,
    },
    /// A message with a file, or what became of the file of an earlier turn.
    Attach {
        settle: Option<usize>,
    },
    Start {
        key: Option<u8>,
        later: bool,
    },
    Cancel {
        key: u8,
    },
}

#[derive(Clone, Debug)]
pub(super) enum End {
    Done { report: bool },
    Again { later: bool, counted: bool },
    Dead,
}

/// Draws an operation.
pub(super) fn op() -> impl Strategy<Value = Op> {
    let index = 0..64_usize;
    let accept = (0..CHATS, proptest::option::of(0..20_i64));
    let commit = (index.clone(), what(), proptest::bool::weighted(0.2));
    let turn = (0..CHATS, what(), proptest::bool::weighted(0.2));
    let release = (index.clone(), any::<bool>(), any::<bool>());
    prop_oneof![
        5 => accept.prop_map(|(chat, update)| Op::Accept { chat, update }),
        10 => turn.prop_map(|(chat, what, stale)| Op::Turn { chat, what, stale }),
        3 => Just(Op::ClaimTurns),
        8 => commit.prop_map(|(turn, what, stale)| Op::Commit { turn, what, stale }),
        1 => index.clone().prop_map(|turn| Op::Kill { turn }),
        2 => release.prop_map(|(turn, later, counted)| Op::Release { turn, later, counted }),
        1 => index.clone().prop_map(|turn| Op::Renew { turn }),
        4 => outcome().prop_map(|outcome| Op::Send { outcome }),
        3 => Just(Op::ClaimSends),
        5 => index.clone().prop_map(|send| Op::Begin { send }),
        5 => (index.clone(), outcome()).prop_map(|(send, outcome)| Op::Finish { send, outcome }),
        3 => Just(Op::ClaimJobs),
        3 => (index.clone(), end()).prop_map(|(job, end)| Op::EndJob { job, end }),
        1 => index.clone().prop_map(|letter| Op::Retry { letter }),
        1 => index.prop_map(|letter| Op::Drop { letter }),
        3 => Just(Op::Wait),
    ]
}

fn what() -> impl Strategy<Value = What> {
    let repeat = prop_oneof![Just(Repeat::Free), Just(Repeat::Once), Just(Repeat::Never)];
    let start = (proptest::option::of(0..2_u8), any::<bool>());
    prop_oneof![
        1 => Just(What::Nothing),
        5 => repeat.prop_map(|repeat| What::Say { repeat }),
        2 => any::<bool>().prop_map(|agent| What::Own { agent }),
        2 => proptest::option::of(1..12_usize).prop_map(|settle| What::Attach { settle }),
        2 => start.prop_map(|(key, later)| What::Start { key, later }),
        1 => (0..2_u8).prop_map(|key| What::Cancel { key }),
    ]
}

fn outcome() -> impl Strategy<Value = SendOutcome> {
    let after = || prop_oneof![Just(Duration::ZERO), Just(BACK_OFF)];
    let scope = prop_oneof![Just(LimitScope::Chat), Just(LimitScope::Bot)];
    prop_oneof![
        4 => Just(SendOutcome::Sent { channel_message_id: None }),
        2 => after().prop_map(|after| SendOutcome::NotSent { after }),
        1 => (after(), scope).prop_map(|(after, scope)| SendOutcome::NotBefore { after, scope }),
        1 => any::<bool>().prop_map(|chat_gone| SendOutcome::Refused { why: "no".to_owned(), chat_gone }),
        3 => after().prop_map(|after| SendOutcome::Unknown { after }),
    ]
}

fn end() -> impl Strategy<Value = End> {
    let again = (any::<bool>(), any::<bool>());
    prop_oneof![
        2 => any::<bool>().prop_map(|report| End::Done { report }),
        2 => again.prop_map(|(later, counted)| End::Again { later, counted }),
        1 => Just(End::Dead),
    ]
}
