//! Growth and life cycle of a stream.

use std::collections::BTreeMap;

use super::*;
use crate::streams::definition_file::DefinitionFile;
use crate::streams::state::{PipelineKind, PipelineOutcome};
use crate::streams::trigger::Triggers;
use crate::time::Minute;

fn event(seconds: i64) -> Event {
    Event {
        message_id: "m".to_owned(),
        event_type: "e".to_owned(),
        timestamp: at(seconds),
        traits: BTreeMap::new(),
    }
}

fn at(seconds: i64) -> Micros {
    Micros(0).plus_seconds(seconds)
}

/// A trigger whose streams expire 100 seconds after their last event, and fire five seconds after the second event.
fn trigger() -> Trigger {
    let text = "- name: t\n  expiration: $last + 100s\n  fire_pipeline: p\n  fire_delay: 5\n  \
                match_criteria: [{}]\n  fire_criteria: [{number: 2}]\n";
    let loaded = Triggers::load(&DefinitionFile::new("triggers.yaml", text)).expect("a valid trigger");
    loaded.triggers.get("t").expect("the trigger is defined").clone()
}

fn with(head: &Head, events: &[(u64, Event)], now: i64) -> Head {
    let events: Vec<_> = events.iter().map(|(id, event)| (*id, event)).collect();
    let (head, joined) =
        head.with_events(&events, &trigger(), at(now)).expect("the expiration can be evaluated");
    assert_eq!(joined, events.len());
    head
}

fn new() -> Head {
    Head::new(1, "t", BTreeMap::new(), None, at(0))
}

#[test]
fn events_extend_a_stream_and_set_its_firing_time_once() {
    let head = with(&new(), &[(7, event(50))], 60);
    assert_eq!((head.first, head.last, head.expires, head.fires), (at(50), at(50), at(150), None));
    assert_eq!((head.version, head.due_minute), (1, Minute(3)));
    let head = with(&head, &[(8, event(20)), (9, event(90))], 61);
    assert_eq!((head.first, head.last, head.expires), (at(20), at(90), at(190)));
    assert_eq!((head.fires, head.events.as_slice()), (Some(at(66)), &[7, 8, 9][..]));
    assert_eq!(head.due_minute, Minute(2), "it fires before it expires");
    assert_eq!(with(&head, &[(10, event(95))], 80).fires, Some(at(66)));
}

#[test]
fn a_stream_accepts_events_while_it_is_active_and_open_and_not_expired() {
    let head = with(&new(), &[(7, event(0))], 0);
    assert!(head.accepts_events(at(99)) && !head.accepts_events(at(100)));
    assert!(!head.closed().accepts_events(at(1)));
    assert!(!head.tombstone(at(0)).accepts_events(at(1)));
    let firing = head.claimed(PipelineKind::Fire, at(60), at(1)).expect("an active stream can fire");
    assert!(!firing.accepts_events(at(1)));
}

#[test]
fn events_after_one_that_expired_the_stream_do_not_join_it() {
    let (first, second) = (event(0), event(1));
    let events = [(7, &first), (8, &second)];
    let join =
        |now| new().with_events(&events, &trigger(), at(now)).expect("the expiration can be evaluated");
    let (head, joined) = join(500);
    assert_eq!((head.events.as_slice(), head.version, joined), (&[7][..], 1, 1));
    assert_eq!(join(50).1, 2, "the stream is still open");
}

#[test]
fn only_an_open_stream_that_expired_needs_closing() {
    let head = with(&new(), &[(7, event(0))], 0);
    assert!(!head.needs_closing(at(99)) && head.needs_closing(at(100)));
    assert!(!head.closed().needs_closing(at(100)));
    assert!(!head.tombstone(at(0)).needs_closing(at(100)));
    let firing = head.claimed(PipelineKind::Fire, at(60), at(1)).expect("an active stream can fire");
    assert!(!firing.needs_closing(at(100)));
}

#[test]
fn firing_precedes_expiry_and_is_due_again_when_the_lease_expires() {
    let head = with(&new(), &[(7, event(0)), (8, event(0))], 0);
    assert_eq!(
        (head.due_pipeline(at(4)), head.due_pipeline(at(5)), head.due_pipeline(at(500))),
        (None, Some(PipelineKind::Fire), Some(PipelineKind::Fire))
    );
    let idle = with(&new(), &[(7, event(0))], 0);
    assert_eq!((idle.due_pipeline(at(100)), idle.due_pipeline(at(101))), (None, Some(PipelineKind::Expire)));
    let firing = head.claimed(PipelineKind::Fire, at(60), at(5)).expect("an active stream can fire");
    assert_eq!((firing.due_pipeline(at(60)), firing.due_pipeline(at(61))), (None, Some(PipelineKind::Fire)));
    let failed = firing.ended(PipelineOutcome::Failed).expect("a pipeline was running");
    assert_eq!((failed.due_pipeline(at(999)), failed.is_scheduled()), (None, false));
    let retried = failed.reset(at(70)).expect("a failed stream can be reset");
    assert_eq!((retried.due_pipeline(at(70)), retried.state), (Some(PipelineKind::Fire), State::RetryFire));
    let completed = firing.ended(PipelineOutcome::Succeeded).expect("a pipeline was running");
    assert_eq!(completed.reset(at(70)), None);
}

#[test]
fn members_move_to_a_page_once_the_head_is_full() {
    let events: Vec<_> = (1..=49).map(|id| (id, event(0))).collect();
    let mut head = with(&new(), &events[..48], 0);
    assert_eq!(head.spill_members("a".to_owned()), None);
    head = with(&head, &events[48..], 0);
    let (page, ids) = head.spill_members("b".to_owned()).expect("49 members do not fit");
    assert_eq!((ids.first(), ids.last(), ids.len()), (Some(&1), Some(&49), 49));
    assert!(page.may_contain(1) && page.may_contain(49) && !page.may_contain(0) && !page.may_contain(50));
    assert_eq!((head.events.len(), head.pages.as_slice()), (0, &[page][..]));
}
