//! Pure. The schemas that a statement names, found without a grammar.
//!
//! A changeset belongs to one schema, and its review runs in a schema of another name. Therefore its statements may not
//! name schemas. In `a.b`, `a` is a schema if the name stands where only a table or a routine can stand, and otherwise if
//! it is neither a table nor an alias of the statement. In doubt a name counts as a schema.
//!
//! Statements that a program composes at run time (`PREPARE`, `EXECUTE IMMEDIATE`) are not seen.

use std::collections::BTreeSet;
use std::ops::Range;

use super::lexer::{Token, significant_tokens};
use super::references::{Reference, References, references};
use super::statements::split;

/// Words that follow `ALTER DATABASE` if it names no schema and changes the current one.
const OPTIONS: &[&str] = &["DEFAULT", "CHARACTER", "CHARSET", "COLLATE", "COMMENT", "ENCRYPTION", "READ"];

/// A schema before the name of one of its objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qualifier {
    /// The schema.
    pub schema: String,
    /// The bytes of the schema and of the dot after it.
    pub span: Range<usize>,
}

/// Returns the schemas that statements name, each once: as qualifiers, in `USE`, and in `CREATE`, `ALTER` and `DROP
/// DATABASE`.
pub fn other_schemas(sql: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut schemas = Vec::new();
    for statement in split(sql) {
        let tokens = significant_tokens(statement);
        let qualifiers = qualifiers_of(&tokens).into_iter().map(|qualifier| qualifier.schema);
        for schema in direct(&tokens).into_iter().chain(qualifiers) {
            if seen.insert(schema.clone()) {
                schemas.push(schema);
            }
        }
    }
    schemas
}

/// Returns the schemas that qualify names of one statement, in order.
pub fn qualifiers(statement: &str) -> Vec<Qualifier> {
    qualifiers_of(&significant_tokens(statement))
}

/// Returns a statement without this schema before names.
pub fn without_schema(statement: &str, schema: &str) -> String {
    let mut text = String::with_capacity(statement.len());
    let mut from = 0;
    for qualifier in qualifiers(statement).into_iter().filter(|qualifier| qualifier.schema == schema) {
        text.push_str(&statement[from..qualifier.span.start]);
        from = qualifier.span.end;
    }
    text.push_str(&statement[from..]);
    text
}

fn qualifiers_of(tokens: &[Token<'_>]) -> Vec<Qualifier> {
    if tokens.is_empty() {
        return Vec::new();
    }
    let references = references(tokens);
    let qualified = references.found.iter().filter(|reference| has_schema(reference, &references, tokens));
    qualified
        .filter_map(|reference| {
            let (first, dot) = (tokens.get(reference.first)?, tokens.get(reference.first + 1)?);
            Some(Qualifier { schema: first.name()?.into_owned(), span: first.start..dot.span().end })
        })
        .collect()
}

fn has_schema(reference: &Reference, references: &References, tokens: &[Token<'_>]) -> bool {
    let first = &tokens[reference.first];
    let is_known = first.name().is_some_and(|name| references.known.contains(&name.to_lowercase()));
    let after = tokens.get(reference.first + 2 * reference.parts - 1);
    match reference.parts {
        2 if reference.is_star => !is_known,
        2 => reference.is_object || !is_known || after.is_some_and(|after| after.is_symbol("(")),
        _ => true,
    }
}

/// The schemas that stand by themselves in statements about schemas.
fn direct(tokens: &[Token<'_>]) -> Vec<String> {
    let mut schemas = Vec::new();
    if let [first, name, ..] = tokens
        && first.is("USE")
    {
        schemas.extend(name.name());
    }
    for at in 0..tokens.len() {
        if !tokens[at].is_any(&["CREATE", "ALTER", "DROP"]) {
            continue;
        }
        let mut after = tokens[at + 1..].iter().skip_while(|token| token.is_any(&["OR", "REPLACE"]));
        if !after.next().is_some_and(|token| token.is_any(&["DATABASE", "SCHEMA"])) {
            continue;
        }
        let name = after.find(|token| !token.is_any(&["IF", "NOT", "EXISTS"]));
        schemas.extend(name.filter(|name| !name.is_any(OPTIONS)).and_then(Token::name));
    }
    schemas.into_iter().map(std::borrow::Cow::into_owned).collect()
}

#[cfg(test)]
mod tests;
