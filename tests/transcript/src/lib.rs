//! Conversations as text files, and the runner that plays them against the whole desk in memory.
//!
//! A transcript needs no network, no database and no waiting: the real loops run on the memory
//! adapters under a simulated clock. One line is one thing:
//!
//! ```text
//! # a comment
//! = now 2026-11-23T11:00:00Z      when it begins (before anything else; also: language, name)
//! > How much is an audit?         the client writes
//! [Get a quote]                   the client taps the newest button with this label
//! (photo) our rack                the client sends a photo, voice, document, sticker or location
//! (document brief.pdf) our plan   the same with the file's name, and content that fits it
//! (document a.pdf, really exe)    the content is another's
//! (document a.zip, 25 MB)         the messenger says that it is so large
//! (photo, album trip)             an item of an album
//! (contact) +49 30 901820         the client shares their own contact
//! @agent I am here                an agent writes; also //note, /bot, /close and /lead
//! +2 days                         time passes: s, min, h, days
//! < about a week                  what the client is told next contains this
//! <! sorry                        nothing the client was told since they did something contains this
//! < (nothing)                     the client was told nothing
//! $ hot                           what the staff is told next contains this
//! ```
//!
//! Expectations follow what caused them and are met in order, case aside.
//!
//! [`transcribe`] writes a transcript of a chat that was kept.
//!
//! ```no_run
//! # fn example(playbook: frontdesk_core::playbook::Playbook) {
//! let rehearsal = frontdesk_transcript::Rehearsal::new(playbook);
//! rehearsal.play("> /start\n< Welcome\n[Talk to a person]\n< colleague\n").unwrap();
//! # }
//! ```

mod play;
mod script;
mod stage;
mod transcribe;

pub use play::Rehearsal;
pub use script::TranscriptError;
pub use transcribe::transcribe;
