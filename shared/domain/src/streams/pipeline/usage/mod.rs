//! Pure. The handler `usage`, which verifies usage records against the events before them.
//!
//! The events of a stream are split into blocks, each ended by a `compute.instance.exists`. The record of each block
//! yields a `.verified` or `.failed` event. A last block without a record yields a `.failed` event.

pub mod fault;
pub mod times;
pub mod verdict;

use super::HandlerError;
use crate::notification::event::Event;
use times::Times;

/// The event type of a usage record: an instance existed in an audit period.
const EXISTS: &str = "compute.instance.exists";

/// Verifies the events of a stream, which are ordered by time. Returns the verdicts as new events.
///
/// The message ids of the verdicts are derived from those of the events, so a repeated run makes the same events.
pub fn verify(stream_id: u64, events: &[Event]) -> Result<Vec<Event>, HandlerError> {
    let mut verdicts = Vec::new();
    // Not cleared between blocks: like the original, every later record of the run repeats a warning.
    let mut warnings = Vec::new();
    for block in events.split_inclusive(|event| event.event_type == EXISTS) {
        match block {
            [before @ .., exists] if exists.event_type == EXISTS => {
                let times = Times::read(exists)?;
                let checked = fault::check(before, exists, &times, &mut warnings);
                if !warnings.is_empty() {
                    verdicts.push(verdict::warnings(stream_id, exists, &warnings));
                }
                verdicts.push(verdict::of_record(stream_id, exists, checked)?);
            }
            [first, ..] => verdicts.push(verdict::of_missing_record(stream_id, first)),
            [] => {}
        }
    }
    Ok(verdicts)
}

#[cfg(test)]
mod tests;
