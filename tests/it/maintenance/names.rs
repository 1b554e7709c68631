//! Names that need quoting, in paths and in statements.

use anyhow::{Context, Result};
use base64::prelude::{BASE64_STANDARD, Engine};
use maintenance::operation::kind::Kind;
use maintenance::operation::mode::Mode;
use maintenance::operation::options::Options;
use maintenance::operation::statement::{Relation, statement};
use maintenance::postgres::identifier::{Identifier, Qualified};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{CLUSTER, Database, server};

/// Names of all kinds of trouble.
const NAMES: [&str; 16] = [
    "My Table",
    "it's",
    "a\"b",
    "per%cent",
    "br{ace}",
    "select",
    "sl/ash",
    "pl+us",
    "été_表",
    "Upper",
    "semi;colon",
    "ha#sh",
    "qu?estion",
    "back\\slash",
    "$1",
    "--",
];

fn quoted(name: &str) -> String {
    Identifier::new(name).expect("a possible name").to_string()
}

#[tokio::test]
async fn every_name_is_found_as_it_is_written() -> Result<()> {
    let longest = "é".repeat(31) + "x";
    let all = NAMES.into_iter().chain([longest.as_str()]);
    let script: String = all.clone().fold(String::new(), |script, name| {
        let name = quoted(name);
        script + &format!("CREATE SCHEMA {name}; CREATE TABLE {name}.{name} ({name} int PRIMARY KEY);")
    });
    let database = Database::with(&script)?;
    for name in all {
        let table = database.table(name, name).await?;
        assert_eq!((table.name.as_str(), table.activity.schemaname.as_str()), (name, name));
        let [key] = &table.indexes[..] else { panic!("{:?}", table.indexes) };
        assert_eq!(key.tablename, name);
        assert_eq!(database.schema(name).await?.tables.len(), 1, "{name}");
    }
    for wrong_case in ["upper", "my table", "SELECT"] {
        assert_eq!(database.find_table(wrong_case, wrong_case).await?, None);
    }
    let too_long = "x".repeat(64);
    assert_eq!(database.find_table("public", &too_long).await?, None);
    assert_eq!(database.find_table(&too_long, "city").await?, None);
    Ok(())
}

#[tokio::test]
async fn every_name_of_a_database_is_found_as_it_is_written() -> Result<()> {
    let server = server(&CLUSTER.url("postgres"))?;
    for name in NAMES {
        let name = format!("db {name}");
        CLUSTER.run("postgres", &format!("CREATE DATABASE {}", quoted(&name)))?;
        let report = server.database_report(&name).await?.with_context(|| name.clone())?;
        assert!(report.total_bytes > 0);
        assert_eq!(server.database_report(&name.to_uppercase()).await?, None);
        CLUSTER.run("postgres", &format!("DROP DATABASE {}", quoted(&name)))?;
    }
    for unknown in ["nodb", "", "postgres\0", "x' OR '1'='1", &"x".repeat(64)] {
        assert_eq!(server.database_report(unknown).await?, None, "{unknown:?}");
        assert_eq!(server.schema_report(unknown, "public").await?, None, "{unknown:?}");
        assert_eq!(server.table_report(unknown, "public", "city").await?, None, "{unknown:?}");
        assert_eq!(server.advice(unknown).await?, None, "{unknown:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_name_cannot_become_a_statement() -> Result<()> {
    let database = Database::with("CREATE TABLE v1 (id int); CREATE TABLE city (id int)")?;
    for table in
        ["x'; DROP TABLE public.v1; --", "city' OR 'a'='a", "city\"; DROP TABLE v1; --", "city;DROP TABLE v1"]
    {
        assert_eq!(database.find_table("public", table).await?, None, "{table}");
        assert_eq!(database.find_table(table, "city").await?, None, "{table}");
        assert_eq!(database.server.schema_report(&database.name, table).await?, None, "{table}");
    }
    assert!(database.find_table("public", "v1").await?.is_some());
    Ok(())
}

/// What PostgreSQL understands by a quoted name is the name, and what `quote_ident` makes of it names the same object.
#[test]
fn a_quoted_name_means_the_name() -> Result<()> {
    let database = Database::new()?;
    let mut runner = TestRunner::new(Config { cases: 8, failure_persistence: None, ..Config::default() });
    let name = prop_oneof!["[^\0]{1,20}", "[a-zA-Z_\"' ;%\\\\$-]{1,30}", "(select|table|user|null|Order)"];
    let names = prop::collection::vec(name, 20);
    runner.run(&names, |names| {
        let names: Vec<Identifier> = names.iter().filter_map(|name| Identifier::new(name)).collect();
        // The name to compare with is encoded, so that it is not read as SQL.
        let script: String = names.iter().fold(String::new(), |script, name| {
            let given = format!(
                "convert_from(decode('{}', 'base64'), 'UTF8')",
                BASE64_STANDARD.encode(name.as_str())
            );
            script
                + &format!(
                    "SELECT attname = {given} AND parse_ident(quote_ident({given})) = ARRAY[attname::text]"
                )
                + &format!(
                    " FROM (SELECT 1 AS {name}) AS one, LATERAL json_object_keys(to_json(one)) AS attname;\n"
                )
        });
        let answers =
            database.run(&script).map_err(|error| TestCaseError::fail(format!("{error:#}: {names:?}")))?;
        prop_assert_eq!(answers, vec!["t"; names.len()].join("\n"), "{:?}", names);
        Ok(())
    })?;
    Ok(())
}

/// `format('%I.%I')` quotes only where it must, so that the parsed names are compared.
#[test]
fn names_in_statements_are_those_that_postgresql_formats() -> Result<()> {
    let database = Database::new()?;
    let mut runner = TestRunner::new(Config { cases: 8, failure_persistence: None, ..Config::default() });
    let name = prop_oneof!["[^\0]{1,20}", "[a-zA-Z_\"' .;%\\\\$-]{1,30}", "(select|table|user|null|Order)"];
    let pairs = prop::collection::vec((name.clone(), name), 100);
    runner.run(&pairs, |pairs| {
        let pairs = pairs
            .iter()
            .filter(|(schema, name)| Identifier::new(schema).is_some() && Identifier::new(name).is_some());
        let text = |text: &str| {
            format!("convert_from(decode('{}', 'base64'), 'UTF8')", BASE64_STANDARD.encode(text))
        };
        let rows: Vec<String> = pairs
            .map(|(schema, name)| {
                let relation = Relation::Table(Qualified::new(schema, name));
                let full = Options { mode: Mode::parse("full").unwrap_or_default(), ..Options::default() };
                let made = statement(Kind::Vacuum, &relation, &full);
                format!("({}, {}, {})", text(schema), text(name), text(&made))
            })
            .collect();
        let script = format!(
            "SELECT count(*) FILTER (WHERE starts_with(made, 'VACUUM (FULL) ')
               AND parse_ident(substr(made, 15)) = ARRAY[schema, name]
               AND parse_ident(substr(made, 15)) = parse_ident(format('%I.%I', schema, name)))
             FROM (VALUES {}) AS given(schema, name, made);\n",
            rows.join(", ")
        );
        let answer =
            database.run(&script).map_err(|error| TestCaseError::fail(format!("{error:#}: {rows:?}")))?;
        prop_assert_eq!(answer, rows.len().to_string(), "{:?}", rows);
        Ok(())
    })?;
    Ok(())
}
