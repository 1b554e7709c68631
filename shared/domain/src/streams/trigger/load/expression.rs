//! Pure. Loads time expressions.

use super::node::{Finding, Node};
use crate::streams::timex::Expression;

/// Loads a time expression. `variables` are the ones that it may read; `None` accepts any.
pub(super) fn expression(node: Node, variables: Option<&[&str]>) -> Result<Expression, Finding> {
    let line = node.line;
    let text = node.string("a time expression")?;
    let invalid = |reason: String| Finding::new(line, format!("invalid time expression '{text}': {reason}"));
    let expression = Expression::parse(&text).map_err(|error| invalid(error.to_string()))?;
    if let Some(function) = expression.unknown_function() {
        return Err(invalid(format!("unknown function {function}: expected hour, day, month or year")));
    }
    if let Some(variables) = variables
        && let Some(unknown) = expression.variables().into_iter().find(|name| !variables.contains(name))
    {
        let known: Vec<String> = variables.iter().map(|name| format!("${name}")).collect();
        return Err(invalid(format!("unknown variable ${unknown}: expected {}", known.join(", "))));
    }
    Ok(expression)
}
