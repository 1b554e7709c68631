//! Pure. Findings of the checks, and what a reviewer may waive.

use serde::{Deserialize, Serialize};

use super::rules;

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something to know, such as a feature with limits.
    Notice,
    /// Something that is usually a mistake.
    Warning,
    /// Loses data or changes every row. Rejects the changeset unless it is waived.
    Error,
}

impl Severity {
    /// Returns the name: `notice`, `warning` or `error`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// The id of a rule, which is also the id of its validation type. It never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(pub u32);

/// What a rule found in a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule.
    pub rule: RuleId,
    /// The severity of the rule.
    pub severity: Severity,
    /// What was found and what to do instead, as a text for people.
    pub message: String,
    /// The index of the statement; the first is 0.
    pub statement: usize,
    /// The line in the statement, if it is known; the first is 1.
    pub line: Option<usize>,
}

impl Finding {
    /// Returns the key of the rule, such as `no-where`. It is empty for a rule of another version.
    pub fn key(&self) -> &'static str {
        rules::rule(self.rule).map_or("", |rule| rule.key)
    }
}

/// The result of checking the statements of a changeset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The findings, in the order of the statements and of the rules.
    pub findings: Vec<Finding>,
    /// The indexes of the statements that the parser could not read.
    pub unread: Vec<usize>,
}

impl Report {
    /// Returns the report without the findings of waived rules.
    #[must_use]
    pub fn without(mut self, waived: &[RuleId]) -> Self {
        self.findings.retain(|finding| !waived.contains(&finding.rule));
        self
    }

    /// Returns the most serious severity, or `None` without findings.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// Whether a finding rejects the changeset.
    pub fn has_errors(&self) -> bool {
        self.worst() == Some(Severity::Error)
    }
}
