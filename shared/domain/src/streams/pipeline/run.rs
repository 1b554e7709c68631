//! Pure. One run of a pipeline over the events of a stream.

use std::collections::BTreeSet;

use super::publish::Publish;
use super::{HandlerError, logger, usage};
use crate::notification::event::Event;

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
    pub synthetic: Vec<Event>,
    /// What is to be sent to consumers, once the stream is known to be completed.
    pub published: Vec<Event>,
    /// What is to be said in the log.
    pub lines: Vec<String>,
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
        run.synthetic = events.into_iter().filter(|event| is_new(&event)).collect();
        Ok(run)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::streams::pipeline::Pipelines;
    use crate::time::Micros;

    fn event(event_type: &str, message_id: &str, at: i64) -> Event {
        Event {
            message_id: message_id.to_owned(),
            event_type: event_type.to_owned(),
            timestamp: Micros(at),
            traits: BTreeMap::new(),
        }
    }

    fn run(pipeline: &str, events: Vec<Event>) -> Result<Run, HandlerError> {
        let pipelines = Pipelines::load("pipelines.yaml", pipeline).expect(pipeline);
        pipelines.get("p").expect("it is named p").run(42, events)
    }

    fn types(events: &[Event]) -> Vec<&str> {
        events.iter().map(|event| event.event_type.as_str()).collect()
    }

    const EXISTS: &str = "compute.instance.exists";
    const ID: &str = "5a1d7e5a-3bfb-4e1f-9b59-2f1f9f4c1c11";

    #[test]
    fn events_are_taken_in_the_order_of_their_times_and_then_of_their_ids() {
        let events = vec![event("c", "3", 20), event("a", "1", 10), event("b", "2", 20)];
        let run = run("p: [logger]", events).expect("it runs");
        assert_eq!(run.lines, ["received 3 events: a: 1, b: 2, c: 3"]);
        assert_eq!((run.synthetic, run.published), (Vec::new(), Vec::new()));
    }

    #[test]
    fn a_handler_receives_what_the_one_before_it_made() {
        let run = run("p: [logger, usage, logger]", vec![event(EXISTS, ID, 10)]).expect("it runs");
        assert_eq!(types(&run.synthetic), ["compute.instance.exists.verified"]);
        assert_eq!(run.lines.len(), 2);
        assert!(
            run.lines[1]
                .ends_with(&format!("compute.instance.exists.verified: {}", run.synthetic[0].message_id))
        );
    }

    #[test]
    fn what_the_stream_already_has_is_not_made_again() {
        let first = run("p: [usage, publish]", vec![event(EXISTS, ID, 10)]).expect("it runs");
        let again =
            vec![first.synthetic[0].clone(), event(EXISTS, ID, 10), event("compute.instance.update", "u", 9)];
        let again = run("p: [usage, publish]", again).expect("it runs");
        assert_eq!(types(&first.published), ["compute.instance.exists.verified"]);
        assert!(!types(&again.synthetic).contains(&"compute.instance.exists.verified"), "{again:?}");
        assert_eq!(again.published, again.synthetic);
    }

    #[test]
    fn only_what_was_made_and_was_asked_for_is_published() {
        let events = vec![event(EXISTS, ID, 10), event("compute.instance.update", "u-1", 20)];
        for (handlers, expected) in [
            ("[publish, usage]", &[][..]),
            ("[usage, publish]", &["compute.instance.exists.verified", "compute.instance.exists.failed"]),
            (
                "[usage, {name: publish, params: {event_types: '*.verified'}}]",
                &["compute.instance.exists.verified"],
            ),
            (
                "[usage, {name: publish, params: {event_types: ['*', '!*.verified']}}]",
                &["compute.instance.exists.failed"],
            ),
        ] {
            let run = run(&format!("p: {handlers}"), events.clone()).expect("it runs");
            assert_eq!(types(&run.published), expected, "{handlers}");
            assert_eq!(run.synthetic.len(), 2);
        }
    }

    #[test]
    fn a_handler_that_fails_ends_the_run_and_nothing_remains() {
        let events = vec![event(EXISTS, ID, 10), event(EXISTS, "not-a-uuid", 20)];
        let error = run("p: [logger, usage, publish]", events).expect_err("no UUID");
        assert_eq!(error.handler, "usage");
    }

    #[test]
    fn a_pipeline_without_handlers_changes_nothing() {
        assert_eq!(run("p: []", vec![event(EXISTS, ID, 10)]), Ok(Run::default()));
    }
}
