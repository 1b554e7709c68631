//! Pure. The handler `usage`: checks the records of an instance's usage against the events before them.
//!
//! The events are cut into blocks, each ended by a `compute.instance.exists`. Each of these becomes an event
//! `.verified` or `.failed`; events that none ends become one `.failed`.

pub mod fault;
pub mod times;
pub mod verdict;

use super::HandlerError;
use crate::notification::event::Event;
use times::Times;

/// The record of an instance's usage in a period.
const EXISTS: &str = "compute.instance.exists";
/// The record agrees with the events before it.
const VERIFIED: &str = "compute.instance.exists.verified";
/// The record does not, or is missing.
const FAILED: &str = "compute.instance.exists.failed";
/// What is strange and no fault.
const WARNINGS: &str = "compute.instance.exists.warnings";

/// The new events that the events of a stream, given in the order of their times, lead to.
///
/// Every message id follows from those of the events, so that a run that is repeated makes the same events.
pub fn check(stream_id: u64, events: &[Event]) -> Result<Vec<Event>, HandlerError> {
    let mut synthetic = Vec::new();
    // Not emptied between blocks, as in the original: a warning is repeated with every later record of the run.
    let mut warnings = Vec::new();
    for block in events.split_inclusive(|event| event.event_type == EXISTS) {
        match block {
            [before @ .., exists] if exists.event_type == EXISTS => {
                let times = Times::of(exists)?;
                let found = fault::find(before, exists, &times, &mut warnings);
                if !warnings.is_empty() {
                    synthetic.push(verdict::warnings(stream_id, exists, &warnings));
                }
                synthetic.push(verdict::of(stream_id, exists, found)?);
            }
            [first, ..] => synthetic.push(verdict::unended(stream_id, first)),
            [] => {}
        }
    }
    Ok(synthetic)
}

#[cfg(test)]
mod tests;
