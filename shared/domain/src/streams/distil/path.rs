//! Pure. Paths into a notification: `payload.image_meta.'os.version'`, `payload.ips[0].address`, `$..bw_in`.
//!
//! The language is that of Python's jsonpath-rw, in which `|` binds tighter than `.`: `a.b|c.d` is `a`, then `b` or
//! `c`, then `d`. Parentheses group.

use std::borrow::Cow;

use serde_json::{Map, Value};
use winnow::ascii::{dec_int, multispace0};
use winnow::combinator::{alt, delimited, eof, preceded, repeat, separated, terminated};
use winnow::error::ContextError;
use winnow::prelude::*;
use winnow::token::{one_of, take_till, take_while};

/// A path, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// `$`: the notification as a whole.
    Root,
    /// `a`, `'a'`, `[a]`: the member of an object.
    Member(String),
    /// `*`: every member of an object.
    Members,
    /// `[0]`: the element of an array; negative ones count from the end.
    Element(i64),
    /// `[*]`: every element of an array; anything else counts as an array of itself.
    Elements,
    /// `..`: this value and everything below it.
    Descendants,
    /// `a|b`: what the one finds, then what the other finds.
    Union(Vec<Path>),
}

/// A value that a path leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct Match<'a> {
    /// The value.
    pub value: Cow<'a, Value>,
    /// Where it stands, such as `payload.ips.[0].address`. Empty unless it was asked for.
    pub path: String,
}

/// A place in a notification.
#[derive(Clone, Debug)]
struct Place<'a> {
    node: Node<'a>,
    /// None where nobody asks for it.
    path: Option<String>,
}

#[derive(Clone, Copy, Debug)]
enum Node<'a> {
    /// The notification as a whole.
    Whole(&'a Map<String, Value>),
    /// A value in it.
    Below(&'a Value),
}

impl Path {
    /// Reads a path; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        terminated(path, eof).parse(text).map_err(|error| match &text[error.offset()..] {
            "" => format!("the path '{text}' ends too early"),
            rest => format!("the path '{text}' cannot be read from '{rest}' on"),
        })
    }

    /// What any of the paths finds, in their order.
    pub fn union(paths: Vec<Self>) -> Self {
        Self(vec![Step::Union(paths)])
    }

    /// The values that the path leads to, in the order of the notification. `named` asks for their paths.
    pub fn find<'a>(&self, notification: &'a Map<String, Value>, named: bool) -> Vec<Match<'a>> {
        let root = Place { node: Node::Whole(notification), path: named.then(String::new) };
        self.follow(&root, vec![root.clone()]).into_iter().map(Place::into_match).collect()
    }

    fn follow<'a>(&self, root: &Place<'a>, from: Vec<Place<'a>>) -> Vec<Place<'a>> {
        self.0.iter().fold(from, |from, step| match step {
            Step::Root => vec![root.clone()],
            Step::Union(paths) => paths.iter().flat_map(|path| path.follow(root, from.clone())).collect(),
            Step::Descendants => {
                let mut found = Vec::new();
                for place in from {
                    place.descend(&mut found);
                }
                found
            }
            Step::Member(_) | Step::Members | Step::Element(_) | Step::Elements => {
                from.into_iter().flat_map(|place| step.below(place)).collect()
            }
        })
    }
}

impl Step {
    /// One level down.
    fn below<'a>(&self, from: Place<'a>) -> Vec<Place<'a>> {
        match self {
            Self::Member(name) => {
                let found = from.node.members().and_then(|members| members.get(name));
                found.map(|value| from.below(value, || name.clone())).into_iter().collect()
            }
            Self::Members => {
                let members = from.node.members().into_iter().flatten();
                members.map(|(name, value)| from.below(value, || name.clone())).collect()
            }
            Self::Element(index) => {
                let elements = from.node.elements().unwrap_or_default();
                let place = match usize::try_from(*index) {
                    Ok(place) => Some(place),
                    Err(_) => usize::try_from(index.unsigned_abs())
                        .ok()
                        .and_then(|back| elements.len().checked_sub(back)),
                };
                let found = place.and_then(|place| Some((place, elements.get(place)?)));
                found.map(|(place, value)| from.below(value, || format!("[{place}]"))).into_iter().collect()
            }
            Self::Elements => match from.node.elements() {
                Some(elements) => {
                    let numbered = elements.iter().enumerate();
                    numbered.map(|(place, value)| from.below(value, || format!("[{place}]"))).collect()
                }
                None => vec![from],
            },
            Self::Root | Self::Descendants | Self::Union(_) => vec![from],
        }
    }
}

