//! Queries of operations about relations. Each returns one column of JSON text, and casts its parameters from text.

use domain::error::Error;
use serde::Deserialize;

use crate::operation::evidence::Evidence;
use crate::operation::kind::Kind;
use crate::operation::mode::Word;
use crate::operation::options::Options;
use crate::operation::statement::Relation;
use crate::operation::target::Object;
use crate::postgres::failure::Failure;
use crate::postgres::identifier::Qualified;
use crate::postgres::session::Session;

/// The major version.
const VERSION: &str = "SELECT (current_setting('server_version_num')::int / 10000)::text";

/// Whether the server is a standby.
const STANDBY: &str = "SELECT pg_is_in_recovery()::text";

/// A table, partitioned table or materialized view by schema and name.
const TABLE: &str = "
SELECT json_build_object('oid', c.oid::bigint, 'kind', c.relkind::text)::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'm')";

/// An index by schema and name.
const INDEX: &str = "
SELECT json_build_object('oid', c.oid::bigint, 'kind', c.relkind::text)::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('i', 'I')";

/// A schema by name.
const SCHEMA: &str = "SELECT oid::bigint::text FROM pg_namespace WHERE nspname = $1";

/// The leaves below a partitioned table or index.
const LEAVES: &str = "
SELECT relid::oid::bigint::text FROM pg_partition_tree($1::oid::regclass) WHERE isleaf ORDER BY relid";

/// The relations of a database (empty schema) or of a schema that an operation works on, catalogs last. Partitions are
/// vacuumed and reindexed by themselves. ANALYZE works on the root of a partition tree, which includes its partitions,
/// unless the root is in another schema; a VACUUM with ANALYZE does so after its partitions. REINDEX leaves the catalogs
/// out, as PostgreSQL does from version 16 on.
const RELATIONS: &str = "
SELECT c.oid::bigint::text
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
  SELECT c.relispartition AND ($1 = '' OR EXISTS (
    SELECT FROM pg_class root WHERE root.oid = pg_partition_root(c.oid) AND root.relnamespace = c.relnamespace))
) AS below(a_root)
WHERE c.relpersistence <> 't'
  AND ($1 = '' OR n.nspname = $1)
  AND CASE $2
        WHEN 'analyze' THEN c.relkind IN ('r', 'm', 'p') AND NOT below.a_root
        WHEN 'vacuum analyze' THEN c.relkind IN ('r', 'm') OR (c.relkind = 'p' AND NOT below.a_root)
        ELSE c.relkind IN ('r', 'm')
      END
  AND ($2 <> 'reindex' OR (n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND EXISTS (
        SELECT FROM pg_index i WHERE i.indrelid = c.oid)))
ORDER BY n.nspname IN ('pg_catalog', 'information_schema'), c.relkind = 'p', c.oid";

/// The name and the kind of a relation, the table of an index, and the schema of a partition's root.
const RELATION: &str = "
SELECT json_build_object(
  'schema', n.nspname, 'name', c.relname, 'kind', c.relkind::text,
  'table', (SELECT i.indrelid::bigint FROM pg_index i WHERE i.indexrelid = c.oid),
  'root_schema', (
    SELECT rn.nspname FROM pg_class r JOIN pg_namespace rn ON rn.oid = r.relnamespace
    WHERE c.relispartition AND r.oid = pg_partition_root(c.oid)))::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = $1::oid";

/// The state of a relation: see [`Evidence`].
const EVIDENCE: &str = "
SELECT json_build_object(
  'fn', pg_relation_filenode(c.oid)::bigint,
  'fi', (
    SELECT coalesce(json_object_agg(x.relname, coalesce(pg_relation_filenode(x.oid)::bigint, 0)), '{}')
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid),
  'vc', coalesce(pg_stat_get_vacuum_count(c.oid), 0),
  'va', (extract(epoch FROM pg_stat_get_last_vacuum_time(c.oid)) * 1000000)::bigint,
  'ac', coalesce(pg_stat_get_analyze_count(c.oid), 0),
  'an', (extract(epoch FROM pg_stat_get_last_analyze_time(c.oid)) * 1000000)::bigint)::text
