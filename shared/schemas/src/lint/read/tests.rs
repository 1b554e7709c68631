//! What is read from statements, and that it agrees with the parser.

use sqlparser::ast;
use sqlparser::dialect::MySqlDialect;
use sqlparser::parser::Parser;

use super::*;
use crate::lint::lexeme::lexemes;
use crate::lint::model::IndexKind;

fn read(text: &str) -> Statement {
    statement(&lexemes(text).unwrap())
}

fn created(text: &str) -> Definition {
    match read(text) {
        Statement::CreateTable(create) => create.definition,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn the_output_of_show_create_is_read_completely() {
    let blocks = include_str!("../corpus/tables.sql").split("-- define: ").skip(1);
    let sizes: Vec<(usize, usize, usize)> = blocks
        .map(|block| created(block.split_once('\n').unwrap().1))
        .map(|table| (table.columns.len(), table.indexes.len(), table.foreign_keys.len()))
        .collect();
    assert_eq!(sizes, [(9, 4, 0), (7, 2, 1), (6, 3, 0), (4, 2, 0), (2, 1, 0), (4, 3, 0)]);
}

#[test]
fn attributes_of_columns_are_read() {
    let table = created(
        "CREATE TABLE t (a INTEGER(5) UNSIGNED ZEROFILL NOT NULL DEFAULT -7 COMMENT 'NULL DEFAULT 8' KEY,
         b NATIONAL VARCHAR(20) COLLATE utf8mb4_bin DEFAULT 'x,y' UNIQUE, c SERIAL, d BOOL DEFAULT (1 + 1))",
    );
    let [a, b, c, d] = &table.columns[..] else { panic!("{table:?}") };
    assert_eq!(
        (a.data_type.base.as_str(), a.data_type.length(), a.data_type.is_zerofill),
        ("int", Some(5), true)
    );
    assert!(a.is_primary && a.is_not_null);
    assert_eq!(a.default, crate::lint::model::DefaultValue::Literal("-7".to_owned()));
    assert_eq!((b.data_type.base.as_str(), b.collation.as_deref()), ("varchar", Some("utf8mb4_bin")));
    assert!(c.is_auto_increment && c.data_type.is_unsigned);
    assert_eq!(d.data_type.to_string(), "TINYINT(1)");
    assert_eq!(
        table.indexes.iter().map(|index| index.kind).collect::<Vec<_>>(),
        [IndexKind::Primary, IndexKind::Unique, IndexKind::Unique]
    );
}

#[test]
fn options_after_partitions_belong_to_them() {
    let table = created("CREATE TABLE t (a INT) PARTITION BY HASH (a) (PARTITION p ENGINE = MyISAM)");
    assert_eq!(table.options.engine, None);
}

#[test]
fn accounts_of_definers_are_read_in_every_spelling() {
    for (text, expected) in [
        ("CREATE DEFINER=`root`@`localhost` VIEW v AS SELECT 1", Some("root@localhost")),
        ("CREATE DEFINER = 'app'@'%' PROCEDURE p() SELECT 1", Some("app@%")),
        ("CREATE DEFINER=root@localhost SQL SECURITY INVOKER VIEW v AS SELECT 1", Some("root@localhost")),
        ("CREATE DEFINER=CURRENT_USER() TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET @a = 1", None),
        ("CREATE VIEW v AS SELECT 1", None),
    ] {
        let Statement::Program(program) = read(text) else { panic!("{text}") };
        assert_eq!(program.definer.as_deref(), expected, "{text}");
    }
}

#[test]
fn incomplete_statements_are_not_recognized() {
    for text in [
        "CREATE TABLE t (a INT",
        "CREATE TABLE t (a INT,)",
        "CREATE TABLE t ()",
        "ALTER TABLE t ADD COLUMN",
        "DROP TABLE",
    ] {
        assert_eq!(read(text), Statement::Other, "{text}");
    }
}

/// Compares with the parser wherever it reads a CREATE TABLE of the corpus.
#[test]
fn columns_and_types_agree_with_the_parser() {
    let files = [
        include_str!("../corpus/create.sql"),
        include_str!("../corpus/judged.sql"),
        include_str!("../corpus/tables.sql"),
    ];
    let blocks = files.iter().flat_map(|file| file.split("\n-- "));
    let mut compared = 0;
    for block in blocks.filter_map(|block| block.split_once('\n').map(|(_, statement)| statement)) {
        let Ok(parsed) = Parser::parse_sql(&MySqlDialect {}, block) else { continue };
        let [ast::Statement::CreateTable(parsed)] = &parsed[..] else { continue };
        if parsed.columns.iter().any(|column| column.name.value == "LIKE") {
            continue; // The parser takes (LIKE t) for a column.
        }
        let names: Vec<&str> = parsed.columns.iter().map(|column| column.name.value.as_str()).collect();
        let table = created(block);
        assert_eq!(
            table.columns.iter().map(|column| column.name.text.as_str()).collect::<Vec<_>>(),
            names,
            "{block}"
        );
        let is_not_null = |column: &ast::ColumnDef| {
            column.options.iter().any(|option| matches!(option.option, ast::ColumnOption::NotNull))
        };
        for (own, other) in table.columns.iter().zip(&parsed.columns) {
            assert!(own.is_not_null || !is_not_null(other), "{block}: {}", own.name);
        }
        compared += 1;
    }
    assert!(compared > 80, "{compared}");
}
