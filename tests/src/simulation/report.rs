//! Checking a plan: its run, the calm run that it is compared with, and what is wrong.

use std::fmt;

use anyhow::Result;

use crate::simulation::invariants::violations;
use crate::simulation::outcome::Outcome;
use crate::simulation::plan::Plan;
use crate::simulation::run::run;
use crate::simulation::violation::{Kind, Violation};

/// The result of checking a plan.
#[derive(Debug)]
pub struct Report {
    /// The plan.
    pub plan: Plan,
    /// What was violated.
    pub violations: Vec<Violation>,
    /// A digest of everything that happened: the same for every run of the same plan.
    pub digest: u64,
    summary: String,
}

/// Runs a plan and checks what it leaves.
pub fn check(plan: &Plan) -> Result<Report> {
    let calm = run(&Plan::calm(plan.seed, &plan.load))?;
    let outcome = run(plan)?;
    let violations = violations(&outcome, &calm);
    let summary = summary(&outcome);
    Ok(Report { plan: plan.clone(), violations, digest: outcome.trace.digest(), summary })
}

fn summary(outcome: &Outcome) -> String {
    format!(
        "  {} notifications, {} messages, {} s; largest item of ids {} bytes\n{}",
        outcome.history.len(),
        outcome.messages.len(),
        outcome.ended.as_secs(),
        outcome.largest_sequences,
        outcome.trace
    )
}

impl Report {
    /// Whether something of this kind was violated.
    pub fn has(&self, kind: Kind) -> bool {
        self.violations.iter().any(|violation| violation.kind == kind)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}", self.plan.seed)?;
        writeln!(f, "  {:?}", self.plan)?;
        write!(f, "{}", self.summary)?;
        for violation in &self.violations {
            writeln!(f, "  {violation}")?;
        }
        Ok(())
    }
}
