//! Running checks and reporting on them.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

/// What was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The names of the checks, in the order in which they ran.
    pub names: Vec<&'static str>,
}

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The check's name.
    pub check: &'static str,
    /// What it saw.
    pub why: String,
}

/// Runs one check to its end, whatever that is.
pub(crate) async fn attempt(name: &'static str, check: impl Future<Output = ()>) -> Result<(), Broken> {
    match AssertUnwindSafe(check).catch_unwind().await {
        Ok(()) => Ok(()),
        Err(panic) => Err(Broken {
            check: name,
            why: message(&*panic),
        }),
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
        (Some(text), _) => text.clone(),
        (None, Some(text)) => (*text).to_owned(),
        (None, None) => "panicked without words".to_owned(),
    }
}

/// Declares the functions that every part of the kit has: `checks`, `conforms` and `broken`.
macro_rules! suite {
    ($harness:ident, $port:literal, $start:path, [$($($module:ident)::+),* $(,)?]) => {
        /// One check, to be run by itself.
        #[derive(Clone, Copy, Debug)]
        pub struct Check {
            /// What it promises.
            pub name: &'static str,
            run: for<'a> fn(&'a dyn $harness) -> futures_util::future::BoxFuture<'a, ()>,
        }

        impl Check {
            /// Runs it; panics if the promise is broken.
            pub async fn run(&self, harness: &dyn $harness) {
                (self.run)(harness).await;
            }
        }

        /// Every check by name.
        pub fn checks() -> Vec<Check> {
            vec![$(Check {
                name: $crate::check::last_segment(stringify!($($module)::+)),
                run: |harness| Box::pin(async move {
                    let scene = $start(harness).await;
                    $($module)::+(&scene).await;
                }),
            }),*]
        }

        /// Runs every check; panics with the name of the first that fails.
        pub async fn conforms(harness: &dyn $harness) -> $crate::Report {
            let mut names = Vec::new();
            for check in checks() {
                if let Err(broken) = $crate::check::attempt(check.name, check.run(harness)).await {
                    panic!(concat!("the ", $port, " breaks `{}`: {}"), broken.check, broken.why);
                }
                names.push(check.name);
            }
            $crate::Report { names }
        }

        /// Runs every check and lists those that fail.
        pub async fn broken(harness: &dyn $harness) -> Vec<$crate::Broken> {
            let mut all = Vec::new();
            for check in checks() {
                if let Err(broken) = $crate::check::attempt(check.name, check.run(harness)).await {
                    all.push(broken);
                }
            }
            all
        }
    };
}

pub(crate) use suite;

/// The function's name of a path to it.
pub(crate) fn last_segment(path: &'static str) -> &'static str {
    path.rsplit("::").next().map_or(path, str::trim)
}
