SELECT json_build_object('schema', nspname)::text FROM pg_namespace WHERE nspname = $1
UNION ALL
SELECT json_build_object('table', to_json(t))::text FROM described_tables t
UNION ALL
SELECT json_build_object('index', to_json(listed_indexes))::text FROM listed_indexes
UNION ALL
-- A partitioned table stores nothing itself: its sizes are those of its partitions, whichever schema they are in.
SELECT json_build_object('partitions', json_build_object(
    'table_oid', t.oid,
    'count', count(*),
    'tuples', sum(greatest(c.reltuples, 0)),
    'total_bytes', sum(CASE WHEN c.oid NOT IN (SELECT oid FROM locked_with_indexes)
                             AND c.reltoastrelid NOT IN (SELECT oid FROM locked_with_indexes)
                            THEN pg_total_relation_size(c.oid) END),
    'locked', count(*) FILTER (WHERE c.oid IN (SELECT oid FROM locked_with_indexes)
                                  OR c.reltoastrelid IN (SELECT oid FROM locked_with_indexes))
))::text
FROM tables t
CROSS JOIN LATERAL pg_partition_tree(t.oid::oid) p
JOIN pg_class c ON c.oid = p.relid
WHERE t.kind = 'p' AND p.isleaf
GROUP BY t.oid
