//! Pure. The qualified names of a statement, and where they stand.

use std::collections::BTreeSet;

use super::lexer::{Token, TokenKind};

/// Words after which the name of a table or of another object stands.
const BEFORE_OBJECT: &[&str] = &[
    "REFERENCES",
    "VIEW",
    "TRIGGER",
    "PROCEDURE",
    "FUNCTION",
    "EVENT",
    "SEQUENCE",
    "CALL",
    "TRUNCATE",
    "RENAME",
];
/// Words that can stand between one of the above and the name.
const BETWEEN: &[&str] = &[
    "ONLY",
    "LATERAL",
    "IGNORE",
    "DELAYED",
    "LOW_PRIORITY",
    "HIGH_PRIORITY",
    "QUICK",
    "IF",
    "NOT",
    "EXISTS",
    "TO",
    "AS",
    "TABLE",
    "INTO",
];
/// Words that end a list of tables.
const AFTER_TABLES: &[&str] = &[
    "WHERE",
    "SET",
    "GROUP",
    "ORDER",
    "HAVING",
    "LIMIT",
    "VALUES",
    "VALUE",
    "SELECT",
    "WINDOW",
    "UNION",
    "EXCEPT",
    "INTERSECT",
];
/// Functions whose argument is a sequence.
const OF_SEQUENCES: &[&str] = &["NEXTVAL", "LASTVAL", "SETVAL"];

/// A name of several parts, such as `a.b`, `a.b.c` or `a.*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The index of its first token.
    pub first: usize,
    /// How many names it has.
    pub parts: usize,
    /// Whether the last part is `*`.
    pub is_star: bool,
    /// Whether it stands where only a table or another object of a schema can stand.
    pub is_object: bool,
}

/// The qualified names of a statement, and the names that can qualify its columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// The qualified names, in order.
    pub found: Vec<Reference>,
    /// Tables, aliases and variables of the statement, in small letters.
    pub known: BTreeSet<String>,
}

/// Parentheses, or the statement itself.
#[derive(Clone, Copy, Debug, Default)]
struct Frame {
    /// Whether `FROM` is followed by tables here: it is not within `EXTRACT(… FROM …)`.
    selects: bool,
    /// Whether a comma is followed by another table.
    lists: bool,
    /// What a name stands for here.
    next: Next,
}

/// What the next name can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Next {
    /// A column, for example.
    #[default]
    Other,
    /// A table or another object of a schema.
    Object,
    /// An alias of the table before it.
    Alias,
}

