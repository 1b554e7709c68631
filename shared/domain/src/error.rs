//! What can go wrong, without a word about transport.

use std::error::Error as StdError;
use std::fmt;

/// Which kind of failure it is; each API turns a kind into its own status and body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request is wrong and must be changed before it is sent again.
    Invalid,
    /// The request is larger than it may be.
    TooLarge,
    /// Nobody known asks.
    Unauthenticated,
    /// Whoever asks may not do this.
    Forbidden,
    /// Too many wrong passwords came from there.
    Locked,
    /// What the request names is not there.
    Missing,
    /// Somebody else changed the same thing first, or the state does not allow the change.
    Conflict,
    /// A service that Steward stands on did not answer; the same request may work later.
    Unavailable,
    /// Steward itself is wrong.
    Bug,
}

/// A failure with a text that may be shown, and a cause that may not.
///
/// `Display` is the public text only. The cause is reached through [`StdError::source`] and printed once, by the edge.
pub struct Error {
    kind: Kind,
    public: String,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// A failure of this kind, with the text that a client may read.
    pub fn new(kind: Kind, public: impl Into<String>) -> Self {
        Self { kind, public: public.into(), cause: None }
    }

    /// The request is wrong; `public` says what to change.
    pub fn invalid(public: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, public)
    }

    /// Something that Steward stands on did not answer.
    pub fn unavailable(public: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, public)
    }

    /// Steward is wrong; `public` says what was being tried.
    pub fn bug(public: impl Into<String>) -> Self {
        Self::new(Kind::Bug, public)
    }

    /// The same failure with what caused it, for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Which kind of failure it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The failure and all its causes on one line, for the log and for nobody else.
    pub fn chain(&self) -> String {
        let mut text = self.public.clone();
        let mut next = self.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

impl AsRef<Self> for Error {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.public)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.chain())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as &(dyn StdError + 'static))
    }
}
