//! Courses of tasks on a simulated server, with workers that stop at every point.

use domain::time::Micros;
use proptest::prelude::*;

use super::*;
use crate::apply::judge::{Verdict, judge};
use crate::apply::plan::tests::detail;
use crate::mysql::kind::Kind;

fn step(planned: &Planned, state: StepState, after: Option<&str>) -> Step {
    Step {
        detail: planned.detail,
        statement: planned.statement,
        is_revert: planned.is_revert,
        state,
        before: "before".to_owned(),
        after: after.map(str::to_owned),
        connection: None,
        started_at: Micros(0),
        ended_at: None,
    }
}

/// Three details; the second one has two statements.
fn details() -> Vec<ChangesetDetail> {
    vec![
        detail(1, "CREATE TABLE a (x int)", "DROP TABLE a"),
        detail(2, "CREATE TABLE b (x int); INSERT INTO b VALUES (1)", "DROP TABLE b"),
        detail(3, "ALTER TABLE a ADD y int", "ALTER TABLE a DROP y"),
    ]
}

/// Returns the steps of an application in which so many statements were executed, and the next one failed without effect.
fn failed_after(course: &Course, executed: usize) -> Vec<Step> {
    let states = (0..).map(|number| if number < executed { StepState::Done } else { StepState::Failed });
    let planned = course.plan.statements.iter().take(executed + 1);
    planned.zip(states).map(|(planned, state)| step(planned, state, Some("before"))).collect()
}

#[test]
fn an_application_stops_at_the_first_failure() {
    let course = Course::apply(details(), OnFailure::Stop);
    for executed in 0..4 {
        assert_eq!(course.next(&failed_after(&course, executed)), Next::Fail);
    }
}

#[test]
fn details_before_a_failure_are_reverted_on_request() {
    let course = Course::apply(details(), OnFailure::Revert);
    let mut steps = failed_after(&course, 3);
    for sql in ["DROP TABLE b", "DROP TABLE a"] {
        let Next::Run(planned) = course.next(&steps) else { panic!("{steps:?}") };
        assert_eq!(planned.sql, sql);
        steps.push(step(&planned, StepState::Starting, None));
        assert_eq!(course.next(&steps), Next::Judge(planned.clone()));
        steps.pop();
        steps.push(step(&planned, StepState::Done, Some("after")));
    }
    assert_eq!(course.next(&steps), Next::Undone);
}

#[test]
fn a_detail_that_is_applied_in_part_is_not_reverted() {
    let course = Course::apply(details(), OnFailure::Revert);
    assert!(matches!(course.next(&failed_after(&course, 2)), Next::Stay(_)));
    let mut steps = failed_after(&course, 1);
    steps[1].after = Some("changed by a statement that failed".to_owned());
    assert!(matches!(course.next(&steps), Next::Stay(_)));
}

#[test]
fn a_detail_without_revert_sql_is_not_reverted() {
    let mut details = details();
    details[0].revert_sql.clear();
    let course = Course::apply(details, OnFailure::Revert);
    assert_eq!(course.next(&failed_after(&course, 0)), Next::Undone);
    assert!(matches!(course.next(&failed_after(&course, 1)), Next::Stay(_)));
}

#[test]
fn a_failure_while_reverting_stops() {
    let course = Course::apply(details(), OnFailure::Revert);
    let mut steps = failed_after(&course, 3);
    let Next::Run(planned) = course.next(&steps) else { panic!("{steps:?}") };
    steps.push(step(&planned, StepState::Failed, Some("before")));
    assert_eq!(course.next(&steps), Next::Fail);
    let repaired = steps.last_mut().expect("a step");
    repaired.state = StepState::Repaired;
    assert!(matches!(course.next(&steps), Next::Run(planned) if planned.sql == "DROP TABLE a"));
}

/// A server whose structure is the list of the statements that changed it.
struct Server {
    structure: Vec<String>,
    executed: Vec<String>,
}

