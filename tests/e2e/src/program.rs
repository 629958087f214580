//! Processes: started with an environment of their own, read, signalled, never left behind.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::secrecy::Secrecy;
use crate::{PATIENCE, binary};

/// A program that is about to be started: arguments, settings, standard input.
#[derive(Clone, Debug)]
pub struct Invocation {
    program: &'static str,
    folder: std::path::PathBuf,
    arguments: Vec<String>,
    settings: BTreeMap<String, String>,
    secrecy: Secrecy,
}

impl Invocation {
    /// `frontdesk` with these arguments, in this folder, with nothing in its environment.
    #[must_use]
    pub fn frontdesk(folder: &Path, arguments: &[&str]) -> Invocation {
        Invocation::of("frontdesk", folder, arguments)
    }

    /// The same of another program.
    #[must_use]
    pub fn of(program: &'static str, folder: &Path, arguments: &[&str]) -> Invocation {
        Invocation {
            program,
            folder: folder.to_owned(),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            settings: BTreeMap::new(),
            secrecy: Secrecy::default(),
        }
    }

    /// With a setting in its environment.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Invocation {
        self.settings.insert(name.to_owned(), value.into());
        self
    }

    /// Without this setting.
    #[must_use]
    pub fn without(mut self, name: &str) -> Invocation {
        self.settings.remove(name);
        self
    }

    /// Searched for this when it ends.
    #[must_use]
    pub fn keeping(mut self, secrecy: Secrecy) -> Invocation {
        self.secrecy = secrecy;
        self
    }

    /// Starts it. Its standard input stays open until [`Program::close_input`].
    #[must_use]
    pub fn start(self) -> Program {
        let mut command = tokio::process::Command::new(binary::program(self.program));
        command
            .args(&self.arguments)
            .env_clear()
            .envs(&self.settings)
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{} {:?}: {error}", self.program, self.arguments));
        let (stdout, stdout_read) = capture(child.stdout.take().expect("it is piped"));
        let (stderr, stderr_read) = capture(child.stderr.take().expect("it is piped"));
        Program {
            name: format!("{} {}", self.program, self.arguments.join(" ")),
            pid: child.id().expect("it was just started"),
            input: child.stdin.take(),
            child,
            stdout,
            stderr,
            readers: vec![stdout_read, stderr_read],
            secrecy: self.secrecy,
            checked: false,
        }
    }

    /// Runs it without input until it ends by itself.
    pub async fn run(self) -> Ended {
        self.run_with("").await
    }

    /// Runs it with this on its standard input until it ends by itself.
    pub async fn run_with(self, input: &str) -> Ended {
        let mut program = self.start();
        program.say(input).await;
        program.close_input();
        program.wait(PATIENCE).await
    }
}

/// A running program. Dropped, it is killed.
#[derive(Debug)]
pub struct Program {
    name: String,
    pid: u32,
    input: Option<ChildStdin>,
    child: Child,
    stdout: watch::Receiver<String>,
    stderr: watch::Receiver<String>,
    readers: Vec<JoinHandle<()>>,
    secrecy: Secrecy,
    checked: bool,
}

/// What became of a program.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it logged and complained about.
    pub stderr: String,
}

impl Ended {
    /// It did what it was asked to.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "the assertion is what most callers want"
    )]
    pub fn fine(self) -> Ended {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }
}

impl Program {
    /// Writes to its standard input.
    pub async fn say(&mut self, text: &str) {
        if let Some(input) = &mut self.input {
            // A program that has ended no longer reads: its exit tells more than this error.
            if input.write_all(text.as_bytes()).await.is_err() {
                self.input = None;
            }
        }
    }

    /// Ends its standard input.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// Waits until its standard output contains this.
    pub async fn printed(&mut self, text: &str) {
        let seen = tokio::time::timeout(PATIENCE, self.stdout.wait_for(|all| all.contains(text)));
        let found = matches!(seen.await, Ok(Ok(_)));
        assert!(found, "{} never printed {text:?}: {}", self.name, self.outputs());
    }

    /// Waits for a JSON log line with this message and gives it.
    pub async fn logged(&mut self, message: &str) -> serde_json::Value {
        let found = |all: &String| {
            all.lines()
                .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
                .find(|line| line["msg"] == message)
        };
        let seen = tokio::time::timeout(PATIENCE, self.stderr.wait_for(|all| found(all).is_some()));
        let line = match seen.await {
            Ok(Ok(all)) => found(&all),
            Ok(Err(_)) | Err(_) => None,
        };
        line.unwrap_or_else(|| panic!("{} never logged {message:?}: {}", self.name, self.outputs()))
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        self.stderr.borrow().clone()
    }

    /// Whether it has not ended yet.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Asks it to read its playbook again.
    pub fn hang_up(&self) {
        self.signal("HUP");
    }

    fn signal(&self, name: &str) {
        let pid = self.pid.to_string();
        let sent = std::process::Command::new("sh")
            .args(["-c", &format!("kill -{name} {pid}")])
            .status();
        assert!(
            matches!(sent, Ok(status) if status.success()),
            "kill -{name} {pid}: {sent:?}"
        );
    }

    /// Ends it as a machine that loses power would.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("kill -9");
        self.finish().await;
    }

    /// Waits until it has ended.
    pub async fn wait(mut self, limit: Duration) -> Ended {
        let Ok(status) = tokio::time::timeout(limit, self.child.wait()).await else {
            panic!("{} did not end within {limit:?}: {}", self.name, self.outputs());
        };
        let status = status.expect("its exit status");
        self.finish().await;
        Ended {
            code: status.code(),
            stdout: self.stdout.borrow().clone(),
            stderr: self.stderr.borrow().clone(),
        }
    }

    async fn finish(&mut self) {
        for reader in self.readers.drain(..) {
            reader.await.expect("reading its output");
        }
        self.check();
    }

    fn check(&mut self) {
        self.checked = true;
        let broken = self
            .secrecy
            .broken_by(&self.stdout.borrow(), &self.stderr.borrow());
        if let Some(why) = broken {
            panic!("{}: {why}", self.name);
        }
    }

    fn outputs(&self) -> String {
        format!(
            "\n--- standard output\n{}\n--- standard error\n{}",
            self.stdout.borrow().as_str(),
            self.stderr.borrow().as_str()
        )
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            use std::io::Write as _;
            // What the program said is the first thing one asks for.
            drop(writeln!(std::io::stderr(), "{}: {}", self.name, self.outputs()));
        } else if !self.checked {
            self.check();
        }
    }
}

/// Reads a stream, line by line, as it comes.
fn capture(stream: impl AsyncRead + Unpin + Send + 'static) -> (watch::Receiver<String>, JoinHandle<()>) {
    let (sender, receiver) = watch::channel(String::new());
    let read = tokio::spawn(async move {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while let Ok(1..) = stream.read_until(b'\n', &mut line).await {
            sender.send_modify(|all| all.push_str(&String::from_utf8_lossy(&line)));
            line.clear();
        }
    });
    (receiver, read)
}
