//! What must hold after every run, whatever went wrong in it.

mod ledger;
mod messages;
mod streams;

use crate::simulation::outcome::Outcome;
use crate::simulation::violation::Violation;

/// Returns the violations of a run. `calm` is a run of the same load in which nothing went wrong.
pub fn violations(outcome: &Outcome, calm: &Outcome) -> Vec<Violation> {
    let checks = [
        ledger::recorded_once(outcome),
        ledger::counted(outcome),
        ledger::verdicts(outcome, calm),
        ledger::records(outcome, calm),
        ledger::announced_once(outcome),
        streams::one_stream_per_trigger(outcome),
        streams::findable(outcome),
        streams::no_work_left(outcome),
        messages::dead_letters(outcome),
        messages::finished(outcome),
        messages::small_sequences(outcome),
        messages::recorded_soon(outcome),
    ];
    checks.into_iter().flatten().collect()
}
