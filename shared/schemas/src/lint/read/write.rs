//! Pure. Reads which rows an UPDATE or DELETE changes.

use crate::lint::lexeme::{Cursor, Kind, Lexeme, split_outside};

/// How a statement selects the rows that it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lint) enum Filter {
    /// No WHERE.
    Absent,
    /// A WHERE that is true for every row, such as `WHERE 1`.
    AlwaysTrue,
    /// A WHERE, or inner joins with conditions.
    Present,
}

/// An UPDATE or DELETE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::lint) struct Write {
    /// `UPDATE` or `DELETE`.
    pub(in crate::lint) verb: &'static str,
    pub(in crate::lint) filter: Filter,
    pub(in crate::lint) line: usize,
}

/// Reads an UPDATE or DELETE, which common table expressions may precede.
pub(super) fn write(mut cursor: Cursor<'_>) -> Option<Write> {
    if cursor.take("WITH") {
        while cursor.peek().is_some() && !cursor.at("UPDATE") && !cursor.at("DELETE") && !cursor.at("SELECT")
        {
            cursor.skip();
        }
    }
    let line = cursor.line();
    let verb = ["UPDATE", "DELETE"].into_iter().find(|verb| cursor.take(verb))?;
    Some(Write { verb, filter: filter(cursor), line })
}

fn filter(mut cursor: Cursor<'_>) -> Filter {
    let mut has_condition = false;
    let mut has_outer_join = false;
    while cursor.peek().is_some() {
        if cursor.take("WHERE") {
            return where_clause(cursor.rest());
        }
        if cursor.take_any(&["LEFT", "RIGHT", "NATURAL", "CROSS"]) {
            has_outer_join = true;
        } else if cursor.take_any(&["JOIN", "STRAIGHT_JOIN"]) {
            has_condition |= join_has_condition(cursor);
        } else {
            cursor.skip();
        }
    }
    if has_condition && !has_outer_join { Filter::Present } else { Filter::Absent }
}

/// Whether a join has ON or USING before the next join or the assignments.
fn join_has_condition(mut cursor: Cursor<'_>) -> bool {
    while cursor.peek().is_some() && !cursor.at("SET") && !cursor.at("JOIN") {
        if cursor.take_any(&["ON", "USING"]) {
            return true;
        }
        cursor.skip();
    }
    false
}

fn where_clause(lexemes: &[Lexeme]) -> Filter {
    let ends = |lexeme: &Lexeme| ["ORDER", "LIMIT", "RETURNING"].iter().any(|word| lexeme.is_word(word));
    let condition = split_outside(lexemes, ends)[0];
    if is_always_true(condition) { Filter::AlwaysTrue } else { Filter::Present }
}

/// Whether a condition is true for every row, as far as constants and comparisons of a value with itself show.
fn is_always_true(condition: &[Lexeme]) -> bool {
    let is_or = |lexeme: &Lexeme| lexeme.is_word("OR") || lexeme.is_symbol("||");
    let is_and = |lexeme: &Lexeme| lexeme.is_word("AND") || lexeme.is_symbol("&&");
    let alternatives = split_outside(condition, is_or);
    if alternatives.len() > 1 {
        return alternatives.into_iter().any(is_always_true);
    }
    let parts = split_outside(condition, is_and);
    // The AND of a BETWEEN splits a comparison into two halves, and the second can be a constant.
    if parts.len() > 1 {
        return parts.into_iter().all(is_always_true);
    }
    let mut cursor = Cursor::new(condition);
    if let Some(group) = cursor.group()
        && cursor.rest().is_empty()
    {
        return is_always_true(group);
    }
    match condition {
        [constant] => is_constant(constant, true),
        [not, constant] if not.is_word("NOT") || not.is_symbol("!") => is_constant(constant, false),
        _ => {
            let sides = split_outside(condition, |lexeme| lexeme.is_symbol("=") || lexeme.is_symbol("<=>"));
            let same = |one: &[Lexeme], other: &[Lexeme]| {
                let texts =
                    |side: &[Lexeme]| side.iter().map(|l| (l.kind, l.text.clone())).collect::<Vec<_>>();
                !one.is_empty() && texts(one) == texts(other)
            };
            matches!(sides[..], [one, other] if same(one, other))
        }
    }
}

/// Whether a lexeme is a constant that counts as `truth`.
fn is_constant(lexeme: &Lexeme, truth: bool) -> bool {
    match lexeme.kind {
        Kind::Word => lexeme.is_word(if truth { "TRUE" } else { "FALSE" }),
        Kind::Number => lexeme.text.parse::<f64>().is_ok_and(|number| (number != 0.0) == truth),
        _ => false,
    }
}
