//! Pure. Patterns of event types: `*`, `?`, `[ab]`, `[!ab]`, and `!` before a pattern that excludes.

/// A list of patterns. Case counts and the order does not; an exclusion wins over every inclusion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Globs {
    included: Vec<Glob>,
    excluded: Vec<Glob>,
}

/// One pattern, without the `!`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Glob(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// This character.
    One(char),
    /// `?`: any one character.
    Any,
    /// `*`: any text, the empty one too.
    Run,
    /// `[a-z]`, or `[!a-z]` when not `wanted`.
    Set { wanted: bool, ranges: Vec<(char, char)> },
}

impl Globs {
    /// Reads patterns. Every text is a pattern: a `[` that nothing closes stands for itself.
    ///
    /// A list of exclusions alone matches everything else; an empty list matches nothing.
    pub fn parse<T: AsRef<str>>(patterns: &[T]) -> Self {
        let (mut included, mut excluded) = (Vec::new(), Vec::new());
        for pattern in patterns.iter().map(AsRef::as_ref) {
            match pattern.strip_prefix('!') {
                Some(pattern) => excluded.push(Glob::parse(pattern)),
                None => included.push(Glob::parse(pattern)),
            }
        }
        if included.is_empty() && !excluded.is_empty() {
            included.push(Glob(vec![Piece::Run]));
        }
        Self { included, excluded }
    }

    /// Whether the whole of `text` matches some inclusion and no exclusion.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let any = |globs: &[Glob]| globs.iter().any(|glob| matches(&glob.0, &text));
        any(&self.included) && !any(&self.excluded)
    }
}

impl Glob {
    fn parse(pattern: &str) -> Self {
        let characters: Vec<char> = pattern.chars().collect();
        let mut pieces = Vec::new();
        let mut rest = characters.as_slice();
        while let [first, after @ ..] = rest {
            rest = after;
            match first {
                '?' => pieces.push(Piece::Any),
                '*' if pieces.last() == Some(&Piece::Run) => {}
                '*' => pieces.push(Piece::Run),
                '[' => match set(after) {
                    Some((piece, after)) => {
                        pieces.push(piece);
                        rest = after;
                    }
                    None => pieces.push(Piece::One('[')),
                },
                other => pieces.push(Piece::One(*other)),
            }
        }
        Self(pieces)
    }
}

/// Reads what follows a `[`: a `]` that stands first is a member, as in a shell.
fn set(text: &[char]) -> Option<(Piece, &[char])> {
    let (wanted, text) = match text {
        ['!', rest @ ..] => (false, rest),
        _ => (true, text),
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
    Some((Piece::Set { wanted, ranges }, &text[end + 1..]))
}

/// Whether the pieces cover the whole text. On a mismatch only the last `*` takes one character more, so that no
/// pattern takes longer than its length times the text's.
fn matches(pieces: &[Piece], text: &[char]) -> bool {
    let (mut piece, mut at) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        let fits = match pieces.get(piece) {
            Some(Piece::Run) => {
                retry = Some((piece, at));
                piece += 1;
                continue;
            }
            Some(Piece::One(character)) => *character == text[at],
            Some(Piece::Any) => true,
            Some(Piece::Set { wanted, ranges }) => {
                ranges.iter().any(|(from, to)| (*from..=*to).contains(&text[at])) == *wanted
            }
            None => false,
        };
        if fits {
            (piece, at) = (piece + 1, at + 1);
        } else if let Some((run, from)) = retry {
            (piece, at) = (run + 1, from + 1);
            retry = Some((run, from + 1));
        } else {
            return false;
        }
    }
    pieces[piece..].iter().all(|piece| *piece == Piece::Run)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pattern_covers_the_whole_text_and_case_counts() {
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
    fn an_exclusion_wins_wherever_it_stands() {
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
        fn reading_and_matching_never_panic(pattern in "[a-c*?!\\[\\]-]{0,12}", text in "[a-c]{0,12}") {
            let _ = Globs::parse(&[pattern]).matches(&text);
        }

        #[test]
        fn a_text_between_stars_is_found_wherever_it_stands(before in "[a-c]{0,8}", text in "[a-c]{0,8}", after in "[a-c]{0,8}") {
            let globs = Globs::parse(&[format!("*{text}*")]);
            let whole = format!("{before}{text}{after}");
            prop_assert!(globs.matches(&whole), "{} in {}", text, whole);
        }

        #[test]
        fn a_text_without_signs_matches_itself_alone(one in "[a-c.]{0,8}", other in "[a-c.]{0,8}") {
            prop_assert_eq!(Globs::parse(&[&one]).matches(&other), one == other);
        }
    }
}
