use proptest::prelude::*;

use super::*;

#[test]
fn tables_of_other_schemas_are_found() {
    for (statement, schemas) in [
        ("CREATE TABLE o.t (a int)", vec!["o"]),
        ("CREATE TABLE IF NOT EXISTS `o x`.`t` LIKE p.t", vec!["o x", "p"]),
        (
            "CREATE TABLE t (a int, FOREIGN KEY (a) REFERENCES o.t (a) ON DELETE CASCADE ON UPDATE CASCADE)",
            vec!["o"],
        ),
        ("CREATE TABLE t (a int) ENGINE=MERGE UNION=(o.t1, o.t2)", vec!["o"]),
        ("CREATE TABLE t AS SELECT * FROM o . t", vec!["o"]),
        ("ALTER TABLE o.t ADD a int", vec!["o"]),
        ("ALTER TABLE t RENAME TO o.t", vec!["o"]),
        ("ALTER TABLE t RENAME o.t", vec!["o"]),
        ("ALTER TABLE t EXCHANGE PARTITION p WITH TABLE o.t", vec!["o"]),
        ("RENAME TABLE a TO b, c TO o.c", vec!["o"]),
        ("DROP TABLE IF EXISTS a, o.b", vec!["o"]),
        ("TRUNCATE o.t", vec!["o"]),
        ("CREATE UNIQUE INDEX i ON o.t (a)", vec!["o"]),
        ("DROP INDEX i ON o.t", vec!["o"]),
        ("CREATE OR REPLACE VIEW o.v AS SELECT 1", vec!["o"]),
        ("CREATE DEFINER=a@b.c TRIGGER o.x BEFORE UPDATE ON p.t FOR EACH ROW SET NEW.a = 1", vec!["o", "p"]),
        ("CREATE PROCEDURE o.p() SELECT 1", vec!["o"]),
        (
            "CREATE PROCEDURE p() BEGIN IF a THEN DELETE FROM o.t; END IF; DROP DATABASE q; END",
            vec!["q", "o"],
        ),
        ("CALL o.p()", vec!["o"]),
        ("LOCK TABLES a READ, o.b WRITE", vec!["o"]),
        ("GRANT SELECT ON o.* TO u@h.x", vec!["o"]),
        ("DESCRIBE o.t", vec!["o"]),
    ] {
        assert_eq!(other_schemas(statement), schemas, "{statement}");
    }
}

#[test]
fn rows_of_other_schemas_are_found() {
    for (statement, schemas) in [
        ("SELECT * FROM o.t", vec!["o"]),
        ("SELECT o.t.a FROM o.t", vec!["o"]),
        ("SELECT o.t.* FROM t", vec!["o"]),
        ("SELECT * FROM a, o.b", vec!["o"]),
        ("SELECT * FROM o, o.t", vec!["o"]),
        ("SELECT * FROM o PARTITION (p) USE INDEX (i), o.t", vec!["o"]),
        ("SELECT * FROM o FOR SYSTEM_TIME AS OF @t, o.t", vec!["o"]),
        ("SELECT * FROM a x JOIN b y ON x.i = y.i, o.c z", vec!["o"]),
        ("SELECT * FROM a JOIN (o.b CROSS JOIN p.c) ON a.i = b.i", vec!["o", "p"]),
        ("SELECT 1 WHERE EXISTS (SELECT 1 FROM o.t)", vec!["o"]),
        ("SELECT o.f(1), NEXTVAL(p.s), NEXT VALUE FOR q.s", vec!["o", "p", "q"]),
        ("INSERT INTO o.t VALUES (1)", vec!["o"]),
        ("INSERT IGNORE o.t SET a = 1", vec!["o"]),
        ("REPLACE LOW_PRIORITY INTO o.t (a) SELECT b.a FROM p.b", vec!["o", "p"]),
        ("UPDATE a, o.b SET a.x = b.x", vec!["o"]),
        ("DELETE FROM o.t WHERE a = 1", vec!["o"]),
        ("DELETE a FROM a JOIN o.b USING (i)", vec!["o"]),
        ("DELETE FROM a USING a, o.b WHERE a.i = b.i", vec!["o"]),
        ("LOAD DATA INFILE 'x' INTO TABLE o.t", vec!["o"]),
        ("WITH c AS (SELECT * FROM o.t) SELECT c.a FROM c", vec!["o"]),
        ("/*!50001 INSERT INTO o.t VALUES (1) */", vec!["o"]),
    ] {
        assert_eq!(other_schemas(statement), schemas, "{statement}");
    }
}