/// Returns the qualified names of a statement, given its significant tokens.
pub fn references(tokens: &[Token<'_>]) -> References {
    let mut walk = Walk {
        tokens,
        at: 0,
        frames: Vec::new(),
        frame: Frame { selects: true, ..Frame::default() },
        indexes: is_of_index(tokens),
        references: References::default(),
    };
    walk.references.known.extend(["new".to_owned(), "old".to_owned()]);
    while walk.at < tokens.len() {
        walk.step();
    }
    walk.references
}

/// Whether the statement creates or drops an index, whose table stands after `ON`.
fn is_of_index(tokens: &[Token<'_>]) -> bool {
    tokens.first().is_some_and(|first| first.is_any(&["CREATE", "DROP"]))
        && tokens.iter().take(5).any(|token| token.is("INDEX"))
}

struct Walk<'t, 'a> {
    tokens: &'t [Token<'a>],
    at: usize,
    /// The frames around the current one.
    frames: Vec<Frame>,
    frame: Frame,
    /// Whether the next `ON` is followed by a table because the statement is about an index.
    indexes: bool,
    references: References,
}

impl<'a> Walk<'_, 'a> {
    fn token(&self, offset: isize) -> Option<&Token<'a>> {
        self.tokens.get(self.at.checked_add_signed(offset)?)
    }

    fn is_next(&self, symbol: &str) -> bool {
        self.token(1).is_some_and(|token| token.is_symbol(symbol))
    }

    fn is_after(&self, words: &[&str]) -> bool {
        self.token(-1).is_some_and(|token| token.is_any(words))
    }

    fn is_first_any(&self, words: &[&str]) -> bool {
        self.tokens[0].is_any(words)
    }

    fn step(&mut self) {
        let token = self.tokens[self.at];
        match token.kind {
            TokenKind::Word | TokenKind::Quoted if self.is_next(".") => return self.read_chain(),
            TokenKind::Word if self.read_keyword(&token) => {}
            TokenKind::Word | TokenKind::Quoted => self.read_name(&token),
            TokenKind::Symbol => self.read_symbol(&token),
            _ => self.frame.next = Next::Other,
        }
        self.at += 1;
    }

    /// Reads a name of several parts.
    fn read_chain(&mut self) {
        let first = self.at;
        let is_variable = self.token(-1).is_some_and(|before| before.is_symbol("@"));
        let (mut parts, mut is_star) = (1, false);
        while self.is_next(".") {
            let Some(part) = self.token(2) else { break };
            is_star = part.is_symbol("*");
            if part.name().is_none() && !is_star {
                break;
            }
            self.at += 2;
            parts += 1;
        }
        let last = self.tokens[self.at];
        self.at += 1;
        if parts == 1 || is_variable {
            return;
        }
        let is_object = self.frame.next == Next::Object;
        if is_object && !is_star {
            self.know(&last);
        }
        self.frame.next = if is_object { Next::Alias } else { Next::Other };
        self.references.found.push(Reference { first, parts, is_star, is_object });
    }

    /// Reads a name of one part.
    fn read_name(&mut self, token: &Token<'a>) {
        let is_variable = self.is_after(&["DECLARE"]) || self.is_loop_variable();
        if self.frame.next != Next::Other || self.is_after(&["AS"]) || is_variable {
            self.know(token);
        }
        self.frame.next = if self.frame.next == Next::Object { Next::Alias } else { Next::Other };
    }

    /// Whether the name is that of a row in `FOR row IN (…) DO`.
    fn is_loop_variable(&self) -> bool {
        self.is_after(&["FOR"]) && self.token(1).is_some_and(|after| after.is("IN"))
    }

    fn know(&mut self, token: &Token<'a>) {
        if let Some(name) = token.name() {
            self.references.known.insert(name.to_lowercase());
        }
    }

    fn read_symbol(&mut self, symbol: &Token<'a>) {
        match symbol.text {
            "(" => {
                let of_sequence = self.is_after(OF_SEQUENCES);
                let of_union = self.token(-1).is_some_and(|before| before.is_symbol("="))
                    && self.token(-2).is_some_and(|before| before.is("UNION"));
                let expects = self.frame.next == Next::Object || of_sequence || of_union;
                self.frames.push(self.frame);
                let next = if expects { Next::Object } else { Next::Other };
                self.frame = Frame { selects: false, lists: expects && !of_sequence, next };
            }
            ")" => {
                let outer = self.frames.pop().unwrap_or_default();
                self.frame = Frame { next: Next::Alias, ..outer };
            }
            "," => self.frame.next = if self.frame.lists { Next::Object } else { Next::Other },
            ";" => {
                self.frames.clear();
                self.frame = Frame { selects: true, ..Frame::default() };
            }
            // `ALTER TABLE t RENAME = u`
            "=" if self.is_after(&["RENAME"]) => {}
            _ => self.frame.next = Next::Other,
        }
    }

    /// Reads a keyword that tells what follows. Returns `false` for any other word.
    fn read_keyword(&mut self, word: &Token<'a>) -> bool {
        let is_call = self.is_next("(");
        if word.is_any(&["SELECT", "DELETE"]) {
            self.frame = Frame { selects: true, ..Frame::default() };
        } else if word.is("FROM") {
            self.expect(self.frame.selects, true);
        } else if word.is("UPDATE") {
            self.expect(!self.is_after(&["KEY", "FOR", "ON", "BEFORE", "AFTER"]), true);
        } else if word.is("USING") {
            self.expect(!is_call && self.frame.lists, true);
        } else if word.is_any(&["INSERT", "REPLACE"]) {
            self.expect(!is_call && !self.is_after(&["OR", "BEFORE", "AFTER"]), false);
        } else if word.is_any(&["TABLE", "TABLES"]) {
            self.expect(true, !self.is_first_any(&["CREATE", "ALTER"]));
        } else if word.is("TO") && self.is_first_any(&["RENAME"]) {
            self.expect(true, true);
        } else if word.is("ON") {
            self.read_on();
        } else if self.is_before_one_object(word) {
            self.expect(true, false);
        } else if word.is_any(&["JOIN", "STRAIGHT_JOIN"]) || (word.is_any(BEFORE_OBJECT) && !is_call) {
            self.expect(true, self.frame.lists);
        } else if word.is_any(AFTER_TABLES) {
            self.frame = Frame { lists: false, next: Next::Other, ..self.frame };
        } else {
            // A word between a keyword and the name, such as `IF EXISTS`.
            return self.frame.next == Next::Object && word.is_any(BETWEEN);
        }
        true
    }

    /// Whether one object follows: `CREATE TABLE t LIKE u`, `NEXT VALUE FOR s`, `DESCRIBE t`.
    fn is_before_one_object(&self, word: &Token<'a>) -> bool {
        (word.is("LIKE") && self.frame.next == Next::Alias && self.is_first_any(&["CREATE"]))
            || (word.is("FOR") && self.is_after(&["VALUE"]))
            || (word.is_any(&["DESC", "DESCRIBE"]) && self.at == 0)
    }

    fn read_on(&mut self) {
        let of_trigger = self.is_after(&["INSERT", "UPDATE", "DELETE"]);
        let of_privilege = self.is_first_any(&["GRANT", "REVOKE"]);
        let is_object = self.indexes || of_trigger || of_privilege;
        self.indexes = false;
        self.frame.next = if is_object { Next::Object } else { Next::Other };
    }

    /// Sets whether a table follows, and others after commas.
    fn expect(&mut self, expects: bool, lists: bool) {
        if expects {
            self.frame = Frame { lists, next: Next::Object, ..self.frame };
        } else {
            self.frame.next = Next::Other;
        }
    }
}
