//! Pure. Paths into a notification, such as `payload.image_meta.'os.version'`, `payload.ips[0].address` and `$..bw_in`.
//!
//! The language is that of Python's jsonpath-rw, in which `|` binds tighter than `.`: `a.b|c.d` is `a`, then `b` or
//! `c`, then `d`. Parentheses group.

mod parse;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

/// A path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// `$`: the whole notification.
    Root,
    /// `a`, `'a'`, `[a]`: a member of an object.
    Member(String),
    /// `*`: every member of an object.
    Members,
    /// `[0]`: an element of an array. A negative index counts from the end.
    Element(i64),
    /// `[*]`: every element of an array. Another value is its own only element.
    Elements,
    /// `..`: a value and everything below it.
    Descendants,
    /// `a|b`: the matches of each path, in their order.
    Union(Vec<Path>),
}

/// A value that a path finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Match<'a> {
    /// The value.
    pub value: Cow<'a, Json>,
    /// Its full path, such as `payload.ips.[0].address`. Empty unless paths were requested.
    pub path: String,
}

/// A location in a notification.
#[derive(Clone, Debug)]
struct Location<'a> {
    node: Node<'a>,
    /// Its full path. `None` unless paths were requested.
    path: Option<String>,
}

#[derive(Clone, Copy, Debug)]
enum Node<'a> {
    /// The whole notification.
    Root(&'a Map<String, Json>),
    /// A value in the notification.
    Value(&'a Json),
}

impl Path {
    /// A path that finds the matches of each of these paths, in their order.
    pub fn union(paths: Vec<Self>) -> Self {
        Self(vec![Step::Union(paths)])
    }

    /// Returns the values that the path finds, in the order of the notification. `with_paths` requests their paths.
    pub fn find<'a>(&self, notification: &'a Map<String, Json>, with_paths: bool) -> Vec<Match<'a>> {
        let root = Location { node: Node::Root(notification), path: with_paths.then(String::new) };
        self.follow(&root, vec![root.clone()]).into_iter().map(Location::into_match).collect()
    }

    fn follow<'a>(&self, root: &Location<'a>, from: Vec<Location<'a>>) -> Vec<Location<'a>> {
        self.0.iter().fold(from, |from, step| match step {
            Step::Root => vec![root.clone()],
            Step::Union(paths) => paths.iter().flat_map(|path| path.follow(root, from.clone())).collect(),
            Step::Descendants => {
                let mut found = Vec::new();
                for location in from {
                    location.descend(&mut found);
                }
                found
            }
            Step::Member(_) | Step::Members | Step::Element(_) | Step::Elements => {
                from.into_iter().flat_map(|location| step.children(location)).collect()
            }
        })
    }
}

impl Step {
    /// Returns the locations one level below that the step selects.
    fn children<'a>(&self, from: Location<'a>) -> Vec<Location<'a>> {
        match self {
            Self::Member(name) => {
                let found = from.node.members().and_then(|members| members.get(name));
                found.map(|value| from.child(value, || name.clone())).into_iter().collect()
            }
            Self::Members => {
                let members = from.node.members().into_iter().flatten();
                members.map(|(name, value)| from.child(value, || name.clone())).collect()
            }
            Self::Element(index) => {
                let elements = from.node.elements().unwrap_or_default();
                let index = match usize::try_from(*index) {
                    Ok(index) => Some(index),
                    Err(_) => usize::try_from(index.unsigned_abs())
                        .ok()
                        .and_then(|from_end| elements.len().checked_sub(from_end)),
                };
                let found = index.and_then(|index| Some((index, elements.get(index)?)));
                found.map(|(index, value)| from.child(value, || format!("[{index}]"))).into_iter().collect()
            }
            Self::Elements => match from.node.elements() {
                Some(elements) => {
                    let elements = elements.iter().enumerate();
                    elements.map(|(index, value)| from.child(value, || format!("[{index}]"))).collect()
                }
                None => vec![from],
            },
            Self::Root | Self::Descendants | Self::Union(_) => vec![from],
        }
    }
}

impl<'a> Node<'a> {
    fn members(self) -> Option<&'a Map<String, Json>> {
        match self {
            Self::Root(members) | Self::Value(Json::Object(members)) => Some(members),
            Self::Value(_) => None,
        }
    }

    fn elements(self) -> Option<&'a [Json]> {
        match self {
            Self::Value(Json::Array(elements)) => Some(elements),
            Self::Root(_) | Self::Value(_) => None,
        }
    }
}

impl<'a> Location<'a> {
    fn child(&self, value: &'a Json, name: impl FnOnce() -> String) -> Self {
        let path = self.path.as_deref().map(|parent| match parent {
            "" => name(),
            parent => format!("{parent}.{}", name()),
        });
        Self { node: Node::Value(value), path }
    }

    /// Appends this location and every location below it, depth first.
    fn descend(self, found: &mut Vec<Self>) {
        found.push(self.clone());
        let step = if self.node.elements().is_some() { Step::Elements } else { Step::Members };
        for child in step.children(self) {
            child.descend(found);
        }
    }

    fn into_match(self) -> Match<'a> {
        let value = match self.node {
            Node::Root(members) => Cow::Owned(Json::Object(members.clone())),
            Node::Value(value) => Cow::Borrowed(value),
        };
        Match { value, path: self.path.unwrap_or_default() }
    }
}
