//! Pure. The states of a stream, and what leads from one to another.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a stream stands between its first event and the end of its pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Collects events. Events join no stream in any other state.
    Active,
    /// A worker runs the pipeline of a complete stream.
    Firing,
    /// A worker runs the pipeline of a stream that was not complete in time.
    Expiring,
    /// The pipeline failed while firing; stays so until somebody asks to try again.
    Error,
    /// The pipeline failed while expiring; stays so until somebody asks to try again.
    ExpireError,
    /// The pipeline ran to its end.
    Completed,
    /// Somebody asked to fire it again.
    RetryFire,
    /// Somebody asked to expire it again.
    RetryExpire,
}

/// A state that does not lead where it was meant to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stream that is {from} does not become {to}")]
pub struct BadTransition {
    /// Where the stream stands.
    pub from: State,
    /// Where it was to go.
    pub to: &'static str,
}

impl State {
    /// All states.
    pub const ALL: [Self; 8] = [
        Self::Active,
        Self::Firing,
        Self::Expiring,
        Self::Error,
        Self::ExpireError,
        Self::Completed,
        Self::RetryFire,
        Self::RetryExpire,
    ];

    /// The state's name as the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Firing => "firing",
            Self::Expiring => "expiring",
            Self::Error => "error",
            Self::ExpireError => "expire_error",
            Self::Completed => "completed",
            Self::RetryFire => "retry_fire",
            Self::RetryExpire => "retry_expire",
        }
    }

    /// The state of that name. Case does not matter.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name().eq_ignore_ascii_case(name))
    }

    /// A worker takes the stream up to fire it. One that is firing already stays so: its lease decides whose it is.
    pub fn fire(self) -> Result<Self, BadTransition> {
        match self {
            Self::Active | Self::RetryFire | Self::Firing => Ok(Self::Firing),
            Self::Expiring | Self::Error | Self::ExpireError | Self::Completed | Self::RetryExpire => {
                Err(BadTransition { from: self, to: "firing" })
            }
        }
    }

    /// A worker takes the stream up to expire it. One that is expiring already stays so, as with [`State::fire`].
    pub fn expire(self) -> Result<Self, BadTransition> {
        match self {
            Self::Active | Self::RetryExpire | Self::Expiring => Ok(Self::Expiring),
            Self::Firing | Self::Error | Self::ExpireError | Self::Completed | Self::RetryFire => {
                Err(BadTransition { from: self, to: "expiring" })
            }
        }
    }

    /// The pipeline ran to its end, or there is none.
    pub fn complete(self) -> Result<Self, BadTransition> {
        match self {
            Self::Firing | Self::Expiring => Ok(Self::Completed),
            Self::Active
            | Self::Error
            | Self::ExpireError
            | Self::Completed
            | Self::RetryFire
            | Self::RetryExpire => Err(BadTransition { from: self, to: "completed" }),
        }
    }

    /// A handler failed, or the trigger or its pipeline is not defined any more.
    pub fn fail(self) -> Result<Self, BadTransition> {
        match self {
            Self::Firing => Ok(Self::Error),
            Self::Expiring => Ok(Self::ExpireError),
            Self::Active
            | Self::Error
            | Self::ExpireError
            | Self::Completed
            | Self::RetryFire
            | Self::RetryExpire => Err(BadTransition { from: self, to: "error" }),
        }
    }

    /// Somebody asks to try again. The original accepted this in every state, and changed only the two that had failed.
    #[must_use]
    pub fn reset(self) -> Self {
        match self {
            Self::Error => Self::RetryFire,
            Self::ExpireError => Self::RetryExpire,
            Self::Active
            | Self::Firing
            | Self::Expiring
            | Self::Completed
            | Self::RetryFire
            | Self::RetryExpire => self,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::State::{Active, Completed, Error, ExpireError, Expiring, Firing, RetryExpire, RetryFire};
    use super::*;

    /// From, fire, expire, complete, fail, reset.
    type Row = (State, Option<State>, Option<State>, Option<State>, Option<State>, State);

    #[test]
    fn every_state_leads_where_the_picture_says() {
        let rows: [Row; 8] = [
            (Active, Some(Firing), Some(Expiring), None, None, Active),
            (Firing, Some(Firing), None, Some(Completed), Some(Error), Firing),
            (Expiring, None, Some(Expiring), Some(Completed), Some(ExpireError), Expiring),
            (Error, None, None, None, None, RetryFire),
            (ExpireError, None, None, None, None, RetryExpire),
            (Completed, None, None, None, None, Completed),
            (RetryFire, Some(Firing), None, None, None, RetryFire),
            (RetryExpire, None, Some(Expiring), None, None, RetryExpire),
        ];
        for (from, fire, expire, complete, fail, reset) in rows {
            assert_eq!(from.fire().ok(), fire, "{from} fires");
            assert_eq!(from.expire().ok(), expire, "{from} expires");
            assert_eq!(from.complete().ok(), complete, "{from} completes");
            assert_eq!(from.fail().ok(), fail, "{from} fails");
            assert_eq!(from.reset(), reset, "{from} is reset");
        }
        assert_eq!(rows.map(|row| row.0), State::ALL);
    }

    #[test]
    fn what_is_impossible_says_so() {
        let error = Completed.fire().expect_err("it is over");
        assert_eq!(error.to_string(), "a stream that is completed does not become firing");
    }

    #[test]
    fn states_are_stored_and_asked_for_by_their_names() {
        for state in State::ALL {
            let stored = serde_json::to_value(state).expect("it is a text");
            assert_eq!(stored, state.name());
            assert_eq!(State::named(&state.name().to_uppercase()), Some(state));
        }
        assert_eq!(State::named("expire"), None);
        assert_eq!(State::named(""), None);
    }
}
