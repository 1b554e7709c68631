//! Pure. Lexemes of a statement, and a cursor over them.
//!
//! The tokenizer of `sqlparser` reads many statements that its parser does not, such as `CREATE TRIGGER`.

use sqlparser::dialect::MySqlDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::model::{Ident, Name};

/// The kind of a lexeme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or an identifier without quotes.
    Word,
    /// An identifier in backticks.
    Quoted,
    /// A string literal of any form.
    Text,
    /// A number without sign.
    Number,
    /// Punctuation or an operator.
    Symbol,
}

/// A word, literal or symbol of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lexeme {
    pub(super) kind: Kind,
    /// The value without quotes.
    pub(super) text: String,
    /// The line in the statement; the first is 1.
    pub(super) line: usize,
}

impl Lexeme {
    /// Whether this is the unquoted word `word`, in any case.
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether this is the symbol `symbol`.
    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }
}

/// Splits a statement into lexemes without comments. Returns `None` if a literal or comment does not end.
///
/// The contents of executable comments (`/*!50100 … */`) count as part of the statement.
pub(super) fn lexemes(statement: &str) -> Option<Vec<Lexeme>> {
    let dialect = MySqlDialect {};
    let tokens = Tokenizer::new(&dialect, statement).tokenize_with_location().ok()?;
    let lexemes = tokens.into_iter().filter_map(|token| {
        let line = usize::try_from(token.span.start.line).unwrap_or(1);
        let (kind, text) = classify(token.token)?;
        Some(Lexeme { kind, text, line })
    });
    Some(lexemes.collect())
}

/// Returns the kind and the value of a token, or `None` for white space and comments.
fn classify(token: Token) -> Option<(Kind, String)> {
    Some(match token {
        Token::Whitespace(_) | Token::EOF => return None,
        Token::Word(word) if word.quote_style.is_none() => (Kind::Word, word.value),
        Token::Word(word) => (Kind::Quoted, word.value),
        Token::Number(number, _) => (Kind::Number, number),
        Token::SingleQuotedString(text)
        | Token::DoubleQuotedString(text)
        | Token::SingleQuotedByteStringLiteral(text)
        | Token::DoubleQuotedByteStringLiteral(text)
        | Token::HexStringLiteral(text)
        | Token::NationalStringLiteral(text) => (Kind::Text, text),
        other => (Kind::Symbol, other.to_string()),
    })
}