impl<'a> Node<'a> {
    fn members(self) -> Option<&'a Map<String, Value>> {
        match self {
            Self::Whole(members) | Self::Below(Value::Object(members)) => Some(members),
            Self::Below(_) => None,
        }
    }

    fn elements(self) -> Option<&'a [Value]> {
        match self {
            Self::Below(Value::Array(elements)) => Some(elements),
            Self::Whole(_) | Self::Below(_) => None,
        }
    }
}

impl<'a> Place<'a> {
    fn below(&self, value: &'a Value, name: impl FnOnce() -> String) -> Self {
        let path = self.path.as_deref().map(|above| match above {
            "" => name(),
            above => format!("{above}.{}", name()),
        });
        Self { node: Node::Below(value), path }
    }

    /// This place, then every place below it.
    fn descend(self, found: &mut Vec<Self>) {
        found.push(self.clone());
        let step = if self.node.elements().is_some() { Step::Elements } else { Step::Members };
        for below in step.below(self) {
            below.descend(found);
        }
    }

    fn into_match(self) -> Match<'a> {
        let value = match self.node {
            Node::Whole(members) => Cow::Owned(Value::Object(members.clone())),
            Node::Below(value) => Cow::Borrowed(value),
        };
        Match { value, path: self.path.unwrap_or_default() }
    }
}

type Read<T> = winnow::Result<T, ContextError>;

fn path(input: &mut &str) -> Read<Path> {
    let first = term.parse_next(input)?;
    let further: Vec<Vec<Step>> = repeat(
        0..,
        alt((
            preceded(sign(".."), term).map(|mut steps: Vec<Step>| {
                steps.insert(0, Step::Descendants);
                steps
            }),
            preceded(sign("."), term),
            bracketed.map(|step| vec![step]),
        )),
    )
    .parse_next(input)?;
    Ok(Path(first.into_iter().chain(further.into_iter().flatten()).collect()))
}

/// What stands between two dots.
fn term(input: &mut &str) -> Read<Vec<Step>> {
    let mut choices: Vec<Vec<Step>> = separated(1.., choice, sign("|")).parse_next(input)?;
    Ok(match choices.len() {
        1 => choices.remove(0),
        _ => vec![Step::Union(choices.into_iter().map(Path).collect())],
    })
}

/// What stands between two bars: a step, and the brackets that follow it at once.
fn choice(input: &mut &str) -> Read<Vec<Step>> {
    let first = alt((
        sign("$").map(|()| vec![Step::Root]),
        sign("*").map(|()| vec![Step::Members]),
        name.map(|name| vec![Step::Member(name)]),
        bracketed.map(|step| vec![step]),
        delimited(sign("("), path, sign(")")).map(|path| path.0),
    ))
    .parse_next(input)?;
    let further: Vec<Step> = repeat(0.., bracketed).parse_next(input)?;
    Ok(first.into_iter().chain(further).collect())
}

fn bracketed(input: &mut &str) -> Read<Step> {
    let inside =
        alt((sign("*").map(|()| Step::Elements), dec_int.map(Step::Element), name.map(Step::Member)));
    delimited(sign("["), inside, (multispace0, sign("]"))).parse_next(input)
}

fn name(input: &mut &str) -> Read<String> {
    let plain = (
        one_of(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '@'),
        take_while(0.., |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '@' || c == '-'),
    );
    let quoted = alt((delimited('\'', take_till(0.., '\''), '\''), delimited('"', take_till(0.., '"'), '"')));
    delimited(multispace0, alt((plain.take(), quoted)), multispace0).map(str::to_owned).parse_next(input)
}

