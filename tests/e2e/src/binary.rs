//! Where the built programs are.

use std::path::PathBuf;

/// The folder of the test's own profile.
fn profile() -> PathBuf {
    let own = std::env::current_exe().expect("the path of the test's own program");
    // target/PROFILE/deps/suite-HASH
    own.parent()
        .and_then(|deps| deps.parent())
        .expect("the test's program is in target/PROFILE/deps")
        .to_owned()
}

/// Where the programs of all tests keep what they trained, so that not each of them trains.
pub(crate) fn cache() -> PathBuf {
    profile().join("frontdesk-cache")
}

/// The program beside the test's own: same target folder, same profile.
pub(crate) fn program(name: &str) -> PathBuf {
    let binary = profile().join(name);
    assert!(
        binary.is_file(),
        "{} is not there: build the programs first, with `cargo build --workspace --bins` \
         (and the same profile and target folder as the tests)",
        binary.display()
    );
    binary
}
