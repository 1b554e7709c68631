//! Pure. The documented ids of operations: digests of what was requested.

use crate::operation::kind::Kind;
use crate::operation::target::Target;

/// Returns the id of an operation: the first eight hexadecimal digits of the MD5 digest of
/// `database:schema:table-or-index:datetime:kind`, where absent parts are empty.
///
/// `attempt` is 0 for the documented id. Operations that the digest cannot tell apart (another mode, a repetition
/// within the same second) get the ids of the following attempts. The name of a server other than the default one is
/// put in front.
pub fn digest(target: &Target, datetime: &str, kind: Kind, attempt: u32) -> String {
    let schema = target.object.schema().unwrap_or_default();
    let (table, index) =
        (target.object.table().unwrap_or_default(), target.object.index().unwrap_or_default());
    let mut text = format!("{}:{schema}:{table}{index}:{datetime}:{kind}", target.database);
    if !target.server.is_empty() {
        text = format!("{}:{text}", target.server);
    }
    if attempt > 0 {
        text = format!("{text}:{attempt}");
    }
    let digest = format!("{:x}", md5::compute(text));
    digest[..8].to_owned()
}

/// Whether a text has the form of an id: eight lower-case hexadecimal digits.
pub fn is_id(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::target::Object;

    fn target(database: &str, object: Object) -> Target {
        Target { server: String::new(), database: database.to_owned(), object }
    }

    #[test]
    fn ids_are_those_of_the_document_and_of_the_original() {
        let table = |name: &str| Object::Table("public".to_owned(), name.to_owned());
        let index = Object::Index("public".to_owned(), "country_pkey".to_owned());
        for (target, datetime, kind, expected) in [
            (target("world", table("city")), "2031-01-02T03:04:05Z", Kind::Vacuum, "2cec00f2"),
            (target("postgres", table("country")), "2019-03-23T11:28:00Z", Kind::Vacuum, "9ce6426b"),
            (target("postgres", table("city")), "2019-03-23T11:28:00Z", Kind::Analyze, "1045055e"),
            (target("postgres", index), "2019-03-23T11:28:00Z", Kind::Reindex, "7f377004"),
        ] {
            assert_eq!(digest(&target, datetime, kind, 0), expected, "{target:?}");
        }
    }

    #[test]
    fn attempts_and_servers_have_ids_of_their_own() {
        let default = target("world", Object::Database);
        let other = Target { server: "reporting".to_owned(), ..default.clone() };
        let at = "2031-01-02T03:04:05Z";
        let ids = [
            digest(&default, at, Kind::Vacuum, 0),
            digest(&default, at, Kind::Vacuum, 1),
            digest(&other, at, Kind::Vacuum, 0),
        ];
        assert!(ids.iter().all(|id| is_id(id)));
        assert!(ids[0] != ids[1] && ids[0] != ids[2]);
        for wrong in ["2CEC00F2", "2cec00f", "2cec00f2a", "xyz", ""] {
            assert!(!is_id(wrong), "{wrong}");
        }
    }
}
