//! Statements that lead from one structure to another, on a server.

use anyhow::Result;
use schemas::migration::Migration;

use super::Schema;

/// Structures of one schema. The statements between each two of them are tested.
const STRUCTURES: [&str; 6] = [
    "",
    "CREATE TABLE customers (id int PRIMARY KEY AUTO_INCREMENT, name varchar(10), mail varchar(20) NOT NULL, KEY n (name)); \
     CREATE TABLE orders (id int PRIMARY KEY, customer int, KEY c (customer), \
     CONSTRAINT f FOREIGN KEY (customer) REFERENCES customers (id));",
    "CREATE TABLE customers (mail varchar(30) NOT NULL DEFAULT 'x', id int AUTO_INCREMENT, name varchar(10), \
     born date COMMENT 'a, b', PRIMARY KEY (id), UNIQUE KEY n (mail, name)) COMMENT='people'; \
     CREATE TABLE orders (customer int, id int PRIMARY KEY, total decimal(9,2), KEY c (customer), \
     CONSTRAINT f FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE, CONSTRAINT k CHECK (total > 0)); \
     CREATE VIEW v AS SELECT id, mail FROM customers;",
    "CREATE TABLE customers (id bigint PRIMARY KEY) ROW_FORMAT=DYNAMIC DEFAULT CHARSET=latin1; \
     CREATE TABLE stock (id int PRIMARY KEY, parent int, \
     CONSTRAINT self FOREIGN KEY (parent) REFERENCES stock (id)); \
     CREATE VIEW v AS SELECT id FROM customers; \
     CREATE TRIGGER t BEFORE INSERT ON stock FOR EACH ROW SET NEW.parent = NULL;",
    "CREATE TABLE customers (name varchar(10), id bigint, place text, FULLTEXT KEY p (place)) ENGINE=InnoDB; \
     CREATE PROCEDURE p() SELECT 1;",
    "CREATE TABLE `odd ``name``` (`from` int PRIMARY KEY, `a b` int AS (`from` + 1) STORED, KEY `k` (`a b`));",
];

#[tokio::test]
async fn the_statements_lead_from_every_structure_to_every_other() -> Result<()> {
    let mut dumps = Vec::new();
    for script in STRUCTURES {
        dumps.push(Schema::with(script)?.dump().await?);
    }
    for (before, script) in dumps.iter().zip(STRUCTURES) {
        for after in &dumps {
            let migration = Migration::between(&before.ddl, &after.ddl);
            assert_eq!(migration.notes, Vec::<String>::new());
            let schema = Schema::with(script)?;
            let mut session = schema.open().await?;
            for statement in &migration.statements {
                let run = session.execute(statement).await;
                assert!(run.is_ok(), "{run:?}\n{statement}\n{:#?}", migration.statements);
            }
            session.close().await;
            assert_eq!(schema.dump().await?.ddl, after.ddl, "{:#?}", migration.statements);
        }
    }
    Ok(())
}
