//! Pure. One run of a pipeline over the events of a stream.

use std::collections::BTreeSet;

use super::publish::Publish;
use super::{logger, usage};
use crate::streams::event::Event;

/// A handler with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handler {
    /// Says which events there are.
    Logger,
    /// Checks the records of usage.
    Usage,
    /// Hands on what was made.
    Publish(Publish),
}

/// Handlers, in the order in which they run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pipeline(Vec<Handler>);

/// What a run leaves behind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// New events, which enter like those that producers send. The same events make the same ones again, with the
    /// same message ids.
    pub made: Vec<Event>,
    /// What is to be sent to consumers, once the stream is known to be completed.
    pub published: Vec<Event>,
    /// What is to be said in the log.
    pub lines: Vec<String>,
}

/// A handler could not go on: the stream goes into error, and nothing of the run remains.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{handler}: {reason}")]
pub struct HandlerError {
    /// Which handler.
    pub handler: &'static str,
    /// What stopped it.
    pub reason: String,
}

impl Pipeline {
    /// These handlers.
    pub fn of(handlers: Vec<Handler>) -> Self {
        Self(handlers)
    }

    /// Runs over all events of a stream, given in any order.
    pub fn run(&self, stream_id: u64, mut events: Vec<Event>) -> Result<Run, HandlerError> {
        let known: BTreeSet<String> = events.iter().map(|event| event.message_id.clone()).collect();
        let is_new = |event: &&Event| !known.contains(&event.message_id);
        events.sort_by(|one, other| {
            (one.timestamp, &one.message_id).cmp(&(other.timestamp, &other.message_id))
        });
        let mut run = Run::default();
        for handler in &self.0 {
            match handler {
                Handler::Logger => run.lines.push(logger::line(&events)),
                Handler::Usage => events.extend(usage::check(stream_id, &events)?),
                Handler::Publish(publish) => {
                    run.published.extend(publish.choose(events.iter().filter(is_new)));
                }
            }
        }
        run.made = events.into_iter().filter(|event| is_new(&event)).collect();
        Ok(run)
    }
}
