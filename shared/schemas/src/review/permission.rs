//! Pure. Statements that a review refuses to run.
//!
//! A changeset changes one schema. What reaches beyond it has no place in one: other schemas, accounts, the server's
//! settings and files, other servers, and statements that are composed at run time and hide all of these. Their permission
//! does not depend on the privileges of the scratch server's user.

use crate::mysql::kind::Kind;
use crate::mysql::lexer::{Token, significant_tokens};
use crate::mysql::qualifiers::other_schemas;
use crate::mysql::statements::split;

/// First words of statements that reach beyond a schema. What no server knows is left to it: it reports the error.
const FORBIDDEN: &[&str] = &[
    "USE",
    "GRANT",
    "REVOKE",
    "KILL",
    "SHUTDOWN",
    "RESTART",
    "FLUSH",
    "RESET",
    "PURGE",
    "CHANGE",
    "STOP",
    "INSTALL",
    "UNINSTALL",
    "LOAD",
    "IMPORT",
    "PREPARE",
    "EXECUTE",
    "DEALLOCATE",
    "BACKUP",
    "CLONE",
    "CACHE",
    "BINLOG",
    "XA",
];
/// Objects that are not part of a schema.
const FOREIGN_OBJECTS: &[&str] = &[
    "DATABASE",
    "SCHEMA",
    "USER",
    "ROLE",
    "SERVER",
    "TABLESPACE",
    "LOGFILE",
    "UNDO",
    "RESOURCE",
    "INSTANCE",
    "SPATIAL",
    "LIBRARY",
];
/// First words of statements that define objects.
const DEFINITIONS: &[&str] = &["CREATE", "ALTER", "DROP", "RENAME"];
/// Engines whose tables are elsewhere.
const REMOTE_ENGINES: &[&str] = &["FEDERATED", "FEDERATEDX", "CONNECT", "SPIDER", "S3"];
/// The schema that every user can read and none can write.
const CATALOG: &str = "information_schema";

/// Returns why one of these statements must not run. `None` if all may.
pub(super) fn refusal(sql: &str) -> Option<String> {
    let schemas = other_schemas(sql);
    if let Some(schema) = schemas.iter().find(|schema| !schema.eq_ignore_ascii_case(CATALOG)) {
        return Some(format!(
            "The statements name the schema '{schema}'. A changeset changes one schema and names none."
        ));
    }
    split(sql).into_iter().zip(1..).find_map(|(statement, number)| {
        let what = forbidden(&significant_tokens(statement))?;
        Some(format!("Statement {number} is not allowed in a changeset: {what}."))
    })
}

