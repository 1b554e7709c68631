-- The statistics of the columns of tables, and of those of indexes on expressions: from the view, which shows to everybody
-- what they may read.
found_indexes AS MATERIALIZED (
    SELECT c.oid, c.relname, c.relam, c.relpages, c.reltuples, c.reloptions, c.relpersistence,
           t.oid AS table_oid, t.schema, t.relname AS table_name, i.indkey, i.indexprs IS NOT NULL AS has_expressions
    FROM found_tables t
    JOIN pg_index i ON i.indrelid = t.oid
    JOIN pg_class c ON c.oid = i.indexrelid
),
-- The view knows relations by name only.
statistics AS MATERIALIZED (
    SELECT r.oid AS relation, a.attnum, s.null_frac, (1 - s.null_frac) * s.avg_width AS width
    FROM (
        SELECT oid, schema, relname FROM found_tables
        UNION ALL
        SELECT oid, schema, relname FROM found_indexes WHERE has_expressions
    ) r
    JOIN named_statistics s ON s.schemaname = r.schema AND s.tablename = r.relname
    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attname = s.attname
),