impl Server {
    fn checksum(&self) -> String {
        self.structure.join(";")
    }

    fn execute(&mut self, planned: &Planned) {
        self.executed.push(planned.sql.clone());
        if planned.kind == Kind::Ddl {
            self.structure.push(planned.sql.clone());
        }
    }
}

/// Where a worker stops in the middle of a statement.
#[derive(Clone, Copy, Debug)]
enum Crash {
    BeforeSending,
    AfterEffect,
}

/// Returns details of one to three statements each, with the checksums that [`Server`] has.
fn reviewed(shapes: &[Vec<bool>]) -> Vec<ChangesetDetail> {
    let mut server = Server { structure: Vec::new(), executed: Vec::new() };
    let mut number = 0;
    let details = (1..).zip(shapes).map(|(id, shape)| {
        let texts = shape.iter().map(|is_ddl| {
            number += 1;
            if *is_ddl {
                format!("CREATE TABLE t{number} (x int)")
            } else {
                format!("INSERT INTO t VALUES ({number})")
            }
        });
        let mut found = detail(id, &texts.collect::<Vec<_>>().join(";"), "");
        found.before_checksum = server.checksum();
        found.statement_checksums.clear();
        for planned in Plan::apply(&[found.clone()]).statements {
            server.execute(&planned);
            found.statement_checksums.push(server.checksum());
        }
        // The checksum of an empty structure is not empty.
        found.before_checksum.push('.');
        found.statement_checksums.iter_mut().for_each(|checksum| checksum.push('.'));
        found
    });
    details.collect()
}

proptest! {
    /// Whatever crashes: no statement is executed twice or out of order, and a task is complete only if all were executed.
    #[test]
    fn no_statement_is_executed_twice(
        shapes in proptest::collection::vec(proptest::collection::vec(any::<bool>(), 1..4), 1..4),
        crashes in proptest::collection::vec((0_usize..9, prop_oneof![Just(Crash::BeforeSending), Just(Crash::AfterEffect)]), 0..6),
    ) {
        let course = Course::apply(reviewed(&shapes), OnFailure::Stop);
        let mut server = Server { structure: Vec::new(), executed: Vec::new() };
        let mut steps: Vec<Step> = Vec::new();
        let mut crashes = crashes;
        let mut sent = 0;
        let is_stopped = loop {
            let live = format!("{}.", server.checksum());
            match course.next(&steps) {
                Next::Complete => break false,
                Next::Run(planned) => {
                    let mut started = step(&planned, StepState::Starting, None);
                    started.before = live;
                    steps.push(started);
                    let crash = crashes.iter().position(|(at, _)| *at == sent).map(|found| crashes.remove(found).1);
                    sent += 1;
                    if matches!(crash, Some(Crash::BeforeSending)) {
                        continue;
                    }
                    server.execute(&planned);
                    if crash.is_none() {
                        let last = steps.last_mut().expect("a step");
                        last.state = StepState::Done;
                        last.after = Some(format!("{}.", server.checksum()));
                    }
                }
                Next::Judge(planned) => {
                    let last = steps.last_mut().expect("a step");
                    match judge(&planned, &last.before, &live) {
                        Verdict::Absent => drop(steps.pop()),
                        Verdict::Done => last.state = StepState::Done,
                        Verdict::InDoubt => break true,
                    }
                }
                other => panic!("{other:?}"),
            }
        };
        let wanted: Vec<_> = course.plan.statements.iter().map(|planned| planned.sql.clone()).collect();
        prop_assert_eq!(&server.executed, &wanted[..server.executed.len()]);
        prop_assert!(is_stopped || server.executed.len() == wanted.len());
        let has_rows = shapes.iter().flatten().any(|is_ddl| !is_ddl);
        prop_assert!(!is_stopped || has_rows, "the effect of a definition is never in doubt");
    }
}
