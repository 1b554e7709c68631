//! Pure. Reads views, triggers, routines and events: their heads, and the UPDATE and DELETE of their bodies.

use crate::lint::lexeme::{Cursor, Kind, Lexeme};
use crate::lint::model::Name;

use super::write::{self, Write};

/// What a stored program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lint) enum ProgramKind {
    Procedure,
    Function,
    Trigger,
    Event,
    View,
}

impl ProgramKind {
    /// Returns the name for messages.
    pub(in crate::lint) fn name(self) -> &'static str {
        match self {
            Self::Procedure => "procedure",
            Self::Function => "function",
            Self::Trigger => "trigger",
            Self::Event => "event",
            Self::View => "view",
        }
    }
}

/// The head of a CREATE or ALTER of a stored program or a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::lint) struct Program {
    pub(in crate::lint) kind: ProgramKind,
    pub(in crate::lint) name: Name,
    /// The account of the DEFINER clause, unless it is `CURRENT_USER`.
    pub(in crate::lint) definer: Option<String>,
    /// The line of the DEFINER clause, or that of the name.
    pub(in crate::lint) line: usize,
    /// The UPDATE and DELETE statements in the body.
    pub(in crate::lint) writes: Vec<Write>,
}

const KINDS: [(&str, ProgramKind); 5] = [
    ("PROCEDURE", ProgramKind::Procedure),
    ("FUNCTION", ProgramKind::Function),
    ("TRIGGER", ProgramKind::Trigger),
    ("EVENT", ProgramKind::Event),
    ("VIEW", ProgramKind::View),
];

/// Reads the head of a program after CREATE or ALTER.
pub(super) fn program(mut cursor: Cursor<'_>) -> Option<Program> {
    let mut definer = None;
    let mut line = cursor.line();
    loop {
        if let Some((_, kind)) = KINDS.iter().find(|(word, _)| cursor.take(word)) {
            cursor.take("IF NOT EXISTS");
            let name = cursor.name()?;
            return Some(Program { kind: *kind, name, definer, line, writes: writes(cursor.rest()) });
        }
        if cursor.at("DEFINER") {
            line = cursor.line();
            cursor.advance();
            definer = account(&mut cursor);
        } else if cursor.take("ALGORITHM") {
            cursor.value();
        } else if cursor.take("SQL SECURITY") {
            cursor.advance();
        } else if !cursor.take("AGGREGATE") {
            return None;
        }
    }
}

/// Reads the account of a DEFINER clause. The tokenizer may join or split the parts of `user@host`.
fn account(cursor: &mut Cursor<'_>) -> Option<String> {
    cursor.symbol("=");
    let mut text = String::new();
    let is_end = |lexeme: &Lexeme| {
        let words = ["SQL", "AGGREGATE"].into_iter().chain(KINDS.iter().map(|(word, _)| *word));
        lexeme.kind == Kind::Word && words.into_iter().any(|word| lexeme.is_word(word))
    };
    while cursor.peek().is_some_and(|lexeme| !is_end(lexeme)) {
        text.extend(cursor.advance().map(|lexeme| lexeme.text.as_str()));
    }
    let is_current = text.to_ascii_uppercase().starts_with("CURRENT_USER");
    (!is_current && !text.is_empty()).then_some(text)
}

/// Words after which a statement can begin in a body.
const BEFORE_STATEMENTS: [&str; 7] = ["BEGIN", "THEN", "ELSE", "DO", "LOOP", "REPEAT", "ROW"];

/// Words of the characteristics before the body of a routine.
const CHARACTERISTICS: [&str; 5] = ["DETERMINISTIC", "DATA", "SQL", "DEFINER", "INVOKER"];

/// Returns the UPDATE and DELETE statements of a body.
fn writes(body: &[Lexeme]) -> Vec<Write> {
    let begins = |segment: &[Lexeme], index: usize| {
        let Some(before) = index.checked_sub(1).map(|before| &segment[before]) else { return true };
        let words = BEFORE_STATEMENTS.iter().chain(&CHARACTERISTICS);
        before.is_symbol(")") || words.into_iter().any(|word| before.is_word(word))
    };
    let segments = body.split(|lexeme| lexeme.is_symbol(";"));
    let found = segments.filter_map(|segment| {
        let mut positions = segment.iter().enumerate();
        let (start, _) = positions.find(|(index, lexeme)| {
            (lexeme.is_word("UPDATE") || lexeme.is_word("DELETE")) && begins(segment, *index)
        })?;
        write::write(Cursor::new(&segment[start..]))
    });
    found.collect()
}
