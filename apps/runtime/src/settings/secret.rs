//! Text that must not be seen.

/// A secret. It has no `Debug`, no `Display` and no `Serialize`: it can only be taken out by name.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps it.
    pub fn new(text: String) -> Self {
        Secret(text)
    }

    /// The text itself: to be handed to what needs it, and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}
