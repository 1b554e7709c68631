-- The numbers of columns, and whether one has the type `name`: for those reports that tell how reliable an estimate is.
, columns AS MATERIALIZED (
    SELECT a.attrelid AS relation, a.attnum, a.atttypid = 'name'::regtype AS is_name
    FROM (SELECT oid FROM found_tables UNION ALL SELECT oid FROM found_indexes WHERE has_expressions) r
    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
),
described_tables AS (
    SELECT t.*, coalesce(c.columns, 0) AS columns, coalesce(c.has_names, false) AS has_names
    FROM tables t
    LEFT JOIN (
        SELECT relation, count(*) AS columns, bool_or(is_name) AS has_names FROM columns GROUP BY relation
    ) c ON c.relation = t.oid::oid
),
described_indexes AS (
    SELECT i.*, x.indnatts AS columns, i.oid IN (
        SELECT k.oid FROM index_columns k JOIN columns c ON c.relation = k.relation AND c.attnum = k.attnum WHERE c.is_name
    ) AS has_names
    FROM indexes i
    JOIN pg_index x ON x.indexrelid = i.oid::oid
)
