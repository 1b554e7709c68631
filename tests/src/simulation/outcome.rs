//! What a run leaves: its tables, its messages and its trace.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::simulation::history::Sent;
use crate::simulation::plan::Plan;
use crate::simulation::queues::Message;
use crate::simulation::trace::Trace;
use crate::stored_state::StoredState;

/// The result of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The plan of the run.
    pub plan: Plan,
    /// What producers sent.
    pub history: Vec<Sent>,
    /// When the last list was accepted.
    pub last_accepted: Duration,
    /// When the run ended: when no work was left, or when it was given up.
    pub ended: Duration,
    /// The usage table, independently of ids.
    pub stored: StoredState,
    /// The items of the usage table, in the service's JSON.
    pub usage: Vec<Value>,
    /// The items of the stream table, in the service's JSON.
    pub streams: Vec<Value>,
    /// Announcements sent downstream.
    pub announced: Vec<Value>,
    /// Every message that workers received.
    pub messages: Vec<Message>,
    /// The bodies of dead letters, by queue.
    pub dead_letters: BTreeMap<&'static str, Vec<String>>,
    /// The largest size of an item that hands out ids, in bytes.
    pub largest_sequences: usize,
    /// What happened.
    pub trace: Trace,
}
