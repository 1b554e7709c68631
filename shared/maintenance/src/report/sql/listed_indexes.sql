-- The indexes as reports list them. A definition is read through the table, and waits for its lock.
, listed_indexes AS (
    SELECT i.*, x.indnatts AS number_of_columns, x.indisunique AS is_unique, x.indisvalid AS is_valid, s.spcname AS tablespace,
           pg_stat_get_numscans(c.oid) AS scans,
           pg_stat_get_tuples_returned(c.oid) AS idx_tup_read,
           pg_stat_get_tuples_fetched(c.oid) AS idx_tup_fetch,
           CASE WHEN c.oid NOT IN (SELECT oid FROM locked) AND x.indrelid NOT IN (SELECT oid FROM locked)
                THEN pg_get_indexdef(c.oid) END AS definition
    FROM described_indexes i
    JOIN pg_class c ON c.oid = i.oid::oid
    JOIN pg_index x ON x.indexrelid = i.oid::oid
    LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
)
