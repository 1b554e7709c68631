//! Pure. Splits SQL text into statements.
//!
//! ```text
//! CREATE TABLE t (a int); -- a comment      1  CREATE TABLE t (a int)
//! DELIMITER //                              2  -- a comment
//! CREATE TRIGGER … BEGIN …; END//              CREATE TRIGGER … BEGIN …; END
//! DELIMITER ;
//! INSERT INTO t VALUES (';');               3  INSERT INTO t VALUES (';')
//! ```
//!
//! A semicolon ends a statement unless it is in a string, a quoted name, a comment or a block of a stored program.
//! `DELIMITER` lines, which are commands of the `mysql` program and not of the server, are obeyed and left out. The
//! stored programs of `sql_mode=ORACLE` need such lines.

use super::blocks::Blocks;
use super::lexer::{Lexer, Token, TokenKind};

/// The delimiter of a text without `DELIMITER` lines.
const SEMICOLON: &str = ";";

/// Returns the statements of a text without delimiters, in order. Comments belong to the statement after them, or to the
/// one that they are in. A text of comments only has no statement.
pub fn split(sql: &str) -> Vec<&str> {
    let mut splitter = Splitter {
        sql,
        lexer: Lexer::new(sql),
        delimiter: SEMICOLON,
        extent: None,
        has_meaning: false,
        blocks: Blocks::default(),
        statements: Vec::new(),
    };
    while splitter.step() {}
    splitter.statements
}

struct Splitter<'a> {
    sql: &'a str,
    lexer: Lexer<'a>,
    delimiter: &'a str,
    /// The start and the end of the current statement, without the space around it.
    extent: Option<(usize, usize)>,
    /// Whether the current statement has more than comments.
    has_meaning: bool,
    blocks: Blocks,
    statements: Vec<&'a str>,
}

impl<'a> Splitter<'a> {
    /// Reads a delimiter or a token. Returns whether there was one.
    fn step(&mut self) -> bool {
        if self.is_at_delimiter() {
            self.lexer.advance(self.delimiter.len());
            self.finish();
            return true;
        }
        let custom = self.delimiter != SEMICOLON;
        let limit = custom.then(|| self.lexer.rest().find(self.delimiter)).flatten();
        let Some(token) = self.lexer.next_within(limit) else {
            self.finish();
            return false;
        };
        if token.is("DELIMITER") && !self.has_meaning && self.change_delimiter() {
            return true;
        }
        self.add(&token);
        true
    }

    fn is_at_delimiter(&self) -> bool {
        let splits = self.delimiter != SEMICOLON || !self.blocks.are_open();
        splits && !self.lexer.is_in_executable() && self.lexer.rest().starts_with(self.delimiter)
    }

    fn add(&mut self, token: &Token<'a>) {
        if token.kind == TokenKind::Space {
            return;
        }
        let span = token.span();
        self.extent = Some((self.extent.map_or(span.start, |(start, _)| start), span.end));
        if token.is_significant() {
            self.blocks.read(token);
        }
        self.has_meaning |= token.is_significant() || token.kind == TokenKind::ExecutableStart;
    }

    /// Reads the rest of a `DELIMITER` line. Returns `false` if it names no delimiter.
    fn change_delimiter(&mut self) -> bool {
        let rest = self.lexer.rest();
        let line = rest.lines().next().unwrap_or_default();
        let Some(delimiter) = line.split_whitespace().next() else { return false };
        self.delimiter = delimiter;
        self.lexer.advance(line.len());
        self.extent = None;
        true
    }

    fn finish(&mut self) {
        if let Some((start, end)) = self.extent.take()
            && self.has_meaning
        {
            self.statements.push(&self.sql[start..end]);
        }
        self.has_meaning = false;
        self.blocks = Blocks::default();
    }
}

#[cfg(test)]
mod tests;
