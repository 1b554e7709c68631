-- A database of :tables tables in 4 schemas, and of five times as many relations: every table has a primary key, one more
-- index, and a TOAST table with its index. Every second one has lost half of its rows.
SELECT format('CREATE SCHEMA part%s', s) FROM generate_series(1, 3) AS s \gexec
SELECT CASE WHEN n % 4 = 0 THEN 'public' ELSE 'part' || n % 4 END AS schema, 'table_' || n AS name, n
INTO TEMPORARY names FROM generate_series(1, :tables) AS n;
SELECT format('CREATE TABLE %I.%I (id int PRIMARY KEY, parent int, name text, body text, amount numeric, at timestamptz)',
              schema, name) FROM names \gexec
SELECT format('INSERT INTO %I.%I SELECT g, g %% 7, md5(g::text), nullif(repeat(''x'', g %% 90), ''''), g * 1.5, now()
               FROM generate_series(1, %s) AS g', schema, name, 50 + n % 500) FROM names \gexec
SELECT format('CREATE INDEX ON %I.%I (name, at)', schema, name) FROM names \gexec
SELECT format('DELETE FROM %I.%I WHERE id %% 2 = 0', schema, name) FROM names WHERE n % 2 = 0 \gexec
DROP TABLE names;
VACUUM ANALYZE;
