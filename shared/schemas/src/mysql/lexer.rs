//! Pure. Tokens of SQL text, as `MySQL` and `MariaDB` read it.
//!
//! Only the extents of tokens matter here: whether a character is inside of a string, a quoted name or a comment. Tokens
//! cover the whole text. A quote or a comment without an end reaches to the end of the text.

use std::borrow::Cow;
use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// White space.
    Space,
    /// A comment: `-- …`, `# …` or `/* … */`.
    Comment,
    /// The opening of a comment that the server executes: `/*!`, `/*!50003` or `/*M!100100`.
    ExecutableStart,
    /// The end of a comment that the server executes.
    ExecutableEnd,
    /// A string in single or double quotes.
    Text,
    /// A name in backticks.
    Quoted,
    /// A number with a fraction or an exponent, or of digits only.
    Number,
    /// A keyword or an unquoted name.
    Word,
    /// Any other character.
    Symbol,
}

/// A part of SQL text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Its text, with quotes.
    pub text: &'a str,
    /// Where it starts in the text, in bytes.
    pub start: usize,
}

impl<'a> Token<'a> {
    /// Returns the range of its bytes.
    pub fn span(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    /// Whether it is this keyword, in any case.
    pub fn is(&self, keyword: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    /// Whether it is one of these keywords, in any case.
    pub fn is_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is(keyword))
    }

    /// Whether it is this symbol.
    pub fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == TokenKind::Symbol && self.text == symbol
    }

    /// Whether it has a meaning: it is neither white space nor a comment, nor the mark of an executable comment.
    pub fn is_significant(&self) -> bool {
        !matches!(
            self.kind,
            TokenKind::Space | TokenKind::Comment | TokenKind::ExecutableStart | TokenKind::ExecutableEnd
        )
    }

    /// Returns the name that a quoted or unquoted identifier stands for.
    pub fn name(&self) -> Option<Cow<'a, str>> {
        match self.kind {
            TokenKind::Word => Some(Cow::Borrowed(self.text)),
            TokenKind::Quoted => {
                let inner = self.text.strip_prefix('`')?;
                let inner = inner.strip_suffix('`').unwrap_or(inner);
                Some(if inner.contains('`') {
                    Cow::Owned(inner.replace("``", "`"))
                } else {
                    Cow::Borrowed(inner)
                })
            }
            _ => None,
        }
    }
}

/// Returns all tokens of a text.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    Lexer::new(text).collect()
}

/// Returns the tokens of a text that have a meaning.
pub fn significant_tokens(text: &str) -> Vec<Token<'_>> {
    Lexer::new(text).filter(Token::is_significant).collect()
}

/// An iterator over the tokens of a text.
#[derive(Clone, Debug)]
pub struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// How many executable comments are open.
    open: usize,
}

impl<'a> Lexer<'a> {
    /// Returns the tokens of a text.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, open: 0 }
    }

    /// The text that is not read yet.
    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Where the next token starts, in bytes.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Whether an executable comment is open.
    pub fn is_in_executable(&self) -> bool {
        self.open > 0
    }

    /// Skips a number of bytes, which end at a character.
    pub fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Reads the next token, but not beyond this many bytes if it is a word.
    pub fn next_within(&mut self, limit: Option<usize>) -> Option<Token<'a>> {
        let rest = self.rest();
        let first = rest.chars().next()?;
        let (kind, mut length) = self.measure(rest, first);
        if let (TokenKind::Word | TokenKind::Number | TokenKind::Space, Some(limit)) = (kind, limit) {
            length = length.min(limit);
        }
        match kind {
            TokenKind::ExecutableStart => self.open += 1,
            TokenKind::ExecutableEnd => self.open -= 1,
            _ => {}
        }
        let token = Token { kind, text: &rest[..length], start: self.at };
        self.at += length;
        Some(token)
    }

    /// Returns the kind and the length of the token at the start of `rest`.
    fn measure(&self, rest: &str, first: char) -> (TokenKind, usize) {
        match first {
            _ if is_space(first) => (TokenKind::Space, rest.find(|c| !is_space(c)).unwrap_or(rest.len())),
            '#' => (TokenKind::Comment, line(rest)),
            '-' if is_dash_comment(rest) => (TokenKind::Comment, line(rest)),
            '/' if rest.starts_with("/*") => block(rest),
            '*' if self.is_in_executable() && rest.starts_with("*/") => (TokenKind::ExecutableEnd, 2),
            '\'' | '"' => (TokenKind::Text, quoted(rest, first, true)),
            '`' => (TokenKind::Quoted, quoted(rest, first, false)),
            _ if is_name(first) => word(rest),
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) && self.is_after_space() => {
                (TokenKind::Number, 1 + digits(&rest[1..]))
            }
            _ => (TokenKind::Symbol, first.len_utf8()),
        }
    }

    /// Whether no name ends here: `.5` is a number, and the end of `t.5x` is not.
    fn is_after_space(&self) -> bool {
        !self.text[..self.at].ends_with(|c: char| is_name(c) || c == '`')
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.next_within(None)
    }
}

/// Whether a character is white space to the server. Unicode has more, which are letters to it.
fn is_space(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\u{b}'
}

/// Whether a character can be in an unquoted name.
fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii()
}

/// The length of a line without its end.
fn line(rest: &str) -> usize {
    let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
    line.strip_suffix('\r').unwrap_or(line).len()
}

