//! Errors of the domain, independent of any transport.

use std::error::Error as StdError;
use std::fmt;

/// The kind of an error. Each API maps a kind to its own status and body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request is invalid and must be changed before it is sent again.
    Invalid,
    /// The request exceeds a size limit.
    TooLarge,
    /// The request has no valid credentials.
    Unauthenticated,
    /// The caller lacks the required role.
    Forbidden,
    /// The user is locked after too many wrong passwords.
    Locked,
    /// The requested record does not exist.
    Missing,
    /// A concurrent change won, or the record's state does not allow the change.
    Conflict,
    /// A service that Steward depends on did not answer. The same request may succeed later.
    Unavailable,
    /// A defect in Steward.
    Bug,
}

/// An error with a public text and a private cause.
///
/// `Display` prints the public text only. The cause is available through [`StdError::source`] and is logged once, by
/// the edge.
pub struct Error {
    kind: Kind,
    public: String,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Creates an error of this kind with a text that clients may read.
    pub fn new(kind: Kind, public: impl Into<String>) -> Self {
        Self { kind, public: public.into(), cause: None }
    }

    /// Creates an error for an invalid request. `public` names the rule and the value.
    pub fn invalid(public: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, public)
    }

    /// Creates an error for a service that did not answer.
    pub fn unavailable(public: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, public)
    }

    /// Creates an error for a defect in Steward. `public` names the operation that failed.
    pub fn bug(public: impl Into<String>) -> Self {
        Self::new(Kind::Bug, public)
    }

    /// Attaches the cause, for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Returns the kind of the error.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the error and all its causes on one line. For the log only: causes may hold internals.
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
