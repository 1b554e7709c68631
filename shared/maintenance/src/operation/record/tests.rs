use super::*;
use crate::operation::evidence::Change;
use crate::operation::target::Object;
use crate::operation::window::DayMinute;

const RETRY: i64 = 3_600;

fn at(seconds: i64) -> Micros {
    Micros(0).plus_seconds(seconds)
}

fn new(due: i64) -> Operation {
    let target = Target { server: String::new(), database: "world".to_owned(), object: Object::Database };
    let options = Options::default();
    let draft = Draft { kind: Kind::Vacuum, target, options, due: at(due), window: None, recurrence: None };
    draft.requested("2cec00f2".to_owned(), "ann", at(100))
}

fn running() -> Running {
    Running {
        statement: "VACUUM \"public\".\"city\"".to_owned(),
        oid: 16_385,
        pid: 7,
        backend_start: 1,
        application: "op:2cec00f2:1".to_owned(),
        since: at(101),
        effect: Effect { change: Change::Vacuumed, is_analyzed: false },
        table: 16_385,
        before: Evidence::default(),
    }
}

fn doing() -> Operation {
    let acquired = new(100).acquired(at(100), at(160)).expect("it is due");
    acquired.sending(running()).expect("it is acquired")
}

#[test]
fn operation_is_looked_at_when_it_is_due_and_never_before_its_request() {
    assert_eq!(new(500).look, at(500));
    assert_eq!(new(3).look, at(100));
    assert_eq!(new(3).due, at(3));
}

#[test]
fn operation_is_acquired_by_one_worker_at_a_time() {
    assert_eq!(new(500).acquired(at(100), at(160)), None, "it is not due");
    let acquired = new(100).acquired(at(100), at(160)).expect("it is due");
    assert_eq!((acquired.status, acquired.token, acquired.look), (Status::Queued, 1, at(160)));
    assert_eq!(acquired.acquired(at(159), at(300)), None, "it is held");
    let again = acquired.acquired(at(160), at(300)).expect("the lease has expired");
    assert_eq!((again.status, again.token), (Status::Queued, 2));
    let ended = acquired.cancel_requested(at(110)).expect("it has not started");
    assert_eq!(ended.acquired(at(500), at(600)), None, "it has ended");
}

#[test]
fn released_operation_waits_for_its_time_whatever_the_number_of_messages() {
    let acquired = new(100).acquired(at(100), at(160)).expect("it is due");
    let released = acquired.released(at(130), Some("busy".to_owned()));
    assert_eq!(released.acquired(at(110), at(200)), None);
    assert!(released.acquired(at(130), at(220)).is_some());
    let queued = released.queued().expect("it has not ended");
    assert!(queued.acquired(at(130), at(220)).is_some(), "its message finds it due");
}

#[test]
fn statement_starts_the_operation_once() {
    let first = doing();
    assert_eq!((first.status, first.started), (Status::Doing, Some(at(101))));
    let second = first.step_finished().sending(Running { since: at(200), ..running() });
    assert_eq!(second.expect("it is doing").started, Some(at(101)));
}

#[test]
fn completed_operation_is_done_unless_a_relation_failed() {
    let done = doing().split(1).step_finished();
    assert!(done.is_complete() && !doing().split(2).step_finished().is_complete());
    let done = done.completed(at(110)).expect("it is doing");
    assert_eq!((done.status, done.ended, done.lease), (Status::Done, Some(at(110)), None));
    let (one, other) = (Reason::new("one"), Reason::new("other"));
    let failed = doing().split(2).step_failed(one.clone()).step_failed(other);
    let failed = failed.completed(at(110)).expect("it is doing");
    assert_eq!((failed.status, failed.failed, failed.error), (Status::Failed, 2, Some(one)));
}

#[test]
fn statement_is_kept_after_its_result_and_the_one_that_failed_first_for_good() {
    let of = |operation: &Operation| operation.past.as_ref().map(|past| past.statement.clone());
    let sending = |operation: &Operation, statement: &str| {
        operation.sending(Running { statement: statement.to_owned(), ..running() }).expect("it is doing")
    };
    let first = doing().split(4);
    assert_eq!(of(&first), None);
    let first = first.step_finished();
    assert_eq!((first.current.clone(), of(&first)), (None, Some(running().statement)));
    let retried = sending(&first, "second").step_retried(Reason::new("locked"), at(0));
    assert_eq!(of(&retried).as_deref(), Some("second"));
    let failed = sending(&first, "second").step_failed(Reason::new("wrong"));
    let third = sending(&failed, "third").step_failed(Reason::new("also wrong"));
    let last = sending(&third, "fourth").step_finished().completed(at(110)).expect("it is doing");
    assert_eq!(of(&last).as_deref(), Some("second"));
    let aborted = sending(&first, "second").cancel_requested(at(110)).expect("it runs");
    let aborted = aborted.ended_early(at(115)).expect("it is cancelled");
    assert_eq!((of(&aborted).as_deref(), aborted.current), (Some("second"), None));
}

#[test]
fn operation_without_relations_is_done() {
    let acquired = new(100).acquired(at(100), at(160)).expect("it is due").split(0);
    assert!(acquired.is_complete());
    assert_eq!(acquired.completed(at(101)).map(|done| done.status), Ok(Status::Done));
}

#[test]
fn ended_operation_is_listed_for_a_minute() {
    let done = doing().completed(at(110)).expect("it is doing");
    assert!(done.is_listed(at(169)) && !done.is_listed(at(170)));
    assert_eq!(done.look, at(170));
}