/// A position in a list of lexemes. Copies are independent positions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [Lexeme],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(lexemes: &'a [Lexeme]) -> Self {
        Self { rest: lexemes }
    }

    /// Returns what has not been read.
    pub(super) fn rest(&self) -> &'a [Lexeme] {
        self.rest
    }

    /// Returns the next lexeme without reading it.
    pub(super) fn peek(&self) -> Option<&'a Lexeme> {
        self.rest.first()
    }

    /// Returns the line of the next lexeme, or 1 at the end.
    pub(super) fn line(&self) -> usize {
        self.peek().map_or(1, |lexeme| lexeme.line)
    }

    /// Reads the next lexeme.
    pub(super) fn advance(&mut self) -> Option<&'a Lexeme> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// Whether the next lexemes are these unquoted words, which spaces separate.
    pub(super) fn at(&self, words: &str) -> bool {
        let mut lexemes = self.rest.iter();
        words.split(' ').all(|word| lexemes.next().is_some_and(|lexeme| lexeme.is_word(word)))
    }

    /// Reads these words if all of them come next, and returns whether they do.
    pub(super) fn take(&mut self, words: &str) -> bool {
        let found = self.at(words);
        if found {
            self.rest = &self.rest[words.split(' ').count()..];
        }
        found
    }

    /// Reads the first of these alternatives that comes next, and returns whether there is one.
    pub(super) fn take_any(&mut self, alternatives: &[&str]) -> bool {
        alternatives.iter().any(|words| self.take(words))
    }

    /// Reads a symbol if it comes next, and returns whether it does.
    pub(super) fn symbol(&mut self, symbol: &str) -> bool {
        let found = self.peek().is_some_and(|lexeme| lexeme.is_symbol(symbol));
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    /// Reads an identifier. Reads nothing and returns `None` if there is none.
    pub(super) fn ident(&mut self) -> Option<Ident> {
        let lexeme = self.peek().filter(|lexeme| matches!(lexeme.kind, Kind::Word | Kind::Quoted))?;
        self.rest = &self.rest[1..];
        Some(Ident { text: lexeme.text.clone(), line: lexeme.line })
    }

    /// Reads an identifier with an optional schema before it.
    pub(super) fn name(&mut self) -> Option<Name> {
        let first = self.ident()?;
        if !self.symbol(".") {
            return Some(Name { schema: None, ident: first });
        }
        Some(Name { schema: Some(first.text), ident: self.ident()? })
    }

    /// Reads a group in parentheses and returns its contents. Reads nothing and returns `None` if no group comes
    /// next, or if it does not end.
    pub(super) fn group(&mut self) -> Option<&'a [Lexeme]> {
        self.peek().filter(|lexeme| lexeme.is_symbol("("))?;
        let mut depth = 0_usize;
        for (index, lexeme) in self.rest.iter().enumerate() {
            if lexeme.is_symbol("(") {
                depth += 1;
            } else if lexeme.is_symbol(")") {
                depth -= 1;
                if depth == 0 {
                    let contents = &self.rest[1..index];
                    self.rest = &self.rest[index + 1..];
                    return Some(contents);
                }
            }
        }
        None
    }

    /// Reads a value that may follow an equals sign: a word or a literal.
    pub(super) fn value(&mut self) -> Option<&'a str> {
        self.symbol("=");
        self.advance().map(|lexeme| lexeme.text.as_str())
    }

    /// Reads a lexeme, or a whole group if one comes next.
    pub(super) fn skip(&mut self) {
        if self.group().is_none() {
            self.advance();
        }
    }
}

/// Splits lexemes at the commas outside of parentheses. No lexemes are one empty part.
pub(super) fn split_commas(lexemes: &[Lexeme]) -> Vec<&[Lexeme]> {
    split_outside(lexemes, |lexeme| lexeme.is_symbol(","))
}

/// Splits lexemes at the separators outside of parentheses.
pub(super) fn split_outside(lexemes: &[Lexeme], separates: impl Fn(&Lexeme) -> bool) -> Vec<&[Lexeme]> {
    let mut depth = 0_usize;
    let outside = lexemes.split(|lexeme| {
        if lexeme.is_symbol("(") {
            depth += 1;
        } else if lexeme.is_symbol(")") {
            depth = depth.saturating_sub(1);
        }
        depth == 0 && separates(lexeme)
    });
    outside.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(statement: &str) -> Vec<String> {
        lexemes(statement).unwrap().into_iter().map(|lexeme| lexeme.text).collect()
    }

    #[test]
    fn comments_are_left_out_and_executable_comments_are_read() {
        let statement = "ALTER -- why\n TABLE /* which */ t # end\n /*!50100 ENGINE = 'x' */";
        assert_eq!(texts(statement), ["ALTER", "TABLE", "t", "ENGINE", "=", "x"]);
    }

    #[test]
    fn unterminated_literals_have_no_lexemes() {
        assert_eq!(lexemes("SELECT 'open"), None);
        assert_eq!(lexemes("SELECT 1 /* open"), None);
    }

    #[test]
    fn groups_end_at_their_own_parenthesis() {
        let lexemes = lexemes("(a (b) c) d").unwrap();
        let mut cursor = Cursor::new(&lexemes);
        assert_eq!(cursor.group().unwrap().len(), 5);
        assert_eq!(cursor.rest().len(), 1);
        assert_eq!(Cursor::new(&lexemes[..4]).group(), None);
    }

    #[test]
    fn commas_in_groups_do_not_split() {
        let lexemes = lexemes("a int, b decimal(5, 2),").unwrap();
        let lengths: Vec<usize> = split_commas(&lexemes).iter().map(|part| part.len()).collect();
        assert_eq!(lengths, [2, 7, 0]);
    }
}
