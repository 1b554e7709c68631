//! Pure. Violations of what the bundle promises.

use std::fmt;

/// What was violated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An accepted notification is not recorded exactly once.
    NotRecordedOnce,
    /// The counters differ from the rows that they count.
    WrongCounters,
    /// A verdict or a link differs from that of a calm run.
    WrongVerdict,
    /// Another record differs from that of a calm run.
    WrongLedger,
    /// A verified record is announced under several ids, or not at all.
    NotAnnouncedOnce,
    /// An event is in several streams of one trigger, or in none.
    NotInOneStream,
    /// A stream that is not finished has no due row by which it is found again.
    ForgottenStream,
    /// A row of due or outgoing work is left, and nothing looks at it any more.
    LeftoverWork,
    /// A message ended in a dead-letter queue although nothing was wrong with it.
    DeadLetter,
    /// A message is neither processed nor a dead letter.
    UnfinishedMessage,
    /// An item that hands out ids grew beyond a kilobyte.
    LargeSequences,
    /// Recording took long although nothing failed.
    SlowRecording,
}

/// A violation, with what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What was violated.
    pub kind: Kind,
    /// What was found.
    pub found: String,
}

impl Violation {
    /// Reports these findings, the first few in full. Returns `None` if there are none.
    pub fn of(kind: Kind, findings: &[String]) -> Option<Self> {
        const LISTED: usize = 4;
        let mut lines: Vec<_> = findings.iter().take(LISTED).cloned().collect();
        if findings.len() > LISTED {
            lines.push(format!("… and {} more", findings.len() - LISTED));
        }
        (!findings.is_empty()).then(|| Self { kind, found: lines.join("\n    ") })
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.found)
    }
}
