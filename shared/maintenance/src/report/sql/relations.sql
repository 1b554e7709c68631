-- The tables and indexes that a report is about, one row each, from catalogs and statistics.
-- Every report of a database begins with this text and selects from `tables` and `indexes`.
--
-- $1: the schema; null for all schemas but those of temporary and TOAST tables.
-- $2: the table; null for all tables.
WITH RECURSIVE
-- Relations that are, or are about to be, locked ACCESS EXCLUSIVE. Whatever opens one of them waits for that lock, so
-- their sizes are not asked for. A lock that is only requested counts: later requests queue behind it.
locked AS MATERIALIZED (
    SELECT DISTINCT relation AS oid
    FROM pg_locks
    WHERE locktype = 'relation'
      AND mode = 'AccessExclusiveLock'
      AND pid IS DISTINCT FROM pg_backend_pid()
      AND database IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
),
-- The same, and the tables of locked indexes.
locked_with_indexes AS MATERIALIZED (
    SELECT oid FROM locked
    UNION
    SELECT indrelid FROM pg_index WHERE indexrelid IN (SELECT oid FROM locked)
),
found_tables AS MATERIALIZED (
    SELECT c.*, n.nspname AS schema
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm')
      AND CASE WHEN $1 IS NULL THEN n.nspname !~ '^pg_(temp|toast)' ELSE n.nspname = $1 END
      AND ($2 IS NULL OR c.relname = $2)
),
found_indexes AS MATERIALIZED (
    SELECT c.*, t.oid AS table_oid, t.schema, t.relname AS table_name, t.relkind AS table_kind,
           i.indnatts, i.indkey, i.indisunique, i.indisvalid
    FROM found_tables t
    JOIN pg_index i ON i.indrelid = t.oid
    JOIN pg_class c ON c.oid = i.indexrelid
),
-- The view instead of pg_statistic, which only a superuser may read. It is read once, not per column.
statistics AS MATERIALIZED (
    SELECT schemaname, tablename, attname, null_frac, avg_width
    FROM pg_stats
    WHERE NOT inherited
      AND ($1 IS NULL OR schemaname = $1)
      AND ($2 IS NULL OR tablename = ANY (ARRAY (SELECT $2 UNION ALL SELECT relname FROM found_indexes)))
),
-- The columns of tables, and those of indexes on expressions.
columns AS MATERIALIZED (
    SELECT a.attrelid, a.attnum, a.atttypid = 'name'::regtype AS is_name,
           s.null_frac, (1 - s.null_frac) * s.avg_width AS width
    FROM (
        SELECT oid, schema, relname FROM found_tables
        UNION ALL
        SELECT oid, schema, relname FROM found_indexes WHERE 0 = ANY (indkey::int2[])
    ) r
    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN statistics s ON s.schemaname = r.schema AND s.tablename = r.relname AND s.attname = a.attname
),
table_columns AS (
    SELECT attrelid, count(*) AS columns, count(width) AS columns_with_statistics,
           sum(width) AS data_width, bool_or(null_frac > 0) AS has_nulls, bool_or(is_name) AS has_names
    FROM columns
    GROUP BY attrelid
),
index_columns AS (
    SELECT i.oid, count(*) AS columns, count(c.width) AS columns_with_statistics,
           sum(c.width) AS data_width, bool_or(c.is_name) AS has_names
    FROM found_indexes i
    CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, position)
    LEFT JOIN columns c
        ON c.attrelid = CASE WHEN k.attnum = 0 THEN i.oid ELSE i.table_oid END
       AND c.attnum = CASE WHEN k.attnum = 0 THEN k.position ELSE k.attnum END
    GROUP BY i.oid
),
-- Sizes are asked for once: those of a table's indexes are in their own rows, and a total is a sum.
tables AS MATERIALIZED (
    SELECT t.oid::int8, t.schema, t.relname AS name, t.relkind AS kind,
           current_setting('block_size')::int AS block_size,
           t.relpages AS pages, t.reltuples::float8 AS tuples,
           toast.oid IS NOT NULL AS has_toast,
           coalesce(toast.relpages, 0) AS toast_pages, coalesce(toast.reltuples, 0)::float8 AS toast_tuples,
           (SELECT option_value::int FROM pg_options_to_table(t.reloptions) WHERE option_name = 'fillfactor')
               AS fillfactor,
           coalesce(s.columns, 0) AS columns,
           coalesce(s.columns_with_statistics, 0) AS columns_with_statistics,
           coalesce(s.data_width, 0)::text AS data_width,
           coalesce(s.has_nulls, false) AS has_nulls,
           coalesce(s.has_names, false) AS has_names,
           CASE WHEN t.oid NOT IN (SELECT oid FROM locked) THEN pg_relation_size(t.oid) END AS main_bytes,
           CASE WHEN t.oid NOT IN (SELECT oid FROM locked) THEN
               pg_relation_size(t.oid, 'fsm') + pg_relation_size(t.oid, 'vm') + pg_relation_size(t.oid, 'init')
           END AS other_bytes,
           CASE WHEN toast.oid NOT IN (SELECT oid FROM locked_with_indexes) THEN pg_total_relation_size(toast.oid) END
               AS toast_bytes,
           extract(epoch FROM now() - greatest(pg_stat_get_last_analyze_time(t.oid),
                                               pg_stat_get_last_autoanalyze_time(t.oid)))::int8
               AS statistics_age_seconds,
           CASE WHEN t.relkind <> 'p' THEN greatest(age(t.relfrozenxid), age(toast.relfrozenxid)) END
               AS frozen_xid_age
    FROM found_tables t
    LEFT JOIN pg_class toast ON toast.oid = t.reltoastrelid
    LEFT JOIN table_columns s ON s.attrelid = t.oid
),
indexes AS MATERIALIZED (
    SELECT i.oid::int8, i.table_oid::int8, i.schema, i.table_name, i.relname AS name, am.amname AS method,
           current_setting('block_size')::int AS block_size,
           i.relpages AS pages, i.reltuples::float8 AS tuples,
           (SELECT option_value::int FROM pg_options_to_table(i.reloptions) WHERE option_name = 'fillfactor')
               AS fillfactor,
           coalesce(s.columns, 0) AS columns,
           coalesce(s.columns_with_statistics, 0) AS columns_with_statistics,
           coalesce(s.data_width, 0)::text AS data_width,
           coalesce(s.has_names, false) AS has_names,
           CASE WHEN i.oid NOT IN (SELECT oid FROM locked) THEN pg_relation_size(i.oid) END AS main_bytes,
           CASE WHEN i.oid NOT IN (SELECT oid FROM locked) THEN pg_total_relation_size(i.oid) END AS total_bytes
    FROM found_indexes i
    JOIN pg_am am ON am.oid = i.relam
    LEFT JOIN index_columns s ON s.oid = i.oid
)
