//! Where the built programs are.

use std::path::PathBuf;

/// The program beside the test's own: same target folder, same profile.
pub(crate) fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("the path of the test's own program");
    // target/PROFILE/deps/suite-HASH
    let profile = own
        .parent()
        .and_then(|deps| deps.parent())
        .expect("the test's program is in target/PROFILE/deps");
    let binary = profile.join(name);
    assert!(
        binary.is_file(),
        "{} is not there: build the programs first, with `cargo build --workspace --bins` \
         (and the same profile and target folder as the tests)",
        binary.display()
    );
    binary
}
