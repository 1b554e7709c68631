-- The tables of the schema $1.
WITH RECURSIVE found_tables AS MATERIALIZED (
    SELECT c.oid, c.relname, c.relkind, c.relpages, c.reltuples, c.reltoastrelid, c.reloptions, c.relpersistence,
           c.relfrozenxid, n.nspname AS schema
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname = $1
),
-- What `statistics` selects from if it uses the view, which is read once, not per column.
named_statistics AS MATERIALIZED (
    SELECT schemaname, tablename, attname, null_frac, avg_width
    FROM pg_stats
    WHERE NOT inherited AND schemaname = $1
),