#[test]
fn cancel_ends_what_has_not_started_and_marks_what_runs() {
    let canceled = new(500).cancel_requested(at(110)).expect("it waits");
    assert_eq!((canceled.status, canceled.ended), (Status::Canceled, Some(at(110))));
    assert_eq!(canceled.cancel_requested(at(120)), Ok(canceled.clone()), "once is enough");
    let abort = doing().cancel_requested(at(110)).expect("it runs");
    assert_eq!((abort.status, abort.ended, abort.canceled), (Status::Abort, None, Some(at(110))));
    let aborted = abort.ended_early(at(115)).expect("it is cancelled");
    assert_eq!((aborted.status, aborted.current.clone()), (Status::Aborted, None));
    assert_eq!(aborted.cancel_requested(at(120)), Ok(aborted));
    let done = doing().completed(at(110)).expect("it is doing");
    assert!(done.cancel_requested(at(120)).is_err());
}

#[test]
fn cancel_ends_what_waits_between_two_relations() {
    let released = doing().split(2).step_finished().released(at(5_000), None);
    let aborted = released.cancel_requested(at(110)).expect("it has not ended");
    assert_eq!((aborted.status, aborted.ended), (Status::Aborted, Some(at(110))));
    let held = doing().split(2).step_finished().cancel_requested(at(110)).expect("it is held");
    assert_eq!((held.status, held.ended), (Status::Abort, None), "its worker ends it");
}

#[test]
fn unreachable_server_is_retried_within_the_window_and_then_fails_the_operation() {
    let reason = Reason::new("it is unreachable");
    let mut operation = new(100).acquired(at(100), at(160)).expect("it is due");
    let mut looks = Vec::new();
    let mut now = at(100);
    while !operation.status.is_final() {
        operation = operation.without_server(&reason, now, RETRY).expect("it has not ended");
        looks.push(operation.look.epoch_seconds() - now.epoch_seconds());
        now = operation.look;
    }
    assert_eq!((operation.status, operation.error), (Status::Failed, Some(reason)));
    assert_eq!(looks, [30, 30, 60, 120, 240, 480, 600, 600, 600, 600, 600, 60]);
}

#[test]
fn answering_server_opens_a_new_window() {
    let reason = Reason::new("it is unreachable");
    let waiting = doing().without_server(&reason, at(110), RETRY).expect("it is doing");
    assert_eq!((waiting.unreachable, waiting.current.is_some()), (Some(at(110)), true));
    let answered = waiting.with_server();
    assert_eq!((answered.unreachable, answered.waiting), (None, None));
}

#[test]
fn step_is_attempted_five_times() {
    let reason = Reason::new("a lock was not granted in time");
    let mut operation = doing();
    for seconds in [30, 60, 120, 240] {
        operation = operation.step_retried(reason.clone(), at(0));
        assert_eq!((operation.look, operation.lease, operation.failed), (at(seconds), None, 0));
    }
    let failed = operation.step_retried(reason.clone(), at(0));
    assert_eq!((failed.failed, failed.finished, failed.attempts), (1, 1, 0));
    assert_eq!(failed.error, Some(reason));
}

#[test]
fn same_request_is_recognized() {
    let operation = new(100);
    let draft = Draft {
        kind: operation.kind,
        target: operation.target.clone(),
        options: operation.options.clone(),
        due: operation.due,
        window: operation.window,
        recurrence: operation.recurrence.clone(),
    };
    assert!(draft.is(&operation));
    assert!(!Draft { due: at(101), ..draft.clone() }.is(&operation));
    let options = Options { skip_locked: Some(true), ..Options::default() };
    assert!(!Draft { options, ..draft.clone() }.is(&operation));
    assert!(!Draft { window: Some(hour()), ..draft.clone() }.is(&operation));
    assert!(!Draft { recurrence: Some("2cec00f2".to_owned()), ..draft }.is(&operation));
}

/// The first hour of each day.
fn hour() -> Window {
    let minute = |hour| DayMinute::new(hour, 0).expect("a time of day");
    Window::new(minute(0), minute(1)).expect("a window")
}

#[test]
fn closed_window_fails_what_has_not_begun_and_suspends_the_rest() {
    let window = Some(hour());
    let acquired = new(100).acquired(at(100), at(160)).expect("it is due");
    let begun = Operation { window, ..doing().split(3).step_finished() };
    let waiting = Operation { window, ..acquired.clone() };
    for open in [0, 3_599, 86_400] {
        assert_eq!(waiting.outside_window(at(open)), Ok(None));
        assert_eq!(begun.outside_window(at(open)), Ok(None));
    }
    assert_eq!(acquired.outside_window(at(3_600)), Ok(None), "it has no window");

    let ended = |operation: &Operation| {
        let outside = operation.outside_window(at(3_600)).expect("it is held").expect("it is closed");
        (outside.status, outside.ended, outside.error.map(|reason| reason.message))
    };
    let failed = |text: &str| (Status::Failed, Some(at(3_600)), Some(text.to_owned()));
    assert_eq!(ended(&waiting), failed("maintenance window closed"));
    let busy = Operation { waiting: Some("the relation is locked".to_owned()), ..waiting };
    assert_eq!(ended(&busy), failed("maintenance window closed: the relation is locked"));

    let suspended = begun.outside_window(at(3_600)).expect("it is held").expect("it is closed");
    assert_eq!((suspended.status, suspended.lease, suspended.look), (Status::Doing, None, at(86_400)));
    assert_eq!(suspended.finished, 1);
    let running = begun.sending(running()).expect("it is doing");
    assert_eq!(running.outside_window(at(3_600)), Ok(None), "a statement that runs is left alone");
}
