-- The databases of a server, without templates. A size that the user of the connection may not read is null.
SELECT json_build_object(
    'name', datname,
    'accepts_connections', datallowconn,
    'total_bytes', CASE
        WHEN has_database_privilege(oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE')
        THEN pg_database_size(oid)
    END,
    'frozen_xid_age', age(datfrozenxid)
)::text
FROM pg_database
WHERE NOT datistemplate
ORDER BY datname COLLATE "C"
