//! Pure. Static checks of the statements of a changeset.
//!
//! [`check`] reads statements with the tokenizer of `sqlparser` and runs every rule of [`rules()`] on them. The server
//! decides whether a statement is valid: the checks only report what a reviewer should look at. A statement that the
//! parser of `sqlparser` rejects is checked all the same, as far as its clauses are recognized, and gets the notice
//! `unread`.
//!
//! Statements are checked in order and each sees the effect of those before it, so an index that the second statement
//! adds is compared with the table that the first one creates.

mod catalog;
mod definition;
mod lexeme;
mod model;
mod read;
mod report;
mod rules;
mod subject;
mod words;

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod guide;

use std::collections::BTreeMap;

use sqlparser::dialect::MySqlDialect;
use sqlparser::parser::Parser;

use catalog::Catalog;
use lexeme::Lexeme;
use read::Statement;
use subject::{Notes, Subject};

pub use report::{Finding, Report, RuleId, Severity};
pub use rules::{Rule, rule, rule_of_key, rules};
pub use words::Flavor;

/// What the checks know about the server and the schema that a changeset is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// The kind of server, which decides what words are reserved.
    pub flavor: Flavor,
    /// The output of SHOW CREATE TABLE of the existing tables, by name. Rules that compare with the existing table are
    /// silent about tables that are not here.
    pub tables: BTreeMap<String, String>,
    /// The default character set of the schema.
    pub charset: Option<String>,
    /// The default collation of the schema.
    pub collation: Option<String>,
}

/// Checks statements, in the order in which they are applied. Each item is one statement without `DELIMITER` lines.
pub fn check(statements: &[&str], context: &Context) -> Report {
    let mut catalog = Catalog::new(&context.tables);
    let mut report = Report::default();
    for (index, text) in statements.iter().enumerate() {
        let lexemes = lexeme::lexemes(text).unwrap_or_default();
        for part in parts(&lexemes) {
            let statement = read::statement(part);
            let subject = Subject::new(&statement, &catalog, context);
            report.findings.extend(run(&subject, index));
            catalog.apply(&statement);
        }
        if !is_parsed(text) {
            report.unread.push(index);
            report.findings.push(rules::unread::finding(index));
        }
    }
    report
}

/// Returns the rule about changes that copy a table, which a review measures on a server.
pub fn lock_impact() -> &'static Rule {
    &rules::lock_impact::RULE
}

/// Runs all rules on a statement.
fn run(subject: &Subject<'_>, index: usize) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in rules() {
        let mut notes = Notes::default();
        (rule.check)(subject, &mut notes);
        findings.extend(notes.into_iter().map(|(line, message)| Finding {
            rule: rule.id,
            severity: rule.severity,
            message,
            statement: index,
            line: Some(line),
        }));
    }
    findings
}

/// Splits at semicolons, so that nothing hides behind one. The body of a stored program stays whole.
fn parts(lexemes: &[Lexeme]) -> Vec<&[Lexeme]> {
    if matches!(read::statement(lexemes), Statement::Program(_)) {
        return vec![lexemes];
    }
    lexemes.split(|lexeme| lexeme.is_symbol(";")).filter(|part| !part.is_empty()).collect()
}

fn is_parsed(statement: &str) -> bool {
    Parser::parse_sql(&MySqlDialect {}, statement).is_ok()
}

#[cfg(test)]
mod tests;
