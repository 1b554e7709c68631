//! Pure. Decides whether a schema has drifted.

use domain::time::Micros;

use crate::record::{SchemaVersion, ServerData};

/// Bytes of the longest stored difference.
const LONGEST_DIFFERENCE: usize = 64 * 1_024;

/// What a check found on a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The checksum of the schema. `None` if it does not exist there.
    pub checksum: Option<String>,
    /// The version with this checksum. `None` if there is none.
    pub version: Option<SchemaVersion>,
}

impl Finding {
    /// Returns the id of the version that the schema should have on a server. `None` if none is known.
    ///
    /// It is the version that a changeset or an earlier check left there. A structure that was stored as a version
    /// from this very server since the last check is accepted in its place.
    pub fn expected(&self, known: Option<&ServerData>, server: u64) -> Option<u64> {
        let found = self.version.as_ref();
        let Some(expected) = known.and_then(|known| known.expected_version) else {
            return found.map(|version| version.id);
        };
        let is_accepted = |version: &&SchemaVersion| {
            version.pulled_from == Some(server)
                && version.pull_datetime > known.and_then(|known| known.checked_at)
        };
        Some(found.filter(is_accepted).map_or(expected, |version| version.id))
    }

    /// Whether the schema differs from the expected version. A structure that is no known version has always drifted.
    pub fn has_drifted(&self, expected: Option<u64>) -> bool {
        match (&self.checksum, &self.version) {
            (None, _) => expected.is_some(),
            (Some(_), None) => true,
            (Some(_), Some(version)) => expected.is_some_and(|expected| expected != version.id),
        }
    }
}

impl ServerData {
    /// Returns what is known about a schema on a server before its first check.
    pub fn new(id: u64, server: u64, schema: u64, unique: String, now: Micros) -> Self {
        Self {
            id,
            server,
            database_schema: schema,
            unique,
            schema_exists: false,
            checksum: String::new(),
            schema_version: None,
            expected_version: None,
            has_drifted: false,
            schema_version_diff: String::new(),
            checked_at: None,
            next_check: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// Returns what is known after a check, without its version and its next check.
    #[must_use]
    pub fn found(&self, finding: &Finding, expected: Option<u64>, difference: &str, now: Micros) -> Self {
        let cut = difference.floor_char_boundary(LONGEST_DIFFERENCE);
        Self {
            schema_exists: finding.checksum.is_some(),
            checksum: finding.checksum.clone().unwrap_or_default(),
            schema_version: finding.version.as_ref().map(|version| version.id),
            expected_version: expected,
            has_drifted: finding.has_drifted(expected),
            schema_version_diff: difference[..cut].to_owned(),
            checked_at: Some(now),
            updated_at: now,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(id: u64, pulled_from: Option<u64>, pulled: i64) -> SchemaVersion {
        serde_json::from_value(serde_json::json!({
            "id": id, "database_schema": 1, "checksum": id.to_string(), "unique": format!("1#{id}"), "parts": 1,
            "pulled_from": pulled_from, "pull_datetime": pulled, "created_at": 0, "updated_at": 0, "v": 1,
        }))
        .expect("a version")
    }

    fn known(expected: Option<u64>) -> ServerData {
        let checked_at = Some(Micros(100));
        ServerData {
            expected_version: expected,
            checked_at,
            ..ServerData::new(1, 7, 1, "7#1".to_owned(), Micros(0))
        }
    }

    fn finding(version: Option<SchemaVersion>) -> Finding {
        Finding { checksum: Some("x".to_owned()), version }
    }

    #[test]
    fn a_schema_drifts_from_its_expected_version() {
        let absent = Finding { checksum: None, version: None };
        for (finding, expected, has_drifted) in [
            (finding(Some(version(2, None, 0))), Some(2), false),
            (finding(Some(version(2, None, 0))), Some(3), true),
            (finding(Some(version(2, None, 0))), None, false),
            (finding(None), Some(2), true),
            (finding(None), None, true),
            (absent.clone(), Some(2), true),
            (absent, None, false),
        ] {
            assert_eq!(finding.has_drifted(expected), has_drifted, "{finding:?} {expected:?}");
        }
    }

    #[test]
    fn the_expected_version_is_the_last_one_that_was_left_there() {
        let found = finding(Some(version(2, None, 0)));
        assert_eq!(found.expected(None, 7), Some(2));
        assert_eq!(found.expected(Some(&known(None)), 7), Some(2));
        assert_eq!(found.expected(Some(&known(Some(3))), 7), Some(3));
        assert_eq!(finding(None).expected(Some(&known(Some(3))), 7), Some(3));
    }

    #[test]
    fn a_version_that_was_stored_from_the_server_since_is_accepted() {
        let expected =
            |server, pulled| finding(Some(version(2, server, pulled))).expected(Some(&known(Some(3))), 7);
        assert_eq!(expected(Some(7), 101), Some(2));
        assert_eq!(expected(Some(7), 100), Some(3), "before the last check");
        assert_eq!(expected(Some(8), 101), Some(3), "from another server");
    }

    #[test]
    fn long_differences_are_cut() {
        let found = known(Some(3)).found(&finding(None), Some(3), &"é".repeat(LONGEST_DIFFERENCE), Micros(5));
        assert!(found.has_drifted && found.schema_version_diff.len() <= LONGEST_DIFFERENCE);
        assert_eq!(found.checked_at, Some(Micros(5)));
    }
}
