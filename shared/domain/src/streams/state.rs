//! Pure. The states of a stream and the transitions between them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The state of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Accepts events.
    Active,
    /// The fire pipeline is running.
    Firing,
    /// The expire pipeline is running.
    Expiring,
    /// The fire pipeline failed. The stream stays in this state until it is reset.
    Error,
    /// The expire pipeline failed. The stream stays in this state until it is reset.
    ExpireError,
    /// The pipeline succeeded.
    Completed,
    /// Reset after a failed fire pipeline, which is due again.
    RetryFire,
    /// Reset after a failed expire pipeline, which is due again.
    RetryExpire,
}

/// One of the two pipelines of a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PipelineKind {
    /// Runs when the fire criteria are met.
    Fire,
    /// Runs when the stream expires before that.
    Expire,
}

/// The result of running a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PipelineOutcome {
    /// Every handler succeeded, or the trigger has no such pipeline.
    Succeeded,
    /// A handler failed, or the pipeline is not defined.
    Failed,
}

impl State {
    /// All states, in the order of the numbers that `StackTach` gives them.
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

    /// The state's name in the API.
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

    /// Returns the state while this pipeline runs, or `None` if it cannot be started from this state.
    ///
    /// A running pipeline can be claimed again: its worker may have died.
    pub fn claimed(self, pipeline: PipelineKind) -> Option<Self> {
        match (self, pipeline) {
            (Self::Active | Self::RetryFire | Self::Firing, PipelineKind::Fire) => Some(Self::Firing),
            (Self::Active | Self::RetryExpire | Self::Expiring, PipelineKind::Expire) => Some(Self::Expiring),
            (Self::Firing | Self::RetryFire, PipelineKind::Expire)
            | (Self::Expiring | Self::RetryExpire, PipelineKind::Fire)
            | (Self::Error | Self::ExpireError | Self::Completed, _) => None,
        }
    }

    /// Returns the state after a pipeline ended, or `None` if none was running.
    pub fn ended(self, outcome: PipelineOutcome) -> Option<Self> {
        match (self, outcome) {
            (Self::Firing | Self::Expiring, PipelineOutcome::Succeeded) => Some(Self::Completed),
            (Self::Firing, PipelineOutcome::Failed) => Some(Self::Error),
            (Self::Expiring, PipelineOutcome::Failed) => Some(Self::ExpireError),
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

    /// Returns the state after a reset, or `None` if a reset has no effect.
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

/// Parses a name, ignoring case.
impl FromStr for State {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.to_ascii_lowercase();
        Self::ALL.into_iter().find(|state| state.name() == name).ok_or(
            "expected active, firing, expiring, error, expire_error, completed, retry_fire or retry_expire",
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn only_the_listed_transitions_are_possible() {
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
                (state.claimed(PipelineKind::Fire), state.claimed(PipelineKind::Expire)),
                (fire, expire),
                "{state}"
            );
            assert_eq!(
                (state.ended(PipelineOutcome::Succeeded), state.ended(PipelineOutcome::Failed)),
                (succeeded, failed),
                "{state}"
            );
            assert_eq!(state.reset(), reset, "{state}");
        }
    }

    #[test]
    fn the_diagram_shows_every_transition() {
        let drawn: BTreeSet<(String, String)> = include_str!("mod.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("//! ")?.split_once(" --> "))
            .map(|(from, rest)| (from.trim(), rest.split(':').next().unwrap_or_default()))
            .filter(|(from, _)| *from != "[*]")
            .map(|(from, to)| (from.to_owned(), to.to_owned()))
            .collect();
        let possible: BTreeSet<(String, String)> = State::ALL
            .into_iter()
            .flat_map(|from| {
                let next = [
                    from.claimed(PipelineKind::Fire),
                    from.claimed(PipelineKind::Expire),
                    from.ended(PipelineOutcome::Succeeded),
                    from.ended(PipelineOutcome::Failed),
                    from.reset(),
                ];
                next.into_iter().flatten().map(move |to| (from.to_string(), to.to_string()))
            })
            .collect();
        assert_eq!(drawn, possible);
    }

    #[test]
    fn names_are_parsed_in_any_case() {
        for state in State::ALL {
            assert_eq!(state.name().to_uppercase().parse(), Ok(state));
        }
        let error = "unknown".parse::<State>().expect_err("an unknown state");
        assert!(State::ALL.iter().all(|state| error.contains(state.name())), "{error}");
    }
}