/// A sign of the language, with blanks around it.
fn sign<'i>(sign: &'static str) -> impl Parser<&'i str, (), ContextError> {
    (multispace0, sign, multispace0).void()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn found(path: &str) -> Vec<(String, Value)> {
        let notification = json!({
            "a": {"b": 1, "c": {"d": 2}, "x.y": 3, "l": [{"n": 4}, {"n": 5, "b": 6}, 7]},
            "b": "text",
            "n": null,
            "a-1": {"@t": 8}
        });
        let path = Path::parse(path).expect(path);
        let found = path.find(notification.as_object().expect("it is a map"), true);
        found.into_iter().map(|found| (found.path, found.value.into_owned())).collect()
    }

    #[test]
    fn a_path_leads_to_values_and_says_where_they_stand() {
        for (path, expected) in [
            ("b", json!([["b", "text"]])),
            ("a.b", json!([["a.b", 1]])),
            (" a . b ", json!([["a.b", 1]])),
            ("$.a.b", json!([["a.b", 1]])),
            ("a[b]", json!([["a.b", 1]])),
            ("a.c.d", json!([["a.c.d", 2]])),
            ("a.'x.y'", json!([["a.x.y", 3]])),
            ("a.\"x.y\"", json!([["a.x.y", 3]])),
            ("a['x.y']", json!([["a.x.y", 3]])),
            ("a.x.y", json!([])),
            ("a-1.@t", json!([["a-1.@t", 8]])),
            ("a.l[0].n", json!([["a.l.[0].n", 4]])),
            ("a.l.[0].n", json!([["a.l.[0].n", 4]])),
            ("a.l[-1]", json!([["a.l.[2]", 7]])),
            ("a.l[3]", json!([])),
            ("a.l[-4]", json!([])),
            ("a.l[*].n", json!([["a.l.[0].n", 4], ["a.l.[1].n", 5]])),
            ("a.l.n", json!([])),
            ("a.c.*", json!([["a.c.d", 2]])),
            ("a.l.*", json!([])),
            ("a.c[*].d", json!([["a.c.d", 2]])),
            ("b[*]", json!([["b", "text"]])),
            ("b[0]", json!([])),
            ("b.c", json!([])),
            ("n", json!([["n", null]])),
            ("n.x", json!([])),
            ("$..d", json!([["a.c.d", 2]])),
            ("$..n", json!([["n", null], ["a.l.[0].n", 4], ["a.l.[1].n", 5]])),
            ("a..b", json!([["a.b", 1], ["a.l.[1].b", 6]])),
            ("a.c|l[0].d|n", json!([["a.c.d", 2], ["a.l.[0].n", 4]])),
            ("(a.b)|(b)", json!([["a.b", 1], ["b", "text"]])),
            (
                "b|c|a",
                json!([
                    ["b", "text"],
                    ["a", json!({"b": 1, "c": {"d": 2}, "x.y": 3, "l": [{"n": 4}, {"n": 5, "b": 6}, 7]})]
                ]),
            ),
        ] {
            assert_eq!(json!(found(path)), expected, "{path}");
        }
    }

    #[test]
    fn the_whole_notification_is_a_value_too() {
        assert_eq!(found("$").len(), 1);
        assert_eq!(found("$")[0].1["b"], "text");
        assert_eq!(found("a.$.b"), found("b"));
    }

    #[test]
    fn a_wrong_path_says_where_it_goes_wrong() {
        for (path, expected) in [
            ("", "the path '' ends too early"),
            ("a.", "the path 'a.' cannot be read from '.' on"),
            ("a b", "the path 'a b' cannot be read from 'b' on"),
            ("a[", "the path 'a[' cannot be read from '[' on"),
            ("a[0", "the path 'a[0' cannot be read from '[0' on"),
            ("a.'b", "the path 'a.'b' cannot be read from '.'b' on"),
            ("payload.0", "the path 'payload.0' cannot be read from '.0' on"),
            ("é", "the path 'é' cannot be read from 'é' on"),
            ("a[?b]", "the path 'a[?b]' cannot be read from '[?b]' on"),
        ] {
            assert_eq!(Path::parse(path), Err(expected.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn reading_and_following_never_panic(path in "[a-c$.*|()\\[\\]0-9'-]{0,12}") {
            if let Ok(path) = Path::parse(&path) {
                let notification = json!({"a": {"b": [1, {"c": 2}]}, "c": "x"});
                let _ = path.find(notification.as_object().expect("it is a map"), true);
            }
        }
    }
}
