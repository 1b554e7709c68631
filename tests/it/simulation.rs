//! The simulation of the whole bundle: see `tests::simulation`. `make simulate` runs many more seeds.

mod processes;
mod services;

use std::thread;

use anyhow::Result;
use tests::simulation::known::{Known, known};
use tests::simulation::plan::Plan;
use tests::simulation::violation::Kind;
use tests::simulation::{Report, check};

/// Random plans that every test run checks.
const SEEDS: u64 = 2;

/// Checks plans concurrently, each on a thread of its own.
fn check_all(plans: &[Plan]) -> Result<Vec<Report>> {
    thread::scope(|scope| {
        let checks: Vec<_> = plans.iter().map(|plan| scope.spawn(|| check(plan))).collect();
        checks.into_iter().map(|check| check.join().expect("a simulation does not panic")).collect()
    })
}

#[test]
fn runs_of_one_seed_are_identical() -> Result<()> {
    let plan = Plan::drawn(3);
    let reports = check_all(&[plan.clone(), plan])?;
    assert_eq!(reports[0].digest, reports[1].digest);
    assert_eq!(reports[0].violations, reports[1].violations);
    Ok(())
}

#[test]
fn random_runs_violate_nothing_but_what_is_known() -> Result<()> {
    let known: Vec<Kind> = known().iter().map(|known| known.kind).collect();
    let plans: Vec<Plan> = (0..SEEDS).map(Plan::drawn).collect();
    for report in check_all(&plans)? {
        let unknown: Vec<_> = report.violations.iter().filter(|found| !known.contains(&found.kind)).collect();
        assert!(unknown.is_empty(), "{report}");
    }
    Ok(())
}

/// Fails when the engine no longer has one of the defects: then the entry belongs into a test that it stays so.
#[test]
fn known_violations_are_still_found() -> Result<()> {
    let known = known();
    let plans: Vec<Plan> = known.iter().map(|known| known.plan.clone()).collect();
    for (Known { name, kind, .. }, report) in known.iter().zip(check_all(&plans)?) {
        assert!(report.has(*kind), "{name}: not found\n{report}");
    }
    Ok(())
}