FROM pg_class c WHERE c.oid = $1::oid";

/// The size of the largest of these relations: of a table with its indexes, of the indexes of a table, or of an index.
const LARGEST: &str = "
SELECT coalesce(max(CASE
  WHEN c.relkind IN ('i', 'I') THEN pg_relation_size(c.oid)
  WHEN $2 = 'indexes' THEN pg_indexes_size(c.oid)
  ELSE pg_total_relation_size(c.oid) END), 0)::text
FROM pg_class c WHERE c.oid = ANY ($1::oid[])";

/// The lock that operations hold on a relation while they work on it, for the session.
const LOCK: &str = "SELECT pg_try_advisory_lock((1398031703::bigint << 32) | $1::bigint)::text";

/// Invalid indexes that a `REINDEX CONCURRENTLY` left behind on a table.
const LEFTOVERS: &str = r"
SELECT json_build_object('schema', n.nspname, 'name', c.relname)::text
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_index original ON original.indrelid = i.indrelid AND original.indexrelid <> i.indexrelid
JOIN pg_class o ON o.oid = original.indexrelid
WHERE NOT i.indisvalid
  AND i.indrelid = $1::oid
  AND c.relname ~ '_cc(new|old)[0-9]*$'
  AND left(c.relname, length(regexp_replace(c.relname, '_cc(new|old)[0-9]*$', '')))
    = left(o.relname, length(regexp_replace(c.relname, '_cc(new|old)[0-9]*$', '')))
  AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.relid = i.indrelid)
GROUP BY n.nspname, c.relname";

/// A table or an index that a request names.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Found {
    pub(crate) oid: u32,
    kind: String,
}

impl Found {
    /// Whether the relation has partitions, so that it has no data of its own.
    pub(crate) fn is_partitioned(&self) -> bool {
        self.kind == "p" || self.kind == "I"
    }
}

#[derive(Debug, Deserialize)]
struct Named {
    schema: String,
    name: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    table: Option<u32>,
    #[serde(default)]
    root_schema: Option<String>,
}

/// Returns the major version of the server.
pub(crate) async fn version(session: &mut Session) -> Result<u32, Failure> {
    Ok(session.rows_of(VERSION, &[]).await?.pop().unwrap_or_default())
}

/// Whether the server is a standby.
pub(crate) async fn is_standby(session: &mut Session) -> Result<bool, Failure> {
    Ok(session.rows_of(STANDBY, &[]).await?.pop().unwrap_or_default())
}

/// Returns the table or index that a target names. `None` if there is none, or if the target is not one.
pub(crate) async fn find(session: &mut Session, object: &Object) -> Result<Option<Found>, Failure> {
    let (query, schema, name) = match object {
        Object::Table(schema, name) => (TABLE, schema, name),
        Object::Index(schema, name) => (INDEX, schema, name),
        Object::Database | Object::Schema(_) => return Ok(None),
    };
    Ok(session.rows_of(query, &[schema, name]).await?.pop())
}

/// Whether there is a schema of this name.
pub(crate) async fn has_schema(session: &mut Session, name: &str) -> Result<bool, Failure> {
    Ok(!session.rows_of::<u32>(SCHEMA, &[name]).await?.is_empty())
}

/// Returns the OIDs of the relations that an operation works on. `None` if its table or index does not exist.
pub(crate) async fn relations(
    session: &mut Session,
    kind: Kind,
    options: &Options,
    object: &Object,
) -> Result<Option<Vec<u32>>, Failure> {
    let analyzes = kind == Kind::Vacuum && options.mode.has(Word::Analyze);
    let command = if analyzes { "vacuum analyze" } else { kind.name() };
    match object {
        Object::Database => session.rows_of(RELATIONS, &["", command]).await.map(Some),
        Object::Schema(schema) => session.rows_of(RELATIONS, &[schema, command]).await.map(Some),
        Object::Table(..) | Object::Index(..) => {
            let Some(found) = find(session, object).await? else { return Ok(None) };
            if !found.is_partitioned() || kind == Kind::Analyze {
                return Ok(Some(vec![found.oid]));
            }
            let mut oids: Vec<u32> = session.rows_of(LEAVES, &[&found.oid.to_string()]).await?;
            oids.extend(analyzes.then_some(found.oid));
            Ok(Some(oids))
        }
    }
}

