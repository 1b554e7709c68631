//! Pure. The command of one step: what an operation does with one of its relations.
//!
//! It is the command of the operation, except for partitioned tables under a VACUUM with ANALYZE. Their partitions are
//! vacuumed one by one, and an ANALYZE of the root then updates the statistics of all of them and of the root itself.

use crate::operation::evidence::{Change, Effect};
use crate::operation::kind::Kind;
use crate::operation::mode::Word;
use crate::operation::options::Options;
use crate::operation::statement::{self, Relation};
use crate::operation::target::Object;

/// A command with its options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    kind: Kind,
    options: Options,
}

impl Command {
    /// Returns the command of an operation on `object` for one of its relations.
    pub fn new(kind: Kind, options: &Options, object: &Object, relation: &Relation) -> Self {
        let mut command = Self { kind, options: options.clone() };
        if kind == Kind::Vacuum && options.mode.has(Word::Analyze) {
            match relation {
                Relation::Root(_) => command.kind = Kind::Analyze,
                Relation::Partition { root_schema, .. } if includes_root(object, relation, root_schema) => {
                    command.options = options.without_analyze();
                }
                Relation::Partition { .. } | Relation::Table(_) | Relation::Index { .. } => {}
            }
        }
        command
    }

    /// Returns the text of the statement.
    pub fn statement(&self, relation: &Relation) -> String {
        statement::statement(self.kind, relation, &self.options)
    }

    /// Returns the effect that proves that the statement ran.
    pub fn effect(&self) -> Effect {
        let change = match self.kind {
            Kind::Analyze => Change::None,
            Kind::Vacuum if self.options.mode.has(Word::Full) => Change::Rewritten,
            Kind::Vacuum => Change::Vacuumed,
            Kind::Reindex => Change::Reindexed,
        };
        let is_vacuum = self.kind == Kind::Vacuum;
        let is_analyzed = self.kind == Kind::Analyze || is_vacuum && self.options.mode.has(Word::Analyze);
        Effect { change, is_analyzed }
    }

    /// Whether indexes are built beside the old ones.
    pub fn is_concurrent_reindex(&self) -> bool {
        self.kind == Kind::Reindex && self.options.concurrently == Some(true)
    }
}

/// Whether an operation on `object` that works on a partition works on the root of its partition tree as well.
fn includes_root(object: &Object, partition: &Relation, root_schema: &str) -> bool {
    match object {
        Object::Database => true,
        Object::Schema(schema) => schema == root_schema,
        Object::Table(schema, name) => !partition.is_named(schema, name),
        Object::Index(..) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::mode::Mode;
    use crate::postgres::identifier::Qualified;

    fn options(mode: &str) -> Options {
        Options { mode: Mode::parse(mode).unwrap_or_default(), ..Options::default() }
    }

    fn table(name: &str) -> Object {
        Object::Table("s".to_owned(), name.to_owned())
    }

    #[test]
    fn partitions_are_analyzed_with_their_root() {
        let root = Relation::Root(Qualified::new("s", "root"));
        let partition =
            Relation::Partition { name: Qualified::new("s", "leaf"), root_schema: "s".to_owned() };
        let schema = |name: &str| Object::Schema(name.to_owned());
        for (object, relation, mode, expected) in [
            (table("root"), &root, "analyze", r#"ANALYZE "s"."root""#),
            (table("root"), &partition, "analyze", r#"VACUUM "s"."leaf""#),
            (table("root"), &partition, "full,analyze", r#"VACUUM (FULL) "s"."leaf""#),
            (table("root"), &partition, "freeze", r#"VACUUM (FREEZE) "s"."leaf""#),
            (table("leaf"), &partition, "analyze", r#"VACUUM (ANALYZE) "s"."leaf""#),
            (schema("s"), &partition, "analyze", r#"VACUUM "s"."leaf""#),
            (schema("other"), &partition, "analyze", r#"VACUUM (ANALYZE) "s"."leaf""#),
            (Object::Database, &partition, "analyze", r#"VACUUM "s"."leaf""#),
        ] {
            let command = Command::new(Kind::Vacuum, &options(mode), &object, relation);
            assert_eq!(command.statement(relation), expected, "{object:?} {mode}");
        }
    }

    #[test]
    fn effect_is_that_of_the_command() {
        let effect = |kind, mode| {
            let relation = Relation::Table(Qualified::new("s", "t"));
            let effect = Command::new(kind, &options(mode), &table("t"), &relation).effect();
            (effect.change, effect.is_analyzed)
        };
        assert_eq!(effect(Kind::Vacuum, ""), (Change::Vacuumed, false));
        assert_eq!(effect(Kind::Vacuum, "freeze,analyze"), (Change::Vacuumed, true));
        assert_eq!(effect(Kind::Vacuum, "full"), (Change::Rewritten, false));
        assert_eq!(effect(Kind::Vacuum, "analyze,full"), (Change::Rewritten, true));
        assert_eq!(effect(Kind::Analyze, ""), (Change::None, true));
        assert_eq!(effect(Kind::Reindex, ""), (Change::Reindexed, false));
    }
}
