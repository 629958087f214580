//! `frontdesk chat`: the same bot in the terminal.

use frontdesk_core::desk::Door;
use frontdesk_core::dialogue::Event;
use frontdesk_core::id::Channel;
use frontdesk_core::port::knowledge::Overlay;
use frontdesk_core::port::store::{StoreError, UpkeepStore as _};
use frontdesk_core::port::{Clock, DeskStore, NoMetrics};
use frontdesk_terminal::{
    Input, Keyboardist, Screen, TERMINAL_BOT, TerminalDecoder, TerminalFiles, TerminalMessenger, client_lane,
    staff_lane,
};
use std::io::{BufRead as _, IsTerminal, Write as _};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

use crate::cli::Context;
use crate::clock::{OsEntropy, SystemClock};
use crate::engine::{Base, DoorPart, Engine, FileParts, WorkParts};
use crate::failure::Failure;
use crate::log::Log;
use crate::settings::Settings;
use crate::signals::Signals;
use crate::{files, model, rules, store};

/// How often the chat looks whether everything is said.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A line is not waited for longer than this: work that does not end is told, not hung upon.
const LINE_LIMIT: Duration = Duration::from_mins(2);

const WELCOME: &str = "Frontdesk in the terminal. Write as a client would; a number taps a button.\n\
                       /as agent TEXT plays the agents' side, /file PATH sends a file, /quit leaves.\n";

pub(crate) fn execute(context: &Context) -> Result<(), Failure> {
    let mut settings = context.settings()?;
    // Courtesy to a messenger is none to a terminal.
    settings.pacing = frontdesk_core::desk::PacingSettings::OFF;
    if settings.log_level == slog::Level::Info {
        // Between the lines of a chat only what is wrong is worth a line.
        settings.log_level = slog::Level::Warning;
    }
    crate::on_runtime(chat(&settings))
}

async fn chat(settings: &Settings) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let logging = Log::start(settings);
    let log = logging.root.clone();
    let draft = rules::read(settings, vec![staff_lane()], TerminalFiles::MAX_BYTES, &log)?;
    let store = Arc::new(store::open(settings, true, &log).await?);
    // After the store, whose error says more of a folder that cannot be made.
    let kept = files::open(settings, Arc::new(SystemClock), Arc::new(OsEntropy)).await?;
    store
        .adopt(&Channel::TERMINAL, TERMINAL_BOT)
        .await
        .map_err(Failure::work)?;
    let overlay = Overlay::read(store.as_ref()).await.map_err(Failure::work)?;
    // Whoever chats starts anew with a new playbook: these rules stay.
    let rules = draft.put_in_force(overlay).rules();
    let interactive = std::io::stdin().is_terminal();
    let screen = Screen::new(Box::new(std::io::stdout()), std::io::stdout().is_terminal());
    let desks = vec![(TERMINAL_BOT, Channel::TERMINAL)];
    let base = Base::new(store.clone(), desks, Arc::new(NoMetrics), settings, &log);
    let model = model::open(settings, &rules, &base.process, &log)?;
    let work = WorkParts {
        rules,
        model,
        messengers: vec![(TERMINAL_BOT, Arc::new(TerminalMessenger::new(screen.clone())))],
        decoders: vec![Arc::new(TerminalDecoder)],
        files: FileParts {
            kept,
            sources: vec![((TERMINAL_BOT, Channel::TERMINAL), Arc::new(TerminalFiles))],
        },
    };
    let part = DoorPart::open(&base, settings);
    let door = part.door.clone();
    let engine = Engine::start(&base, Some(part), Some(work), settings);
    let mut session = Session {
        door: &door,
        store: store.as_ref(),
        keys: Keyboardist::new(screen.clone()),
        screen,
    };
    let result = tokio::select! {
        result = session.talk(interactive) => result,
        _ = signals.next() => Ok(()),
    };
    signals.exit_at_next();
    if tokio::time::timeout(settings.shutdown_grace, engine.drain())
        .await
        .is_err()
    {
        slog::warn!(
            log,
            "the grace is over; what is in hand comes back when its leases run out"
        );
    }
    drop(logging);
    result
}

struct Session<'a> {
    door: &'a Door,
    store: &'a dyn DeskStore,
    keys: Keyboardist,
    screen: Screen,
}

impl Session<'_> {
    async fn talk(&mut self, interactive: bool) -> Result<(), Failure> {
        if interactive {
            self.hint(WELCOME)?;
            let known = self.store.load(&[client_lane()]).await.map_err(Failure::work)?;
            // A new client is greeted as Telegram's Start button would; one who is known goes on.
            if known.iter().all(|snapshot| snapshot.client.is_none()) && !self.line("/start").await? {
                return Ok(());
            }
        }
        let mut lines = lines();
        loop {
            if interactive {
                prompt()?;
            }
            let Some(line) = lines.recv().await else {
                return Ok(());
            };
            if !line.trim().is_empty() && !self.line(&line).await? {
                return Ok(());
            }
        }
    }

    /// Takes one line, and waits until everything about it is said. False if the person leaves.
    async fn line(&mut self, line: &str) -> Result<bool, Failure> {
        let door = self.door;
        match self.keys.line(line, SystemClock.now()) {
            Input::Quit => return Ok(false),
            Input::Hint(hint) => {
                self.hint(&hint)?;
                return Ok(true);
            }
            Input::Update(body) => {
                door.receive(&TerminalDecoder, TERMINAL_BOT, Channel::TERMINAL, body)
                    .await
                    .map_err(Failure::work)?;
            }
            Input::Agent(post) => {
                door.report(client_lane(), &Event::Agent(post))
                    .await
                    .map_err(Failure::work)?;
            }
        }
        let settled = tokio::time::timeout(LINE_LIMIT, self.settled()).await;
        match settled {
            Ok(settled) => settled.map_err(Failure::work)?,
            Err(_) => self.hint("(still working on that; go on if you like)")?,
        }
        Ok(true)
    }

    /// Waits until nothing of the chat waits any more.
    async fn settled(&self) -> Result<(), StoreError> {
        loop {
            if self.store.is_idle(&client_lane()).await? && self.store.is_idle(&staff_lane()).await? {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn hint(&self, text: &str) -> Result<(), Failure> {
        self.screen
            .hint(text)
            .map_err(|error| Failure::Work(format!("the terminal cannot be written: {error}")))
    }
}

fn prompt() -> Result<(), Failure> {
    let mut out = std::io::stdout();
    write!(out, "> ")
        .and_then(|()| out.flush())
        .map_err(Failure::output)
}

/// Lines of standard input, read on a thread of its own: a read cannot be cancelled, and must not
/// keep the process from ending.
fn lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            // A line that is no UTF-8 is read as far as it goes; the end of the chat ends the thread.
            let Ok(line) = line else { continue };
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