/// Returns the current name of a relation. `None` if it was dropped.
pub(crate) async fn relation(session: &mut Session, oid: u32) -> Result<Option<Relation>, Failure> {
    let named: Option<Named> = session.rows_of(RELATION, &[&oid.to_string()]).await?.pop();
    Ok(named.map(|Named { schema, name, kind, table, root_schema }| {
        let name = Qualified::new(schema, name);
        match (table, root_schema) {
            (Some(table), _) => Relation::Index { name, table },
            (None, _) if kind == "p" => Relation::Root(name),
            (None, Some(root_schema)) => Relation::Partition { name, root_schema },
            (None, None) => Relation::Table(name),
        }
    }))
}

/// Returns the state of a relation. `None` if it was dropped.
pub(crate) async fn evidence(session: &mut Session, oid: u32) -> Result<Option<Evidence>, Failure> {
    Ok(session.rows_of(EVIDENCE, &[&oid.to_string()]).await?.pop())
}

/// Returns the bytes that one statement of a VACUUM (FULL) or a REINDEX writes at most before it removes the old files: the
/// size of the largest relation. Zero for other commands; `None` while a relation is locked.
pub(crate) async fn space_needed(
    session: &mut Session,
    kind: Kind,
    options: &Options,
    oids: &[u32],
) -> Result<Option<i64>, Failure> {
    let part = match kind {
        Kind::Reindex => "indexes",
        Kind::Vacuum if options.mode.has(Word::Full) => "all",
        Kind::Vacuum | Kind::Analyze => return Ok(Some(0)),
    };
    let oids: Vec<String> = oids.iter().map(u32::to_string).collect();
    match session.rows_of(LARGEST, &[&format!("{{{}}}", oids.join(",")), part]).await {
        Ok(mut bytes) => Ok(bytes.pop()),
        Err(Failure::Locked(_) | Failure::TooSlow(_)) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Tries to take the lock of operations on a relation. Returns whether it was granted.
pub(crate) async fn lock(session: &mut Session, oid: u32) -> Result<bool, Failure> {
    Ok(session.rows_of(LOCK, &[&oid.to_string()]).await?.pop().unwrap_or_default())
}

/// Drops invalid indexes that a `REINDEX CONCURRENTLY` left behind on a table. The caller holds the table's lock.
pub(crate) async fn drop_leftovers(session: &mut Session, table: u32) -> Result<(), Failure> {
    let leftovers: Vec<Named> = session.rows_of(LEFTOVERS, &[&table.to_string()]).await?;
    for Named { schema, name, .. } in leftovers {
        let name = Qualified::new(schema, name);
        tracing::info!(index = name.to_string(), "an invalid index is dropped");
        session.execute(&format!("DROP INDEX CONCURRENTLY IF EXISTS {name}")).await?;
    }
    Ok(())
}

/// Drops invalid indexes of a table. Those that stay are dropped before the next REINDEX of the table.
pub(crate) async fn tidy(session: &mut Session, table: u32) {
    if let Err(failure) = drop_leftovers(session, table).await {
        tracing::warn!(error = Error::bug("invalid indexes were left behind").because(failure).chain());
    }
}

/// Returns the failure of a query as an error.
pub(crate) fn failed(failure: Failure) -> Error {
    match failure {
        Failure::Unreachable(_) | Failure::Locked(_) | Failure::TooSlow(_) => {
            Error::unavailable("The PostgreSQL server did not answer; try again.").because(failure)
        }
        _ => Error::bug("a query of the catalogs failed").because(failure),
    }
}
