-- The statistics of the columns of tables, and of those of indexes on expressions: from the catalog, which a superuser may
-- read.
found_indexes AS MATERIALIZED (
    SELECT c.oid, c.relname, c.relam, c.relpages, c.reltuples, c.reloptions, c.relpersistence,
           t.oid AS table_oid, t.schema, t.relname AS table_name, i.indkey, i.indexprs IS NOT NULL AS has_expressions
    FROM found_tables t
    JOIN pg_index i ON i.indrelid = t.oid
    JOIN pg_class c ON c.oid = i.indexrelid
),
statistics AS MATERIALIZED (
    SELECT s.starelid AS relation, s.staattnum AS attnum, s.stanullfrac AS null_frac,
           (1 - s.stanullfrac) * s.stawidth AS width
    FROM (SELECT oid FROM found_tables UNION ALL SELECT oid FROM found_indexes WHERE has_expressions) r
    JOIN pg_statistic s ON s.starelid = r.oid AND NOT s.stainherit
),