/// Returns what a statement must not do, if it does.
fn forbidden(tokens: &[Token<'_>]) -> Option<String> {
    let first = tokens.iter().find(|token| !token.is_symbol("("))?;
    let is_foreign = first.is_any(DEFINITIONS) && defines_foreign_object(tokens);
    if is_foreign || first.is_any(FORBIDDEN) {
        let words = tokens.iter().take(2).map(|token| token.text.to_ascii_uppercase());
        return Some(format!("{} does not change the schema", words.collect::<Vec<_>>().join(" ")));
    }
    if first.is("START") && !tokens.get(1).is_some_and(|token| token.is("TRANSACTION")) {
        return Some("it controls the server".to_owned());
    }
    (0..tokens.len())
        .find_map(|at| reaches_out(&tokens[at..], at.checked_sub(1).map(|before| &tokens[before])))
        .map(str::to_owned)
}

/// Whether a definition is of an object beyond the schema. The schema itself is not: its name is checked elsewhere.
fn defines_foreign_object(tokens: &[Token<'_>]) -> bool {
    let of_schema =
        tokens[0].is("ALTER") && tokens.get(1).is_some_and(|token| token.is_any(&["DATABASE", "SCHEMA"]));
    // The tokens are not the statement's text, but they are the same words in the same order.
    let words: Vec<&str> = tokens.iter().map(|token| token.text).collect();
    let is_other = !of_schema && Kind::of(&words.join(" ")) == Kind::Other;
    let mut before_name =
        tokens[1..].iter().take(5).take_while(|token| !token.is_any(&["TABLE", "SEQUENCE"]));
    is_other && before_name.any(|token| token.is_any(FOREIGN_OBJECTS))
}

/// Returns why the words at this place reach beyond the schema, wherever they stand: also in the body of a program.
fn reaches_out(tokens: &[Token<'_>], before: Option<&Token<'_>>) -> Option<&'static str> {
    let [first, rest @ ..] = tokens else { return None };
    let next = |offset: usize, words: &[&str]| rest.get(offset).is_some_and(|token| token.is_any(words));
    let follows = |words: &[&str]| before.is_some_and(|token| token.is_any(words));
    let after_symbol = |symbol: &str| before.is_some_and(|token| token.is_symbol(symbol));
    if first.is_any(&["GRANT", "REVOKE", "KILL"]) {
        return Some("it changes accounts or ends sessions");
    }
    if first.is("PREPARE") && next(1, &["FROM"]) || first.is("EXECUTE") && next(0, &["IMMEDIATE"]) {
        return Some("it composes statements at run time");
    }
    if first.is("INTO") && next(0, &["OUTFILE", "DUMPFILE"]) || first.is("LOAD_FILE") {
        return Some("it uses files of the server");
    }
    if first.is("SONAME") {
        return Some("it loads a library into the server");
    }
    if first.is("LOAD") && next(0, &["DATA", "XML", "INDEX"]) {
        return Some("it uses files of the server");
    }
    let assigns = follows(&["SET"]) || after_symbol(",") || after_symbol("@");
    let is_assigned = rest.first().is_some_and(|token| token.is_symbol("="));
    if first.is_any(&["GLOBAL", "PERSIST", "PERSIST_ONLY"]) && assigns && !is_assigned {
        return Some("it changes settings of the server");
    }
    // Elsewhere `SET password = 'x'` assigns a value to a column.
    let starts = before.is_none_or(|token| {
        token.is_symbol(";") || token.is_any(&["BEGIN", "THEN", "ELSE", "DO", "LOOP", "REPEAT"])
    });
    if first.is("SET") && next(0, &["PASSWORD"]) && starts {
        return Some("it changes accounts");
    }
    if first.is("SET")
        && next(0, &["PASSWORD", "ROLE", "DEFAULT", "RESOURCE"])
        && !rest.get(1).is_some_and(is_value)
    {
        return Some("it changes accounts");
    }
    let engine = rest.iter().find(|token| !token.is_symbol("="));
    if first.is("ENGINE")
        && engine.is_some_and(|engine| REMOTE_ENGINES.iter().any(|name| is_named(engine, name)))
    {
        return Some("it uses tables of another server");
    }
    None
}

/// Whether a token makes the word before it the name of a column: `SET role = 1`.
fn is_value(token: &Token<'_>) -> bool {
    token.is_symbol("=") || token.is_symbol(":")
}

fn is_named(token: &Token<'_>, name: &str) -> bool {
    token.text.trim_matches(['\'', '"', '`']).eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_the_schema_are_allowed() {
        for sql in [
            "create table t1 (id int primary key auto_increment)",
            "CREATE TEMPORARY TABLE role (user int); DROP TEMPORARY TABLE user",
            "CREATE TEMPORARY TABLE x (a int); INSERT INTO x SELECT 1; DROP TEMPORARY TABLE x",
            "ALTER TABLE t ADD COLUMN global int, ADD KEY k (global); UPDATE t SET global = 1, role = 2",
            "ALTER DATABASE CHARACTER SET utf8mb4",
            "RENAME TABLE a TO b; TRUNCATE b",
            "DELIMITER //\nCREATE PROCEDURE p() BEGIN UPDATE t SET a = 1; END//\nDELIMITER ;\nCALL p()",
            "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1",
            "SET foreign_key_checks = 0; SET @a = 1, @@session.sql_mode = ''",
            "(SELECT 1) UNION (SELECT 2)",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE()",
            "START TRANSACTION; INSERT INTO t (a) VALUES ('GRANT ALL', 'x INTO OUTFILE y'); COMMIT",
            "INSERT INTO t (`grant`) VALUES (1) -- kill",
            "ccreate table t (a int); create tabel t (a int); nonsense",
            "",
        ] {
            assert_eq!(refusal(sql), None, "{sql}");
        }
    }

    #[test]
    fn statements_that_reach_beyond_the_schema_are_refused() {
        for sql in [
            "UPDATE mysql.user SET a = 1",
            "CREATE TABLE other.t (a int)",
            "USE other",
            "DROP DATABASE x",
            "CREATE DATABASE x",
            "CREATE USER u",
            "CREATE USER temporary",
            "ALTER USER u IDENTIFIED BY 'x'",
            "RENAME USER a TO b",
            "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'h')",
            "GRANT ALL ON t TO u",
            "INSERT INTO t VALUES (1); REVOKE ALL ON t FROM u",
            "SET GLOBAL max_connections = 1",
            "SET @a = 1, GLOBAL max_connections = 1",
            "SET @@GLOBAL.max_connections = 1",
            "SET PERSIST max_connections = 1",
            "SET PASSWORD = 'x'",
            "SET ROLE r",
            "SET DEFAULT ROLE r",
            "KILL 5",
            "SHUTDOWN",
            "FLUSH TABLES",
            "PURGE BINARY LOGS TO 'x'",
            "START SLAVE",
            "CHANGE MASTER TO MASTER_HOST = 'h'",
            "INSTALL SONAME 'x'",
            "LOAD DATA INFILE 'x' INTO TABLE t",
            "SELECT 1 INTO OUTFILE '/var/x'",
            "SELECT load_file('/etc/passwd')",
            "PREPARE s FROM 'DROP DATABASE x'",
            "EXECUTE IMMEDIATE 'DROP DATABASE x'",
            "CREATE PROCEDURE p() BEGIN EXECUTE IMMEDIATE 'DROP DATABASE x'; END",
            "CREATE PROCEDURE p() BEGIN KILL 5; END",
            "/*!50003 GRANT ALL ON t TO u */",
            "CREATE TABLE t (a int) ENGINE=FEDERATED CONNECTION='mysql://h/d/t'",
            "CREATE TABLE t (a int) ENGINE 'connect'",
            "CREATE FUNCTION f RETURNS INTEGER SONAME 'x.so'",
            "CREATE OR REPLACE TABLESPACE t ADD DATAFILE 'x'",
        ] {
            assert!(refusal(sql).is_some(), "{sql}");
        }
    }

    #[test]
    fn a_refusal_tells_the_statement_and_the_reason() {
        assert_eq!(
            refusal("SELECT 1; FLUSH TABLES").as_deref(),
            Some("Statement 2 is not allowed in a changeset: FLUSH TABLES does not change the schema.")
        );
        assert_eq!(
            refusal("DROP TABLE x.t").as_deref(),
            Some("The statements name the schema 'x'. A changeset changes one schema and names none.")
        );
    }
}
