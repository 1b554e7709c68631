//! Pure. Glob patterns for event types: `*`, `?`, `[ab]`, `[!ab]`, and a leading `!` for exclusions.

/// A list of case-sensitive patterns. Exclusions win over inclusions, in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Globs {
    included: Vec<Glob>,
    excluded: Vec<Glob>,
}

/// A pattern without its leading `!`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Glob(Vec<Token>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// This character.
    Literal(char),
    /// `?`: any one character.
    AnyChar,
    /// `*`: any text, including the empty text.
    AnyText,
    /// `[a-z]`, or `[!a-z]` if `negated`.
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl Globs {
    /// Parses patterns. Every text is a valid pattern: an unclosed `[` is a literal.
    ///
    /// A list of exclusions matches everything else. An empty list matches nothing.
    pub fn parse<T: AsRef<str>>(patterns: &[T]) -> Self {
        let (mut included, mut excluded) = (Vec::new(), Vec::new());
        for pattern in patterns.iter().map(AsRef::as_ref) {
            match pattern.strip_prefix('!') {
                Some(pattern) => excluded.push(Glob::parse(pattern)),
                None => included.push(Glob::parse(pattern)),
            }
        }
        if included.is_empty() && !excluded.is_empty() {
            included.push(Glob(vec![Token::AnyText]));
        }
        Self { included, excluded }
    }

    /// Whether the whole text matches an inclusion and no exclusion.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let any = |globs: &[Glob]| globs.iter().any(|glob| matches(&glob.0, &text));
        any(&self.included) && !any(&self.excluded)
    }
}

impl Glob {
    fn parse(pattern: &str) -> Self {
        let characters: Vec<char> = pattern.chars().collect();
        let mut tokens = Vec::new();
        let mut rest = characters.as_slice();
        while let [first, after @ ..] = rest {
            rest = after;
            match first {
                '?' => tokens.push(Token::AnyChar),
                '*' if tokens.last() == Some(&Token::AnyText) => {}
                '*' => tokens.push(Token::AnyText),
                '[' => match class(after) {
                    Some((token, after)) => {
                        tokens.push(token);
                        rest = after;
                    }
                    None => tokens.push(Token::Literal('[')),
                },
                other => tokens.push(Token::Literal(*other)),
            }
        }
        Self(tokens)
    }
}

/// Parses a character class after its `[`. As in a shell, a `]` in the first position is a member.
fn class(text: &[char]) -> Option<(Token, &[char])> {
    let (negated, text) = match text {
        ['!', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let end = 1 + text.iter().skip(1).position(|character| *character == ']')?;
    let mut ranges = Vec::new();
    let mut members = &text[..end];
    while !members.is_empty() {
        members = match members {
            [from, '-', to, rest @ ..] => {
                ranges.push((*from, *to));
                rest
            }
            [one, rest @ ..] => {
                ranges.push((*one, *one));
                rest
            }
            [] => &[],
        };
    }
    Some((Token::Class { negated, ranges }, &text[end + 1..]))
}

/// Whether the tokens match the whole text. A mismatch backtracks to the last `*` only, which bounds the time by the
/// product of the lengths.
fn matches(tokens: &[Token], text: &[char]) -> bool {
    let (mut token, mut at) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        let fits = match tokens.get(token) {
            Some(Token::AnyText) => {
                retry = Some((token, at));
                token += 1;
                continue;
            }
            Some(Token::Literal(character)) => *character == text[at],
            Some(Token::AnyChar) => true,
            Some(Token::Class { negated, ranges }) => {
                ranges.iter().any(|(from, to)| (*from..=*to).contains(&text[at])) != *negated
            }
            None => false,
        };
        if fits {
            (token, at) = (token + 1, at + 1);
        } else if let Some((star, from)) = retry {
            (token, at) = (star + 1, from + 1);
            retry = Some((star, from + 1));
        } else {
            return false;
        }
    }
    tokens[token..].iter().all(|token| *token == Token::AnyText)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn patterns_match_the_whole_text_and_are_case_sensitive() {
        for (pattern, text, expected) in [
            ("compute.*", "compute.instance.exists", true),
            ("COMPUTE.*", "compute.instance.exists", false),
            ("compute", "compute.instance.exists", false),
            ("compute.instance.exist?", "compute.instance.exists", true),
            ("compute.instance.exist?", "compute.instance.exist", false),
            ("compute.instance.[!a]*", "compute.instance.exists", true),
            ("compute.instance.[!e]*", "compute.instance.exists", false),
            ("[a-c]x", "bx", true),
            ("[a-c]x", "dx", false),
            ("[]]", "]", true),
            ("[!]]", "]", false),
            ("[a-]", "-", true),
            ("[", "[", true),
            ("[ab", "[ab", true),
            ("*.end", "compute.instance.create.end", true),
            ("*.end", "compute.instance.create.end.x", false),
            ("a*b*c", "a-b-b-c", true),
            ("**", "", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(Globs::parse(&[pattern]).matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn exclusions_win_in_any_position() {
        let exists = "compute.instance.exists";
        for (patterns, expected) in [
            (&["!compute.instance.exists"][..], false),
            (&["!compute.instance.update"], true),
            (&["compute.instance.*", "!compute.instance.exists"], false),
            (&["!compute.instance.exists.*", "compute.instance.*"], true),
            (&["!image.*", "image.*"], false),
            (&[], false),
        ] {
            assert_eq!(Globs::parse(patterns).matches(exists), expected, "{patterns:?}");
        }
    }

    proptest! {
        #[test]
        fn parsing_and_matching_never_panic(pattern in "[a-c*?!\\[\\]-]{0,12}", text in "[a-c]{0,12}") {
            let _ = Globs::parse(&[pattern]).matches(&text);
        }

        #[test]
        fn text_between_stars_matches_anywhere(before in "[a-c]{0,8}", text in "[a-c]{0,8}", after in "[a-c]{0,8}") {
            let globs = Globs::parse(&[format!("*{text}*")]);
            let whole = format!("{before}{text}{after}");
            prop_assert!(globs.matches(&whole), "{} in {}", text, whole);
        }

        #[test]
        fn text_without_special_characters_matches_only_itself(one in "[a-c.]{0,8}", other in "[a-c.]{0,8}") {
            prop_assert_eq!(Globs::parse(&[&one]).matches(&other), one == other);
        }
    }
}
