//! Pure. The version of a request as an entity tag, and what `If-Match` says of it.

/// The versions for which a change is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Whatever it is.
    Any,
    /// One of these.
    OneOf(Vec<u64>),
}

impl Expected {
    /// What an `If-Match` header says: `*`, or tags such as `"3"`. A tag that is none of ours matches nothing.
    pub fn parse(header: &str) -> Self {
        if header.trim() == "*" {
            return Self::Any;
        }
        let number = |tag: &str| tag.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok();
        Self::OneOf(header.split(',').filter_map(number).collect())
    }

    /// Whether a change is meant for this version.
    pub fn is(&self, version: u64) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }
}

/// The tag of a version.
pub fn tag(version: u64) -> String {
    format!("\"{version}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_meant_for_the_versions_that_the_header_names() {
        for (header, expected) in [
            ("*", true),
            ("\"3\"", true),
            ("\"1\", \"3\"", true),
            ("\"2\"", false),
            ("3", false),
            ("W/\"3\"", false),
            ("", false),
            ("\"x\"", false),
        ] {
            assert_eq!(Expected::parse(header).is(3), expected, "{header}");
        }
        assert!(Expected::parse(&tag(7)).is(7));
    }
}
