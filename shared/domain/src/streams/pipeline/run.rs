//! Pure. Runs of a pipeline over the events of a stream.

use std::collections::BTreeSet;

use super::handler::{Handler, HandlerError};
use super::{logger, usage};
use crate::notification::event::Event;

/// Handlers in the order in which they run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pipeline(Vec<Handler>);

/// The output of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunOutput {
    /// New events, to be sent back as notifications. Another run over the same events makes the same events, with the
    /// same message ids.
    pub synthetic: Vec<Event>,
    /// Events to be sent to consumers.
    pub published: Vec<Event>,
    /// Lines to be logged.
    pub log_lines: Vec<String>,
}

impl Pipeline {
    /// A pipeline of these handlers.
    pub fn new(handlers: Vec<Handler>) -> Self {
        Self(handlers)
    }

    /// Runs the handlers over all events of a stream, in any order.
    pub fn run(&self, stream_id: u64, mut events: Vec<Event>) -> Result<RunOutput, HandlerError> {
        let members: BTreeSet<String> = events.iter().map(|event| event.message_id.clone()).collect();
        let is_synthetic = |event: &&Event| !members.contains(&event.message_id);
        events.sort_by(|one, other| {
            (one.timestamp, &one.message_id).cmp(&(other.timestamp, &other.message_id))
        });
        let mut output = RunOutput::default();
        for handler in &self.0 {
            match handler {
                Handler::Logger => output.log_lines.push(logger::line(&events)),
                Handler::Usage => events.extend(usage::verify(stream_id, &events)?),
                Handler::Publish(publish) => {
                    output.published.extend(publish.select(events.iter().filter(is_synthetic)));
                }
            }
        }
        output.synthetic = events.into_iter().filter(|event| is_synthetic(&event)).collect();
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::streams::definition_file::DefinitionFile;
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

    fn run(pipeline: &str, events: Vec<Event>) -> Result<RunOutput, HandlerError> {
        let pipelines =
            Pipelines::load(&DefinitionFile::new("pipelines.yaml", pipeline)).expect("a valid file");
        pipelines.get("p").expect("the file defines p").run(42, events)
    }

    fn types(events: &[Event]) -> Vec<&str> {
        events.iter().map(|event| event.event_type.as_str()).collect()
    }

    const EXISTS: &str = "compute.instance.exists";
    const ID: &str = "5a1d7e5a-3bfb-4e1f-9b59-2f1f9f4c1c11";

    #[test]
    fn events_are_ordered_by_time_and_then_by_message_id() {
        let events = vec![event("c", "3", 20), event("a", "1", 10), event("b", "2", 20)];
        let run = run("p: [logger]", events).expect("the run succeeds");
        assert_eq!(run.log_lines, ["received 3 events: a: 1, b: 2, c: 3"]);
        assert_eq!((run.synthetic, run.published), (Vec::new(), Vec::new()));
    }

    #[test]
    fn a_handler_receives_the_events_of_earlier_handlers() {
        let run = run("p: [logger, usage, logger]", vec![event(EXISTS, ID, 10)]).expect("the run succeeds");
        assert_eq!(types(&run.synthetic), ["compute.instance.exists.verified"]);
        assert_eq!(run.log_lines.len(), 2);
        assert!(
            run.log_lines[1]
                .ends_with(&format!("compute.instance.exists.verified: {}", run.synthetic[0].message_id))
        );
    }

    #[test]
    fn events_that_are_members_already_are_not_synthetic() {
        let first = run("p: [usage, publish]", vec![event(EXISTS, ID, 10)]).expect("the run succeeds");
        let again =
            vec![first.synthetic[0].clone(), event(EXISTS, ID, 10), event("compute.instance.update", "u", 9)];
        let again = run("p: [usage, publish]", again).expect("the run succeeds");
        assert_eq!(types(&first.published), ["compute.instance.exists.verified"]);
        assert!(!types(&again.synthetic).contains(&"compute.instance.exists.verified"), "{again:?}");
        assert_eq!(again.published, again.synthetic);
    }

    #[test]
    fn only_selected_synthetic_events_are_published() {
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
            let run = run(&format!("p: {handlers}"), events.clone()).expect("the run succeeds");
            assert_eq!(types(&run.published), expected, "{handlers}");
            assert_eq!(run.synthetic.len(), 2);
        }
    }

    #[test]
    fn a_failing_handler_fails_the_run() {
        let events = vec![event(EXISTS, ID, 10), event(EXISTS, "not-a-uuid", 20)];
        let error = run("p: [logger, usage, publish]", events).expect_err("not a UUID");
        assert_eq!(error.handler, "usage");
    }

    #[test]
    fn a_pipeline_without_handlers_has_no_output() {
        assert_eq!(run("p: []", vec![event(EXISTS, ID, 10)]), Ok(RunOutput::default()));
    }
}
