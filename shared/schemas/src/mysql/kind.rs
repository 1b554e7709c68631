//! Pure. What a statement changes.

use super::lexer::{Token, significant_tokens};

/// Objects that a dump shows, so that its checksum tells whether a statement about one took effect.
const STRUCTURE: &[&str] =
    &["TABLE", "TABLES", "VIEW", "INDEX", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "SEQUENCE", "COLUMN"];
/// Words between the verb and the object.
const MODIFIERS: &[&str] = &[
    "OR",
    "REPLACE",
    "ONLINE",
    "OFFLINE",
    "IGNORE",
    "UNIQUE",
    "FULLTEXT",
    "SPATIAL",
    "VECTOR",
    "AGGREGATE",
    "DEFINER",
    "ALGORITHM",
    "SQL",
    "SECURITY",
    "CURRENT_USER",
    "CURRENT_ROLE",
    "UNDEFINED",
    "MERGE",
    "TEMPTABLE",
    "INVOKER",
];

/// What a statement changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The structure of a schema. It commits by itself, and the checksum of a dump tells whether it took effect.
    Ddl,
    /// Rows. No dump tells whether it took effect. `TRUNCATE`, and changes of a table that only move or drop rows, are of
    /// this kind although they commit by themselves.
    Dml,
    /// Neither, such as `SELECT`, `SET` and `GRANT`, or what cannot be told, such as `CALL`.
    Other,
}

impl Kind {
    /// Returns the kind of one statement.
    pub fn of(statement: &str) -> Self {
        let tokens = significant_tokens(statement);
        let Some(first) = tokens.first() else { return Self::Other };
        match first.text.to_ascii_uppercase().as_str() {
            "ALTER" if moves_rows(&tokens) => Self::Dml,
            "CREATE" | "ALTER" | "DROP" | "RENAME" => of_definition(&tokens[1..]),
            "INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "LOAD" | "TRUNCATE" => Self::Dml,
            "WITH" => of_common_table_expression(&tokens),
            _ => Self::Other,
        }
    }
}

/// The kind of a definition by its object. `tokens` are those after the verb.
fn of_definition(tokens: &[Token<'_>]) -> Kind {
    let mut before: Option<&Token<'_>> = None;
    for token in tokens {
        let is_value = before.is_some_and(|before| before.is_symbol("=") || before.is_symbol("@"));
        if token.is_any(STRUCTURE) && !is_value {
            return Kind::Ddl;
        }
        let is_definer = is_value || !matches!(token.kind, super::lexer::TokenKind::Word);
        if !is_definer && !token.is_any(MODIFIERS) {
            return Kind::Other;
        }
        before = Some(token);
    }
    Kind::Other
}

/// Whether an `ALTER TABLE` changes rows and leaves the definition as it is.
fn moves_rows(tokens: &[Token<'_>]) -> bool {
    let is_table = tokens.get(1).is_some_and(|token| token.is("TABLE"));
    let actions = tokens.windows(2).any(|pair| {
        (pair[0].is_any(&["TRUNCATE", "EXCHANGE"]) && pair[1].is("PARTITION"))
            || (pair[0].is_any(&["DISCARD", "IMPORT"]) && pair[1].is_any(&["TABLESPACE", "PARTITION"]))
    });
    is_table && actions
}

/// The kind of the statement that follows common table expressions.
fn of_common_table_expression(tokens: &[Token<'_>]) -> Kind {
    let mut depth = 0_usize;
    for token in tokens {
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ if depth == 0 && token.is("SELECT") => return Kind::Other,
            _ if depth == 0 && token.is_any(&["INSERT", "UPDATE", "DELETE", "REPLACE"]) => return Kind::Dml,
            _ => {}
        }
    }
    Kind::Other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_apart_by_what_they_change() {
        for (statement, kind) in [
            ("CREATE TABLE t (a int)", Kind::Ddl),
            ("-- why\n/* x */ create unique index i on t (a)", Kind::Ddl),
            (
                "/*!50001 CREATE ALGORITHM=MERGE */ /*!50013 DEFINER=`table`@`%` SQL SECURITY INVOKER */ VIEW v AS SELECT 1",
                Kind::Ddl,
            ),
            ("CREATE DEFINER=view@localhost TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET @a = 1", Kind::Ddl),
            ("ALTER TABLE t ADD COLUMN truncate int", Kind::Ddl),
            ("ALTER IGNORE TABLE t DROP PARTITION p", Kind::Ddl),
            ("RENAME TABLE a TO b", Kind::Ddl),
            ("DROP EVENT e", Kind::Ddl),
            ("ALTER TABLE t TRUNCATE PARTITION p", Kind::Dml),
            ("ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u", Kind::Dml),
            ("ALTER TABLE t IMPORT TABLESPACE", Kind::Dml),
            ("TRUNCATE t", Kind::Dml),
            ("INSERT INTO t VALUES (1)", Kind::Dml),
            ("replace t VALUES (1)", Kind::Dml),
            ("LOAD DATA INFILE 'x' INTO TABLE t", Kind::Dml),
            ("WITH a AS (SELECT 1) UPDATE t, a SET t.b = 1", Kind::Dml),
            ("WITH a AS (DELETE), b (c) AS (SELECT 1) SELECT * FROM b", Kind::Other),
            ("CREATE TEMPORARY TABLE t (a int)", Kind::Other),
            ("DROP TEMPORARY TABLE t", Kind::Other),
            ("CREATE USER u", Kind::Other),
            ("CREATE DATABASE d", Kind::Other),
            ("GRANT ALL ON t TO u", Kind::Other),
            ("SELECT * FROM t", Kind::Other),
            ("(SELECT 1) UNION SELECT 2", Kind::Other),
            ("CALL p()", Kind::Other),
            ("SET @a = 1", Kind::Other),
            ("", Kind::Other),
        ] {
            assert_eq!(Kind::of(statement), kind, "{statement}");
        }
    }
}
