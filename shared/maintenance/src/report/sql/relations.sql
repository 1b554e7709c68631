-- The tables and indexes that a report is about, one row each, from catalogs and statistics.
-- Every report of a database begins with a scope (`found_tables`), a source of statistics (`statistics`) and this text,
-- and selects from `tables` and `indexes`.

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
table_widths AS (
    SELECT relation, count(width) AS columns_with_statistics, sum(width) AS data_width,
           bool_or(null_frac > 0) AS has_nulls
    FROM statistics
    GROUP BY relation
),
-- A column of an index is one of the table, or an expression, which is a column of the index itself.
index_columns AS (
    SELECT oid, CASE WHEN key = 0 THEN oid ELSE table_oid END AS relation,
           CASE WHEN key = 0 THEN position ELSE key END AS attnum
    FROM (
        SELECT oid, table_oid, unnest(indkey::int2[]) AS key, generate_series(1, cardinality(indkey::int2[])) AS position
        FROM found_indexes
    ) keys
),
index_widths AS (
    SELECT k.oid, count(s.width) AS columns_with_statistics, sum(s.width) AS data_width
    FROM index_columns k
    JOIN statistics s ON s.relation = k.relation AND s.attnum = k.attnum
    GROUP BY k.oid
),
-- Sizes are asked for once, and only those of forks that there can be: the size of a fork costs a call of the file system.
-- Those of a table's indexes are in their own rows, and a total is a sum.
tables AS MATERIALIZED (
    SELECT t.oid::int8, t.schema, t.relname AS name, t.relkind AS kind,
           current_setting('block_size')::int AS block_size,
           t.relpages AS pages, t.reltuples::float8 AS tuples,
           toast.oid IS NOT NULL AS has_toast,
           coalesce(toast.relpages, 0) AS toast_pages, coalesce(toast.reltuples, 0)::float8 AS toast_tuples,
           CASE WHEN t.reloptions IS NOT NULL THEN (
               SELECT option_value::int FROM pg_options_to_table(t.reloptions) WHERE option_name = 'fillfactor'
           ) END AS fillfactor,
           coalesce(w.columns_with_statistics, 0) AS columns_with_statistics,
           coalesce(w.data_width, 0)::text AS data_width,
           coalesce(w.has_nulls, false) AS has_nulls,
           CASE WHEN t.oid NOT IN (SELECT oid FROM locked) THEN pg_relation_size(t.oid, 'main') END AS main_bytes,
           CASE WHEN t.oid NOT IN (SELECT oid FROM locked) THEN
               pg_relation_size(t.oid, 'fsm') + pg_relation_size(t.oid, 'vm')
               + CASE WHEN t.relpersistence = 'u' THEN pg_relation_size(t.oid, 'init') ELSE 0 END
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
    LEFT JOIN table_widths w ON w.relation = t.oid
),
indexes AS MATERIALIZED (
    SELECT i.oid::int8, i.table_oid::int8, i.schema, i.table_name, i.relname AS name, am.amname AS method,
           current_setting('block_size')::int AS block_size,
           i.relpages AS pages, i.reltuples::float8 AS tuples,
           CASE WHEN i.reloptions IS NOT NULL THEN (
               SELECT option_value::int FROM pg_options_to_table(i.reloptions) WHERE option_name = 'fillfactor'
           ) END AS fillfactor,
           coalesce(w.columns_with_statistics, 0) AS columns_with_statistics,
           coalesce(w.data_width, 0)::text AS data_width,
           CASE WHEN i.oid NOT IN (SELECT oid FROM locked) THEN pg_relation_size(i.oid, 'main') END AS main_bytes,
           CASE WHEN i.oid NOT IN (SELECT oid FROM locked) THEN
               pg_relation_size(i.oid, 'fsm')
               + CASE WHEN i.relpersistence = 'u' THEN pg_relation_size(i.oid, 'init') ELSE 0 END
           END AS other_bytes
    FROM found_indexes i
    JOIN pg_am am ON am.oid = i.relam
    LEFT JOIN index_widths w ON w.oid = i.oid
)