#[test]
fn statements_about_schemas_name_them() {
    for (statement, schemas) in [
        ("USE o", vec!["o"]),
        ("CREATE DATABASE IF NOT EXISTS o CHARACTER SET utf8mb4", vec!["o"]),
        ("CREATE OR REPLACE SCHEMA `o`", vec!["o"]),
        ("DROP SCHEMA IF EXISTS o", vec!["o"]),
        ("ALTER DATABASE o COLLATE utf8mb4_bin", vec!["o"]),
        ("ALTER DATABASE CHARACTER SET utf8mb4", vec![]),
        ("SELECT 1; use `o``x`; SELECT 2 FROM p.t", vec!["o`x", "p"]),
    ] {
        assert_eq!(other_schemas(statement), schemas, "{statement}");
    }
}

#[test]
fn aliases_and_tables_before_columns_are_no_schemas() {
    for statement in [
        "SELECT t.a, x.b, `y`.c FROM t JOIN u AS x ON t.i = x.i LEFT JOIN v y USING (i) WHERE t.a > 1.5 ORDER BY x.b, y.c",
        "SELECT T.a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.i = t.i)",
        "SELECT d.a FROM (SELECT 1 AS a) d, (SELECT 2) AS e WHERE e.a = d.a",
        "SELECT t.* FROM t PARTITION (p) WHERE t.a IN (1, 2)",
        "SELECT EXTRACT(YEAR FROM t.d), TRIM('x' FROM t.a), SUBSTRING(t.a FROM 2) FROM t",
        "WITH RECURSIVE c (a) AS (SELECT 1 UNION ALL SELECT c.a + 1 FROM c) SELECT c.a FROM c",
        "INSERT INTO t (a) SELECT u.a FROM u ON DUPLICATE KEY UPDATE t.a = u.a",
        "INSERT INTO t VALUES (1) AS new ON DUPLICATE KEY UPDATE a = new.a",
        "UPDATE t x JOIN u ON u.i = x.i SET x.a = u.a, x.b = IF(u.b, u.c, 1) WHERE x.a IS NULL",
        "DELETE x, u.* FROM t x JOIN u ON x.i = u.i",
        "DELETE FROM t WHERE t.a = 1 ORDER BY t.b DESC, t.c LIMIT 1",
        "SELECT * FROM t FOR UPDATE",
        "CREATE TABLE t (a int, b int AS (t.a + 1), CHECK (t.a LIKE 'o.x%')) COMMENT='o.t'",
        "CREATE VIEW v AS SELECT t.a AS `o.a` FROM t",
        "CREATE TRIGGER x AFTER DELETE ON t FOR EACH ROW INSERT INTO u VALUES (OLD.a, 1.5)",
        "CREATE PROCEDURE p() BEGIN FOR r IN (SELECT a FROM t) DO SELECT r.a; END FOR; END",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t WHERE t.a < NOW()",
        "CREATE DEFINER=u@db.example.com VIEW v AS SELECT 1",
        "SET @@session.sql_mode = '', @a = @@global.time_zone",
        "SELECT 'o.t', \"o.t\", `o.t` FROM t -- o.t",
        "SELECT event, t.a FROM t WHERE event = t.a",
        "SELECT JSON_EXTRACT(t.a, '$.b.c'), jt.x FROM t, JSON_TABLE(t.a, '$' COLUMNS (x int PATH '$.x')) AS jt",
    ] {
        assert_eq!(other_schemas(statement), Vec::<String>::new(), "{statement}");
    }
}

#[test]
fn own_schema_is_removed_before_names_only() {
    for (statement, without) in [
        (
            "select `s`.`t`.`a` AS `a` from (`s`.`t` join `o`.`u`)",
            "select `t`.`a` AS `a` from (`t` join `o`.`u`)",
        ),
        ("CREATE VIEW v AS select `s`.`id` from `s`", "CREATE VIEW v AS select `s`.`id` from `s`"),
        ("CREATE VIEW v AS select `s`.`id` from `s`.`s`", "CREATE VIEW v AS select `s`.`id` from `s`"),
        (
            "CREATE TRIGGER s.x BEFORE INSERT ON s . t FOR EACH ROW SET @a = 's.t'",
            "CREATE TRIGGER x BEFORE INSERT ON  t FOR EACH ROW SET @a = 's.t'",
        ),
        (
            "CREATE TABLE `t` (`a` int DEFAULT nextval(`s`.`q`))",
            "CREATE TABLE `t` (`a` int DEFAULT nextval(`q`))",
        ),
        ("SELECT S.f(1)", "SELECT S.f(1)"),
    ] {
        assert_eq!(without_schema(statement, "s"), without, "{statement}");
    }
}

proptest! {
    #[test]
    fn any_text_has_qualifiers_in_order(text in r"([a-c]|\.|,|\(|\)|;| |FROM |JOIN |SELECT |`[a-c]`|@|\*|ON |AS ){0,40}") {
        let mut end = 0;
        for qualifier in qualifiers(&text) {
            prop_assert!(end <= qualifier.span.start && qualifier.span.end <= text.len());
            end = qualifier.span.end;
        }
        other_schemas(&text);
    }
}
