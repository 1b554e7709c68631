//! The record of a run: a digest of everything that happened, and the faults that were injected.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Faults that a summary lists one by one.
const LISTED_FAULTS: usize = 60;

/// The offset basis and the prime of the 64-bit hash by Fowler, Noll and Vo (FNV-1a).
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

/// A record of events and faults, in the order in which they happened.
#[derive(Clone, Debug)]
pub struct Trace {
    digest: u64,
    events: usize,
    counts: BTreeMap<&'static str, usize>,
    faults: Vec<String>,
}

impl Default for Trace {
    fn default() -> Self {
        Self { digest: FNV_OFFSET, events: 0, counts: BTreeMap::new(), faults: Vec::new() }
    }
}

impl Trace {
    /// Adds an event to the digest.
    pub fn event(&mut self, at: Duration, text: &str) {
        self.events += 1;
        for byte in at.as_millis().to_le_bytes().iter().chain(text.as_bytes()) {
            self.digest = (self.digest ^ u64::from(*byte)).wrapping_mul(FNV_PRIME);
        }
    }

    /// Adds an injected fault of this kind.
    pub fn fault(&mut self, at: Duration, kind: &'static str, text: &str) {
        self.event(at, text);
        *self.counts.entry(kind).or_default() += 1;
        if self.faults.len() < LISTED_FAULTS {
            self.faults.push(format!("{:>9.3} s  {kind}: {text}", at.as_secs_f64()));
        }
    }

    /// Returns a digest of all events. Two runs of one seed have the same.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Returns the number of injected faults.
    pub fn faults(&self) -> usize {
        self.counts.values().sum()
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<_> = self.counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        writeln!(f, "  {} events, digest {:016x}; faults: {}", self.events, self.digest, counts.join(", "))?;
        for fault in &self.faults {
            writeln!(f, "  {fault}")?;
        }
        match self.faults().saturating_sub(self.faults.len()) {
            0 => Ok(()),
            more => writeln!(f, "  … and {more} more"),
        }
    }
}
