//! Pure. The version of a request that a change is meant for.

/// The versions of a request that a change is meant for; any other is a conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectedVersion {
    /// Every version.
    Any,
    /// One of these versions; an empty list matches none.
    OneOf(Vec<u64>),
}

impl ExpectedVersion {
    /// Whether a change is meant for this version.
    pub fn matches(&self, version: u64) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_expected_versions_match() {
        for (expected, matches) in [
            (ExpectedVersion::Any, true),
            (ExpectedVersion::OneOf(vec![1, 3]), true),
            (ExpectedVersion::OneOf(vec![2]), false),
            (ExpectedVersion::OneOf(Vec::new()), false),
        ] {
            assert_eq!(expected.matches(3), matches, "{expected:?}");
        }
    }
}
