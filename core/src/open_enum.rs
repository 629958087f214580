//! Enumerations that are text in the database and that a newer neighbour may have grown.

/// Declares an enumeration with one text per value and `Unknown(text)` for the values of a build
/// that knows more: reading never fails a row, and what was read is written back unchanged.
macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
            /// A value this build does not know; kept as it was read.
            Unknown(String),
        }

        impl $name {
            /// Every value this build knows.
            pub const KNOWN: &'static [$name] = &[$($name::$variant,)*];

            /// Its text in the database, the API and logs.
            pub fn as_str(&self) -> &str {
                match self {
                    $($name::$variant => $text,)*
                    $name::Unknown(text) => text,
                }
            }

            /// The value of a text; never fails.
            pub fn from_text(text: &str) -> Self {
                match text {
                    $($text => $name::$variant,)*
                    other => $name::Unknown(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'_, str> as serde::Deserialize>::deserialize(deserializer)?;
                Ok($name::from_text(&text))
            }
        }

        impl $crate::OpenEnum for $name {
            fn as_str(&self) -> &str {
                $name::as_str(self)
            }
            fn from_text(text: &str) -> Self {
                $name::from_text(text)
            }
        }
    };
}

/// What every open enumeration can do: lets a store adapter map all of them with one generic.
pub trait OpenEnum: Sized {
    /// Its text in the database.
    fn as_str(&self) -> &str;
    /// The value of a text; unknown ones are kept.
    fn from_text(text: &str) -> Self;
}
