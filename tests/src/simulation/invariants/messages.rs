//! Pure. Messages, and the item that every invocation takes its ids from.

use std::time::Duration;

use crate::simulation::outcome::Outcome;
use crate::simulation::queues::Message;
use crate::simulation::violation::{Kind, Violation};

/// The largest size of an item that hands out ids, in bytes: one write unit.
const SEQUENCES_LIMIT: usize = 1_024;
/// How long recording may take after the last request, if nothing fails.
const RECORDING_LIMIT: Duration = Duration::from_secs(10);
/// Characters of a body that a report shows.
const SHOWN: usize = 160;

fn shown(body: &str) -> String {
    body.chars().take(SHOWN).collect()
}

/// No message of a run is at fault itself, so none may become a dead letter.
pub fn dead_letters(outcome: &Outcome) -> Option<Violation> {
    let letters =
        outcome.dead_letters.iter().flat_map(|(queue, bodies)| bodies.iter().map(move |body| (queue, body)));
    let findings: Vec<_> = letters.map(|(queue, body)| format!("{queue}: {}", shown(body))).collect();
    Violation::of(Kind::DeadLetter, &findings)
}

/// Every message was processed and deleted.
pub fn finished(outcome: &Outcome) -> Option<Violation> {
    let dead: Vec<&String> = outcome.dead_letters.values().flatten().collect();
    let unfinished = outcome.messages.iter().filter(|message| message.finished.is_none());
    let findings: Vec<_> = unfinished
        .filter(|message| !dead.contains(&&message.body))
        .map(|message| {
            format!("{} received {} times: {}", message.queue, message.receives, shown(&message.body))
        })
        .collect();
    Violation::of(Kind::UnfinishedMessage, &findings)
}

/// The item that hands out ids costs one write unit, however many invocations overlap.
pub fn small_sequences(outcome: &Outcome) -> Option<Violation> {
    let size = outcome.largest_sequences;
    (size > SEQUENCES_LIMIT)
        .then(|| Violation { kind: Kind::LargeSequences, found: format!("it grew to {size} bytes") })
}

/// If nothing fails, everything is recorded soon after the last request, however many workers compete.
pub fn recorded_soon(outcome: &Outcome) -> Option<Violation> {
    if !outcome.plan.faults.are_none() {
        return None;
    }
    let is_late = |message: &&Message| {
        let finished = message.finished.unwrap_or(outcome.ended);
        message.is_from_client() && finished > outcome.last_accepted + RECORDING_LIMIT
    };
    let late: Vec<_> = outcome.messages.iter().filter(is_late).collect();
    let receives = late.iter().map(|message| message.receives).max()?;
    let last = late.iter().map(|message| message.finished.unwrap_or(outcome.ended)).max()?;
    let seconds = last.saturating_sub(outcome.last_accepted).as_secs();
    let found = format!(
        "{} of {} messages were recorded later than {} s after the last request, the last one {seconds} s after it; \
         they were received up to {receives} times",
        late.len(),
        outcome.messages.iter().filter(|message| message.is_from_client()).count(),
        RECORDING_LIMIT.as_secs(),
    );
    Some(Violation { kind: Kind::SlowRecording, found })
}
