-- A sample database: the tables, keys, row counts and sizes of the well-known `world`, with invented rows.
-- The same rows every time. Run it in an empty database.

CREATE FUNCTION pg_temp.word(number int, letters int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    -- Syllables of the number's digits in base 20, as many as are needed.
    SELECT initcap(left(string_agg(
        (ARRAY['ba', 'ko', 'ri', 'len', 'da', 'mu', 'tor', 'shi', 'va', 'ne',
               'gra', 'po', 'sal', 'qui', 'fe', 'zan', 'hol', 'ti', 'bur', 'wes'])
        [1 + (number::bigint * 7919 / power(20, place)::bigint + place * number) % 20], '' ORDER BY place), letters))
    FROM generate_series(0, 9) AS place
$$;

CREATE FUNCTION pg_temp.code(number int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT chr(65 + number * 11 / 26 / 26 % 26) || chr(65 + number * 11 / 26 % 26) || chr(65 + number * 11 % 26)
$$;

CREATE TABLE city (
    id integer NOT NULL,
    name text NOT NULL,
    countrycode character(3) NOT NULL,
    district text NOT NULL,
    population integer NOT NULL
);

CREATE TABLE country (
    code character(3) NOT NULL,
    name text NOT NULL,
    continent text NOT NULL,
    region text NOT NULL,
    surfacearea real NOT NULL,
    indepyear smallint,
    population integer NOT NULL,
    lifeexpectancy real,
    gnp numeric(10,2),
    gnpold numeric(10,2),
    localname text NOT NULL,
    governmentform text NOT NULL,
    headofstate text,
    capital integer,
    code2 character(2) NOT NULL
);

CREATE TABLE countrylanguage (
    countrycode character(3) NOT NULL,
    language text NOT NULL,
    isofficial boolean NOT NULL,
    percentage real NOT NULL
);

INSERT INTO city
SELECT id, pg_temp.word(id, 5 + id % 8), pg_temp.code(1 + id % 239), pg_temp.word(id / 7, 5 + id / 7 % 10),
       1000 + id * 7919 % 2000000
FROM generate_series(1, 4079) AS id;

INSERT INTO country
SELECT pg_temp.code(id), pg_temp.word(id, 5 + id % 11),
       (ARRAY['Africa', 'Asia', 'Europe', 'North America', 'Oceania', 'South America', 'Antarctica'])[1 + id % 7],
       pg_temp.word(id / 10, 9) || ' ' || (ARRAY['East', 'West', 'North', 'South', 'Central'])[1 + id % 5],
       id * 7919 % 1000000, CASE WHEN id % 4 > 0 THEN 1200 + id * 37 % 800 END, id * 104729 % 100000000,
       CASE WHEN id % 14 > 0 THEN 40 + id % 43 END, id * 7919 % 900000 / 7.0, CASE WHEN id % 4 > 0 THEN id * 7919 % 800000 / 7.0 END,
       pg_temp.word(id, 5 + id % 13), (ARRAY['Republic', 'Constitutional Monarchy', 'Federal Republic', 'Monarchy'])[1 + id % 4],
       CASE WHEN id % 70 > 0 THEN pg_temp.word(id + 300, 6) || ' ' || pg_temp.word(id + 600, 7) END,
       CASE WHEN id % 34 > 0 THEN id END, left(pg_temp.code(id), 2)
FROM generate_series(1, 239) AS id;

INSERT INTO countrylanguage
SELECT pg_temp.code(1 + id % 239), pg_temp.word(id, 5 + id % 4), id % 4 = 0, id % 1000 / 10.0
FROM generate_series(1, 984) AS id;

ALTER TABLE city ADD CONSTRAINT city_pkey PRIMARY KEY (id);
ALTER TABLE country ADD CONSTRAINT country_pkey PRIMARY KEY (code);
ALTER TABLE countrylanguage ADD CONSTRAINT countrylanguage_pkey PRIMARY KEY (countrycode, language);

-- Tables without maps, as after a restore, and statistics.
VACUUM (FULL, ANALYZE);
