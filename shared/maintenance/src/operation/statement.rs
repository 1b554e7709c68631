//! The statement that an operation runs on one relation, and the lock that it takes.

use crate::operation::kind::Kind;
use crate::operation::mode::Word;
use crate::operation::options::{IndexCleanup, Options};
use crate::operation::target::Object;
use crate::postgres::identifier::Qualified;

/// The relation that one statement works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// A table or materialized view.
    Table(Qualified),
    /// A partition that has no partitions of its own.
    Partition {
        /// Its name.
        name: Qualified,
        /// The schema of the root of its partition tree.
        root_schema: String,
    },
    /// A partitioned table.
    Root(Qualified),
    /// An index.
    Index {
        /// Its name.
        name: Qualified,
        /// The OID of its table.
        table: u32,
    },
}

impl Relation {
    /// Returns the name.
    pub fn name(&self) -> &Qualified {
        match self {
            Self::Table(name)
            | Self::Root(name)
            | Self::Partition { name, .. }
            | Self::Index { name, .. } => name,
        }
    }

    /// Whether the relation has this name.
    pub fn is_named(&self, schema: &str, name: &str) -> bool {
        *self.name() == Qualified::new(schema, name)
    }

    /// Returns the OID of the table that a lock of operations is taken on: an index and its table exclude each other.
    pub fn locked_oid(&self, own: u32) -> u32 {
        match self {
            Self::Index { table, .. } => *table,
            Self::Table(_) | Self::Partition { .. } | Self::Root(_) => own,
        }
    }
}

/// Returns the statement for a relation. Every identifier is quoted.
///
/// The options must have passed [`Options::check_kind`] and [`Options::check_version`].
pub fn statement(kind: Kind, relation: &Relation, options: &Options) -> String {
    let name = relation.name();
    match (kind, relation) {
        (Kind::Vacuum, _) => format!("VACUUM {}{name}", parenthesized(&vacuum_options(options))),
        (Kind::Analyze, _) => format!("ANALYZE {}{name}", parenthesized(&shared_options(options))),
        (Kind::Reindex, Relation::Index { .. }) => format!("REINDEX INDEX {}{name}", concurrently(options)),
        (Kind::Reindex, _) => format!("REINDEX TABLE {}{name}", concurrently(options)),
    }
}

/// Returns the strongest lock that a statement of the operation takes, as the manual names it.
pub fn lock(kind: Kind, object: &Object, options: &Options) -> &'static str {
    match (kind, object) {
        (Kind::Vacuum, _) if options.mode.has(Word::Full) => "ACCESS EXCLUSIVE on the table",
        (Kind::Vacuum | Kind::Analyze, _) => "SHARE UPDATE EXCLUSIVE on the table",
        (Kind::Reindex, _) if options.concurrently == Some(true) => "SHARE UPDATE EXCLUSIVE on the table",
        (Kind::Reindex, Object::Index(..)) => "SHARE on the table, ACCESS EXCLUSIVE on the index",
        (Kind::Reindex, _) => "SHARE on the table, ACCESS EXCLUSIVE on its indexes",
    }
}

fn vacuum_options(options: &Options) -> Vec<String> {
    let mut words: Vec<String> =
        options.mode.words().iter().map(|word| word.name().to_ascii_uppercase()).collect();
    words.extend(shared_options(options));
    if let Some(workers) = options.parallel {
        words.push(format!("PARALLEL {workers}"));
    }
    match options.index_cleanup {
        None => {}
        Some(IndexCleanup::Auto) => words.push("INDEX_CLEANUP AUTO".to_owned()),
        Some(IndexCleanup::On) => words.push("INDEX_CLEANUP ON".to_owned()),
        Some(IndexCleanup::Off) => words.push("INDEX_CLEANUP OFF".to_owned()),
    }
    match options.truncate {
        None => {}
        Some(true) => words.push("TRUNCATE TRUE".to_owned()),
        Some(false) => words.push("TRUNCATE FALSE".to_owned()),
    }
    words
}

/// The options that VACUUM and ANALYZE have in common.
fn shared_options(options: &Options) -> Vec<String> {
    let mut words = Vec::new();
    if options.skip_locked == Some(true) {
        words.push("SKIP_LOCKED".to_owned());
    }
    if let Some(size) = &options.buffer_usage_limit {
        words.push(format!("BUFFER_USAGE_LIMIT '{}'", size.as_str()));
    }
    words
}

fn parenthesized(words: &[String]) -> String {
    if words.is_empty() { String::new() } else { format!("({}) ", words.join(", ")) }
}

fn concurrently(options: &Options) -> &'static str {
    if options.concurrently == Some(true) { "CONCURRENTLY " } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::mode::Mode;

    fn table() -> Relation {
        Relation::Table(Qualified::new("Mixed Case", "My \"Table\""))
    }

    fn index() -> Relation {
        Relation::Index { name: Qualified::new("public", "city_pkey"), table: 1 }
    }

    #[test]
    fn statements_quote_names_and_keep_the_order_of_the_mode() {
        let mode = |text| Options { mode: Mode::parse(text).expect("a mode"), ..Options::default() };
        let concurrent = Options { concurrently: Some(true), ..Options::default() };
        let everything = Options {
            mode: Mode::parse("freeze,analyze").expect("a mode"),
            skip_locked: Some(true),
            parallel: Some(2),
            index_cleanup: Some(IndexCleanup::Off),
            truncate: Some(false),
            buffer_usage_limit: "256 MB".to_owned().try_into().ok(),
            concurrently: None,
        };
        let name = r#""Mixed Case"."My ""Table""""#;
        for (kind, relation, options, expected) in [
            (Kind::Vacuum, table(), Options::default(), format!("VACUUM {name}")),
            (Kind::Vacuum, table(), mode("analyze,full"), format!("VACUUM (ANALYZE, FULL) {name}")),
            (
                Kind::Vacuum,
                table(),
                everything,
                format!(
                    "VACUUM (FREEZE, ANALYZE, SKIP_LOCKED, BUFFER_USAGE_LIMIT '256 MB', PARALLEL 2, \
                     INDEX_CLEANUP OFF, TRUNCATE FALSE) {name}"
                ),
            ),
            (Kind::Analyze, table(), Options::default(), format!("ANALYZE {name}")),
            (Kind::Reindex, table(), Options::default(), format!("REINDEX TABLE {name}")),
            (
                Kind::Reindex,
                index(),
                concurrent,
                r#"REINDEX INDEX CONCURRENTLY "public"."city_pkey""#.to_owned(),
            ),
        ] {
            assert_eq!(statement(kind, &relation, &options), expected);
        }
    }

    #[test]
    fn full_takes_the_strongest_lock() {
        let full = Options { mode: Mode::parse("full").expect("a mode"), ..Options::default() };
        assert_eq!(lock(Kind::Vacuum, &Object::Database, &full), "ACCESS EXCLUSIVE on the table");
        let plain = lock(Kind::Vacuum, &Object::Database, &Options::default());
        assert_eq!(plain, "SHARE UPDATE EXCLUSIVE on the table");
    }
}
