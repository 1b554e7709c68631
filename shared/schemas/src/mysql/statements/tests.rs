use proptest::prelude::*;

use super::*;
use crate::mysql::lexer::significant_tokens;

/// Asserts that each of these texts, joined by semicolons, is one statement.
fn assert_split(statements: &[&str]) {
    assert_eq!(split(&statements.join(";\n")), statements);
    assert_eq!(split(&(statements.join(" ; ") + ";;\n")), statements);
}

#[test]
fn semicolons_end_statements_outside_of_quotes_and_comments() {
    assert_split(&["SELECT 1"]);
    assert_split(&[
        "INSERT INTO t VALUES ('a;b', \"c;d\", 'e\\';f', 'g'';h')",
        "ALTER TABLE `a;b` ADD c int",
        "SELECT 1 /* ; */ + 2",
        "UPDATE t SET a = 1 -- ;\nWHERE b = 2",
        "UPDATE t SET a = 1 # ;\nWHERE b = 2",
        "/*!40101 SET NAMES utf8; SELECT ';*/' */",
    ]);
}

#[test]
fn text_without_statements_is_empty() {
    for text in ["", " \n", ";;", "-- only a comment", "/* ; */ ; # x"] {
        assert_eq!(split(text), Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn comments_belong_to_the_statement_after_them() {
    assert_eq!(
        split("-- one\nSELECT 1; -- two\nSELECT 2; -- three"),
        ["-- one\nSELECT 1", "-- two\nSELECT 2"]
    );
}

#[test]
fn delimiter_lines_are_obeyed_and_left_out() {
    let text =
        "DELIMITER $$\nCREATE PROCEDURE p() BEGIN SELECT 1; END$$\n-- c\ndelimiter ;\nSELECT 2; SELECT 3";
    assert_eq!(split(text), ["CREATE PROCEDURE p() BEGIN SELECT 1; END", "SELECT 2", "SELECT 3"]);
    let text = "DELIMITER //\r\nSELECT 1; SELECT '//'//SELECT 2 -- //\r\n//\r\nDELIMITER ;\r\nSELECT 3;";
    assert_eq!(split(text), ["SELECT 1; SELECT '//'", "SELECT 2 -- //", "SELECT 3"]);
    assert_eq!(split("DELIMITER ;;\nSELECT 1;\nSELECT 2;;\nDELIMITER ;"), ["SELECT 1;\nSELECT 2"]);
    assert_eq!(split("SELECT delimiter; SELECT 1"), ["SELECT delimiter", "SELECT 1"]);
}

#[test]
fn bodies_of_stored_programs_are_not_split() {
    assert_split(&[
        "CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END",
        "CREATE OR REPLACE DEFINER=`a`@`%` PROCEDURE IF NOT EXISTS p(IN a varchar(20)) COMMENT 'x' BEGIN END",
        "create definer = event@localhost trigger t before insert on x for each row begin set new.a = 1; end",
        "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET NEW.a = IF(NEW.b, 1, 2)",
        "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW FOLLOWS u BEGIN SET NEW.a = 1; END",
        "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW IF NEW.a THEN SET NEW.b = 1; ELSE SET NEW.c = 1; END IF",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM t; END",
        "ALTER EVENT e DO BEGIN DELETE FROM t; END",
        "CREATE FUNCTION f(a int) RETURNS int DETERMINISTIC RETURN IF(a, 1, 2)",
        "CREATE FUNCTION f(a int) RETURNS int RETURN CASE a WHEN 1 THEN 2 END",
        "CREATE FUNCTION f(a int) RETURNS varchar(9) CHARSET utf8mb4 READS SQL DATA BEGIN RETURN 'a;'; END",
        "CREATE FUNCTION metaphon RETURNS STRING SONAME 'udf_example.so'",
        "SELECT 1",
    ]);
}

#[test]
fn nested_blocks_are_closed_by_their_own_ends() {
    for body in [
        "IF a THEN SELECT 1; ELSEIF b THEN SELECT 2; ELSE SELECT 3; END IF;",
        "IF a THEN IF b THEN SELECT 1; END IF; ELSE IF c THEN SELECT 2; END IF; END IF;",
        "IF (a) = IF(b, 1, 2) THEN SELECT REPEAT('x', 3); END IF;",
        "CASE a WHEN 1 THEN SELECT 1; ELSE BEGIN END; END CASE;",
        "CASE WHEN a THEN SET b = CASE c WHEN 1 THEN IF(d, 1, 2) ELSE 3 END; END CASE;",
        "l: LOOP SET a = a + 1; IF a > 3 THEN LEAVE l; END IF; END LOOP l;",
        "WHILE a < 3 DO SET a = a + 1; END WHILE;",
        "REPEAT SET a = a + 1; UNTIL a > CASE WHEN b THEN 1 END END REPEAT;",
        "FOR i IN 1..3 DO SELECT i; END FOR;",
        "b: BEGIN SELECT 1; END b; BEGIN END;",
        "DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; END; SELECT 1;",
        "DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = 1; SELECT 1;",
        "INSERT INTO t (begin, end) VALUES (1, 2); SELECT t.begin, t.end, @end FROM t;",
        "START TRANSACTION; SELECT 1; COMMIT;",
        "DROP TABLE IF EXISTS t; CREATE TABLE IF NOT EXISTS t (a int);",
    ] {
        let procedure = format!("CREATE PROCEDURE p() BEGIN {body} SELECT 'last'; END");
        assert_split(&["SELECT 1", &procedure, "SELECT 2"]);
    }
}

#[test]
fn blocks_without_a_program_are_not_split() {
    assert_split(&[
        "BEGIN NOT ATOMIC SELECT 1; SELECT 2; END",
        "IF 1 THEN SELECT 1; END IF",
        "l: LOOP LEAVE l; END LOOP",
        "SELECT 1",
    ]);
    assert_split(&["BEGIN", "INSERT INTO t VALUES (1)", "COMMIT", "BEGIN WORK", "ROLLBACK"]);
}

#[test]
fn names_like_programs_do_not_open_blocks() {
    assert_split(&[
        "CREATE TABLE event (begin int, `end` int, a int DEFAULT (CASE WHEN 1 THEN 2 END))",
        "CREATE VIEW function AS SELECT 1",
        "CREATE TEMPORARY TABLE trigger (a int)",
        "DROP PROCEDURE IF EXISTS p",
        "ALTER TABLE t ADD begin int",
        "SELECT CASE WHEN a THEN 1 ELSE 2 END FROM t",
    ]);
}

#[test]
fn unfinished_text_is_one_statement() {
    for text in
        ["SELECT 'a; SELECT 2", "SELECT 1 /* ; SELECT 2", "CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2"]
    {
        assert_eq!(split(text), [text]);
    }
}

/// SQL text in which quotes and comments are often, but not always, closed.
fn sql() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(";".to_owned()),
        Just("'".to_owned()),
        Just("`".to_owned()),
        Just("\\".to_owned()),
        "[a-z]{1,3}",
        " +",
        Just("\n".to_owned()),
        Just("-- ;\n".to_owned()),
        Just("/* ; */".to_owned()),
        Just("/*! ".to_owned()),
        Just("*/".to_owned()),
        Just("CREATE PROCEDURE p() BEGIN ".to_owned()),
        Just("IF ".to_owned()),
        Just(" THEN ".to_owned()),
        Just(" END ".to_owned()),
        Just(" CASE ".to_owned()),
        "'[^'\\\\]{0,6}'",
    ];
    proptest::collection::vec(piece, 0..25).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn splitting_loses_nothing_but_delimiters(text in sql()) {
        let kept = |text: &str| -> Vec<String> {
            let tokens = significant_tokens(text).into_iter();
            tokens.filter(|token| !token.is_symbol(";")).map(|token| token.text.to_owned()).collect()
        };
        let statements: Vec<String> = split(&text).into_iter().flat_map(kept).collect();
        prop_assert_eq!(statements, kept(&text));
    }

    #[test]
    fn statements_are_parts_of_the_text_in_order(text in sql()) {
        let mut rest = text.as_str();
        for statement in split(&text) {
            let at = rest.find(statement);
            prop_assert!(at.is_some(), "{statement:?} is not in {rest:?}");
            rest = &rest[at.unwrap_or_default() + statement.len()..];
        }
    }

    #[test]
    fn quoted_semicolons_do_not_split(inside in "[^'\\\\]{0,20}", quote in "['\"`]") {
        let inside = inside.replace(&quote, "");
        let statement = format!("SELECT {quote}{inside};{quote}");
        let text = format!("{statement}; SELECT 2");
        prop_assert_eq!(split(&text), [statement.as_str(), "SELECT 2"]);
    }

    #[test]
    fn a_statement_is_not_split_again(text in sql()) {
        for statement in split(&text) {
            prop_assert_eq!(split(statement), [statement]);
        }
    }
}