/// Whether `--` starts a comment here: it is followed by white space, a control character or the end.
fn is_dash_comment(rest: &str) -> bool {
    rest.strip_prefix("--")
        .is_some_and(|after| after.chars().next().is_none_or(|c| is_space(c) || c.is_ascii_control()))
}

/// Returns the kind and the length of a comment in `/* */`, or of the mark that opens an executable one.
fn block(rest: &str) -> (TokenKind, usize) {
    let after = &rest[2..];
    if let Some(version) = after.strip_prefix('!').or_else(|| after.strip_prefix("M!")) {
        let mark = rest.len() - version.len();
        return (TokenKind::ExecutableStart, mark + digits(version));
    }
    (TokenKind::Comment, after.find("*/").map_or(rest.len(), |end| end + 4))
}

/// The length of a quoted text. A doubled quote and, in strings, a character after a backslash do not end it.
fn quoted(rest: &str, quote: char, escapes: bool) -> usize {
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if escapes && c == '\\' {
            characters.next();
        } else if c == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return at + 1;
        }
    }
    rest.len()
}

fn digits(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())
}

/// Returns the kind and the length of a name, a keyword or a number.
fn word(rest: &str) -> (TokenKind, usize) {
    let length = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
    let whole = digits(rest);
    if whole == 0 {
        return (TokenKind::Word, length);
    }
    if whole < length {
        // `1e5` is a number, `1e` and `1a` are names.
        let exponent = rest[whole..length].strip_prefix(['e', 'E']);
        let is_number = exponent.is_some_and(|power| !power.is_empty() && digits(power) == power.len());
        return (if is_number { TokenKind::Number } else { TokenKind::Word }, length);
    }
    let Some(fraction) = rest[length..].strip_prefix('.') else { return (TokenKind::Number, length) };
    (TokenKind::Number, length + 1 + fraction.find(|c: char| !is_name(c)).unwrap_or(fraction.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::TokenKind::{Comment, ExecutableEnd, ExecutableStart, Number, Quoted, Symbol, Text, Word};
    use super::*;

    fn read(text: &str) -> Vec<(TokenKind, &str)> {
        tokens(text)
            .into_iter()
            .filter(|token| token.kind != TokenKind::Space)
            .map(|t| (t.kind, t.text))
            .collect()
    }

    #[test]
    fn quotes_end_where_the_server_ends_them() {
        for (text, first) in [
            (r"'it''s' x", "'it''s'"),
            (r"'it\'s' x", r"'it\'s'"),
            (r#""a\"b""c" x"#, r#""a\"b""c""#),
            (r"`a``b` x", "`a``b`"),
            (r"`a\` x", r"`a\`"),
            (r"'\\' x'", r"'\\'"),
            ("'open ; x", "'open ; x"),
            ("'é' x", "'é'"),
        ] {
            assert_eq!(tokens(text)[0].text, first, "{text}");
        }
    }

    #[test]
    fn comments_and_their_look_alikes_are_told_apart() {
        for (text, expected) in [
            ("-- a ' b\nc", vec![(Comment, "-- a ' b"), (Word, "c")]),
            ("--\nc", vec![(Comment, "--"), (Word, "c")]),
            ("1--1", vec![(Number, "1"), (Symbol, "-"), (Symbol, "-"), (Number, "1")]),
            ("# a ; b\nc", vec![(Comment, "# a ; b"), (Word, "c")]),
            ("/* a ' */b", vec![(Comment, "/* a ' */"), (Word, "b")]),
            ("/*/ a */b", vec![(Comment, "/*/ a */"), (Word, "b")]),
            ("/* open", vec![(Comment, "/* open")]),
            (
                "/*!50003 a '*/' */ b",
                vec![
                    (ExecutableStart, "/*!50003"),
                    (Word, "a"),
                    (Text, "'*/'"),
                    (ExecutableEnd, "*/"),
                    (Word, "b"),
                ],
            ),
            ("/*M!100100 a*/", vec![(ExecutableStart, "/*M!100100"), (Word, "a"), (ExecutableEnd, "*/")]),
            ("a */ b", vec![(Word, "a"), (Symbol, "*"), (Symbol, "/"), (Word, "b")]),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_not_qualified_names() {
        for (text, expected) in [
            ("1.5", vec![(Number, "1.5")]),
            ("1.5e3", vec![(Number, "1.5e3")]),
            (" .5", vec![(Number, ".5")]),
            ("1e5", vec![(Number, "1e5")]),
            ("t.5x", vec![(Word, "t"), (Symbol, "."), (Word, "5x")]),
            ("`t`.a", vec![(Quoted, "`t`"), (Symbol, "."), (Word, "a")]),
            ("1a.b", vec![(Word, "1a"), (Symbol, "."), (Word, "b")]),
            ("x$_é.b", vec![(Word, "x$_é"), (Symbol, "."), (Word, "b")]),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn names_lose_their_quotes() {
        for (text, name) in
            [("`a``b`", Some("a`b")), ("`a b`", Some("a b")), ("ab", Some("ab")), ("'ab'", None)]
        {
            assert_eq!(tokens(text)[0].name().as_deref(), name, "{text}");
        }
    }

    proptest! {
        #[test]
        fn tokens_cover_the_text(text in r#"([a-c1.;'"`\\#*/! -]|--|/\*|\*/|\n|é|/\*!5){0,40}"#) {
            let joined: String = tokens(&text).iter().map(|token| token.text).collect();
            prop_assert_eq!(joined, text);
        }
    }
}
