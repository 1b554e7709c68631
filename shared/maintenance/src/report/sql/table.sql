SELECT json_build_object('table', to_json(t))::text FROM described_tables t
UNION ALL
SELECT json_build_object('index', to_json(listed_indexes))::text FROM listed_indexes
UNION ALL
-- Every column of the view, whichever the server's version has. Times as PostgreSQL writes them, not as JSON does.
SELECT json_build_object('activity', (
    SELECT json_object_agg(key, CASE
        WHEN starts_with(key, 'last_') AND value <> 'null' THEN to_json((value #>> '{}')::timestamptz::text)
        ELSE value::json
    END)
    FROM jsonb_each(to_jsonb(s))
))::text
FROM pg_stat_all_tables s
WHERE s.relid = (SELECT oid::oid FROM tables)
UNION ALL
SELECT json_build_object('progress', to_json(p))::text
FROM (
    SELECT 'VACUUM' AS command, pid, phase, heap_blks_scanned AS done, heap_blks_total AS total, relid, datname
    FROM pg_stat_progress_vacuum
    UNION ALL
    SELECT command, pid, phase, heap_blks_scanned, heap_blks_total, relid, datname FROM pg_stat_progress_cluster
    UNION ALL
    SELECT 'ANALYZE', pid, phase, sample_blks_scanned, sample_blks_total, relid, datname FROM pg_stat_progress_analyze
    UNION ALL
    SELECT command, pid, phase, blocks_done, blocks_total, relid, datname FROM pg_stat_progress_create_index
) p
WHERE p.relid = (SELECT oid::oid FROM tables) AND p.datname = current_database()
