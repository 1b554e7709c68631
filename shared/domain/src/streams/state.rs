//! Pure. The eight states of a stream, and what takes it from one to another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a stream is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Takes events.
    Active,
    /// Its fire pipeline runs.
    Firing,
    /// Its expire pipeline runs.
    Expiring,
    /// Its fire pipeline failed; it stays so until it is reset.
    Error,
    /// Its expire pipeline failed; it stays so until it is reset.
    ExpireError,
    /// Its pipeline ran.
    Completed,
    /// To be fired again.
    RetryFire,
    /// To be expired again.
    RetryExpire,
}

/// Which of its two pipelines a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PipelineKind {
    /// The fire pipeline: the criteria are met.
    Fire,
    /// The expire pipeline: the time is over.
    Expire,
}

impl State {
    /// All of them, in the order of the original's numbers.
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

    /// The name that the API uses.
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

    /// The state while a pipeline runs, for a stream that is in this one; none where it cannot be picked up for it.
    ///
    /// One that is running already may be picked up again by whoever finds its worker dead.
    pub fn picked_up(self, turn: PipelineKind) -> Option<Self> {
        match (self, turn) {
            (Self::Active | Self::RetryFire | Self::Firing, PipelineKind::Fire) => Some(Self::Firing),
            (Self::Active | Self::RetryExpire | Self::Expiring, PipelineKind::Expire) => Some(Self::Expiring),
            (Self::Firing | Self::RetryFire, PipelineKind::Expire)
            | (Self::Expiring | Self::RetryExpire, PipelineKind::Fire)
            | (Self::Error | Self::ExpireError | Self::Completed, _) => None,
        }
    }

    /// The state after a pipeline ran, or failed; none where none was running.
    pub fn ended(self, succeeded: bool) -> Option<Self> {
        match (self, succeeded) {
            (Self::Firing | Self::Expiring, true) => Some(Self::Completed),
            (Self::Firing, false) => Some(Self::Error),
            (Self::Expiring, false) => Some(Self::ExpireError),
            (
                Self::Active
                | Self::Error
                | Self::ExpireError
                | Self::Completed
                | Self::RetryFire
                | Self::RetryExpire,
                _,
            ) => None,
        }
    }

    /// The state after a reset; none where a reset changes nothing.
    pub fn reset(self) -> Option<Self> {
        match self {
            Self::Error => Some(Self::RetryFire),
            Self::ExpireError => Some(Self::RetryExpire),
            Self::Active
            | Self::Firing
            | Self::Expiring
            | Self::Completed
            | Self::RetryFire
            | Self::RetryExpire => None,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name in whatever case.
impl FromStr for State {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.to_ascii_lowercase();
        Self::ALL.into_iter().find(|state| state.name() == name).ok_or("one of the eight states is expected")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_goes_the_drawn_ways_and_no_others() {
        use State::{Active, Completed, Error, ExpireError, Expiring, Firing, RetryExpire, RetryFire};
        for (state, fire, expire, succeeded, failed, reset) in [
            (Active, Some(Firing), Some(Expiring), None, None, None),
            (Firing, Some(Firing), None, Some(Completed), Some(Error), None),
            (Expiring, None, Some(Expiring), Some(Completed), Some(ExpireError), None),
            (Error, None, None, None, None, Some(RetryFire)),
            (ExpireError, None, None, None, None, Some(RetryExpire)),
            (Completed, None, None, None, None, None),
            (RetryFire, Some(Firing), None, None, None, None),
            (RetryExpire, None, Some(Expiring), None, None, None),
        ] {
            assert_eq!(
                (state.picked_up(PipelineKind::Fire), state.picked_up(PipelineKind::Expire)),
                (fire, expire),
                "{state}"
            );
            assert_eq!((state.ended(true), state.ended(false)), (succeeded, failed), "{state}");
            assert_eq!(state.reset(), reset, "{state}");
        }
    }

    #[test]
    fn a_state_is_read_in_any_case() {
        for state in State::ALL {
            assert_eq!(state.name().to_uppercase().parse(), Ok(state));
        }
        assert!("unknown".parse::<State>().is_err());
    }
}
