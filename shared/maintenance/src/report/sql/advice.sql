-- Autovacuum's thresholds of a table, which override the server's.
, thresholds AS (
    SELECT t.oid,
           max(option_value) FILTER (WHERE option_name = 'autovacuum_vacuum_threshold') AS vacuum_threshold,
           max(option_value) FILTER (WHERE option_name = 'autovacuum_vacuum_scale_factor') AS vacuum_scale_factor,
           max(option_value) FILTER (WHERE option_name = 'autovacuum_analyze_threshold') AS analyze_threshold,
           max(option_value) FILTER (WHERE option_name = 'autovacuum_analyze_scale_factor') AS analyze_scale_factor
    FROM found_tables t
    CROSS JOIN LATERAL pg_options_to_table(t.reloptions)
    GROUP BY t.oid
)
SELECT json_build_object('database', json_build_object(
    'frozen_xid_age', age(d.datfrozenxid),
    'multixact_age', mxid_age(d.datminmxid),
    'freeze_max_age', current_setting('autovacuum_freeze_max_age')::int8,
    'multixact_freeze_max_age', current_setting('autovacuum_multixact_freeze_max_age')::int8
))::text
FROM pg_database d
WHERE d.datname = current_database()
UNION ALL
SELECT json_build_object('table', to_json(t))::text
FROM (
    SELECT t.*,
           CASE WHEN t.kind <> 'p' THEN mxid_age(c.relminmxid) END AS multixact_age,
           pg_stat_get_live_tuples(c.oid) AS live_rows,
           pg_stat_get_dead_tuples(c.oid) AS dead_rows,
           pg_stat_get_mod_since_analyze(c.oid) AS changed_rows,
           coalesce(o.vacuum_threshold, current_setting('autovacuum_vacuum_threshold'))::float8 AS vacuum_threshold,
           coalesce(o.vacuum_scale_factor, current_setting('autovacuum_vacuum_scale_factor'))::float8
               AS vacuum_scale_factor,
           coalesce(o.analyze_threshold, current_setting('autovacuum_analyze_threshold'))::float8 AS analyze_threshold,
           coalesce(o.analyze_scale_factor, current_setting('autovacuum_analyze_scale_factor'))::float8
               AS analyze_scale_factor
    FROM described_tables t
    JOIN pg_class c ON c.oid = t.oid::oid
    LEFT JOIN thresholds o ON o.oid = t.oid
) t
UNION ALL
SELECT json_build_object('index', to_json(i))::text
FROM (
    SELECT i.*, x.indisvalid AS is_valid, t.statistics_age_seconds
    FROM described_indexes i
    JOIN pg_index x ON x.indexrelid = i.oid::oid
    JOIN tables t ON t.oid = i.table_oid
) i
