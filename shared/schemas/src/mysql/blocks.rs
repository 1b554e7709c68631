//! Pure. Nesting of blocks in stored programs, whose semicolons do not end the statement that creates the program.

use super::lexer::{Token, TokenKind};

/// Objects whose definitions can contain blocks.
const PROGRAMS: &[&str] = &["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"];
/// Words between `CREATE` and the kind of a program.
const MODIFIERS: &[&str] = &["OR", "REPLACE", "AGGREGATE", "DEFINER", "CURRENT_USER", "CURRENT_ROLE"];
/// Words that open a block at the start of a statement of a stored program, besides `BEGIN` and `CASE`.
const OPENERS: &[&str] = &["IF", "LOOP", "WHILE", "REPEAT", "FOR"];
/// Words after which another statement of a block starts.
const BEFORE_STATEMENT: &[&str] = &["BEGIN", "THEN", "ELSE", "DO", "LOOP", "REPEAT", "ATOMIC"];
/// Words that can be the last ones before the body of a program.
const BEFORE_BODY: &[&str] = &["ROW", "DO", "DETERMINISTIC", "SQL", "DATA", "DEFINER", "INVOKER", "ATOMIC"];

/// Whether the tokens of a statement can open blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Form {
    /// No token was read.
    #[default]
    Empty,
    /// `CREATE` or `ALTER` was read, and not yet of which kind of object.
    Header,
    /// `BEGIN` was read: of a transaction, or of a block without a program (`BEGIN NOT ATOMIC`).
    Begin,
    /// A word was read that can be the label of a block without a program.
    Label,
    /// A statement without blocks.
    Plain,
    /// A stored program, or a block without one.
    Program,
}

/// A construct that an `END` closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    /// A block of statements.
    Statements,
    /// `CASE … END` within an expression.
    Expression,
}

/// The open blocks of one statement, token by token. The default is the state before its first token.
#[derive(Debug, Default)]
pub struct Blocks {
    form: Form,
    open: Vec<Block>,
    /// The last significant token, and the one before.
    previous: [Option<Last>; 2],
    /// Whether the current statement of a block is `DECLARE`, whose handlers are statements.
    in_declaration: bool,
    /// Whether the condition of a `REPEAT` is read, which has no semicolon before `END`.
    in_condition: bool,
}

/// What the rules need of a token that was read.
#[derive(Clone, Copy, Debug)]
struct Last {
    kind: TokenKind,
    /// The keyword in capitals, or the symbol. Empty for tokens that are neither, and for words that matter nowhere.
    text: &'static str,
}

/// Words and symbols that matter when they stand before another token.
const REMEMBERED: &[&str] = &[
    "BEGIN",
    "THEN",
    "ELSE",
    "DO",
    "LOOP",
    "REPEAT",
    "ATOMIC",
    "ROW",
    "DETERMINISTIC",
    "SQL",
    "DATA",
    "DEFINER",
    "INVOKER",
    "RETURNS",
    "FOLLOWS",
    "PRECEDES",
    "END",
    "PROCEDURE",
    "FUNCTION",
    "TRIGGER",
    "EVENT",
    "EXISTS",
    "ON",
    ";",
    ":",
    ")",
    "(",
    ",",
    ".",
    "@",
    "=",
];

impl Last {
    fn of(token: &Token<'_>) -> Self {
        let text = REMEMBERED.iter().find(|word| token.text.eq_ignore_ascii_case(word)).copied();
        Self { kind: token.kind, text: text.unwrap_or_default() }
    }

    fn is_any(self, words: &[&str]) -> bool {
        words.contains(&self.text)
    }
}

impl Blocks {
    /// Whether a semicolon does not end the statement here.
    pub fn are_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether the statement creates a stored program, or is a block without one.
    pub fn is_program(&self) -> bool {
        self.form == Form::Program
    }

    /// Reads the next significant token of the statement.
    pub fn read(&mut self, token: &Token<'_>) {
        match self.form {
            Form::Empty => self.read_first(token),
            Form::Header => self.read_header(token),
            Form::Begin | Form::Label => self.read_second(token),
            Form::Program => self.read_program(token),
            Form::Plain => {}
        }
        self.previous = [Some(Last::of(token)), self.previous[0]];
    }

    fn read_first(&mut self, token: &Token<'_>) {
        self.form = match token.kind {
            TokenKind::Word if token.is_any(&["CREATE", "ALTER"]) => Form::Header,
            TokenKind::Word if token.is("BEGIN") => Form::Begin,
            TokenKind::Word if token.is("CASE") || token.is_any(OPENERS) => {
                self.open.push(Block::Statements);
                Form::Program
            }
            TokenKind::Word | TokenKind::Quoted => Form::Label,
            _ => Form::Plain,
        };
    }

    fn read_header(&mut self, token: &Token<'_>) {
        // The user after `DEFINER =` may have the name of a kind of object.
        if token.kind != TokenKind::Word || self.is_after(&["=", "@"]) {
            return;
        }
        if token.is_any(PROGRAMS) {
            self.form = Form::Program;
        } else if !token.is_any(MODIFIERS) {
            self.form = Form::Plain;
        }
    }

    fn read_second(&mut self, token: &Token<'_>) {
        self.form = match self.form {
            Form::Begin if token.is("NOT") => {
                self.open.push(Block::Statements);
                Form::Program
            }
            Form::Label if token.is_symbol(":") => Form::Program,
            _ => Form::Plain,
        };
    }

    fn read_program(&mut self, token: &Token<'_>) {
        if token.is_symbol(";") {
            self.in_declaration = false;
        }
        if token.kind != TokenKind::Word || self.is_after(&[".", "@"]) {
            return;
        }
        let starts = self.is_start();
        if token.is("END") {
            self.read_end(starts);
        } else if token.is("CASE") {
            if !self.is_after(&["END"]) {
                self.open.push(if starts { Block::Statements } else { Block::Expression });
            }
        } else if token.is("BEGIN") {
            if starts || self.in_declaration || self.is_body() {
                self.open.push(Block::Statements);
                self.in_declaration = false;
            }
        } else if starts {
            self.in_declaration = token.is("DECLARE");
            self.in_condition = token.is("UNTIL");
            if token.is_any(OPENERS) {
                self.open.push(Block::Statements);
            }
        }
    }

    fn read_end(&mut self, starts: bool) {
        let closes = starts || self.in_condition || self.open.last() == Some(&Block::Expression);
        if closes && self.open.pop() == Some(Block::Statements) {
            self.in_condition = false;
        }
    }

    /// Whether a statement of the program starts here.
    fn is_start(&self) -> bool {
        match self.open.last() {
            Some(Block::Expression) => false,
            Some(Block::Statements) => self.is_after(BEFORE_STATEMENT) || self.is_after(&[";", ":"]),
            None => {
                let ends_header = self.previous[0].is_some_and(|last| last.kind == TokenKind::Text);
                let names_before =
                    self.previous[1].is_some_and(|last| last.is_any(&["RETURNS", "FOLLOWS", "PRECEDES"]));
                ends_header || names_before || self.is_after(BEFORE_BODY) || self.is_after(&[")", ":"])
            }
        }
    }

    /// Whether `BEGIN` opens the body of the program here, after characteristics that are not all listed.
    fn is_body(&self) -> bool {
        self.open.is_empty() && !self.is_after(PROGRAMS) && !self.is_after(&["EXISTS", "ON", "(", ",", "="])
    }

    fn is_after(&self, words: &[&str]) -> bool {
        self.previous[0].is_some_and(|last| last.is_any(words))
    }
}
