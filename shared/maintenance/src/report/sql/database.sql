SELECT json_build_object('database', json_build_object(
    'total_bytes', pg_database_size(d.oid),
    'frozen_xid_age', age(d.datfrozenxid)
))::text
FROM pg_database d
WHERE d.datname = current_database()
UNION ALL
SELECT json_build_object('schema', nspname)::text FROM pg_namespace WHERE nspname !~ '^pg_(temp|toast)'
UNION ALL
SELECT json_build_object('table', to_json(tables))::text FROM tables
UNION ALL
SELECT json_build_object('index', to_json(indexes))::text FROM indexes
