use super::*;

const BEFORE: &str = "CREATE TABLE `t` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n  `a` int(11) DEFAULT NULL,\n  \
                      `b` varchar(10) DEFAULT NULL,\n  PRIMARY KEY (`id`),\n  KEY `k` (`a`)\n) ENGINE=InnoDB \
                      DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci";

fn statements(before: &str, after: &str) -> Vec<String> {
    let migration = Migration::between(before, after);
    assert_eq!(migration.notes, Vec::<String>::new());
    migration.statements
}

#[test]
fn equal_structures_need_no_statement() {
    assert_eq!(Migration::between(BEFORE, BEFORE), Migration::default());
}

#[test]
fn a_script_splits_into_its_statements() {
    let program = "CREATE PROCEDURE `p`()\nBEGIN\n  SELECT 1;\n  SELECT 2;\nEND";
    let migration = Migration {
        statements: vec!["DROP TABLE `t`".to_owned(), program.to_owned()],
        notes: vec!["table a\nDROP TABLE b differs".to_owned()],
    };
    let script = migration.script();
    assert!(script.starts_with("-- table a\n-- DROP TABLE b differs\nDROP TABLE `t`;\n"), "{script}");
    let statements = crate::mysql::statements::split(&script);
    assert_eq!(statements.len(), 2, "{statements:?}");
    assert_eq!(statements[1], program);
}

#[test]
fn tables_are_created_and_dropped() {
    let create = ["SET foreign_key_checks = 0", BEFORE, "SET foreign_key_checks = 1"];
    assert_eq!(statements("", BEFORE), create);
    let drop = ["SET foreign_key_checks = 0", "DROP TABLE `t`", "SET foreign_key_checks = 1"];
    assert_eq!(statements(BEFORE, ""), drop);
}

#[test]
fn columns_and_indexes_are_altered_together() {
    let after = BEFORE
        .replace("  `a` int(11) DEFAULT NULL,\n", "")
        .replace(
            "`b` varchar(10) DEFAULT NULL,\n",
            "`c` int(11) NOT NULL,\n  `b` varchar(20) DEFAULT NULL,\n",
        )
        .replace("KEY `k` (`a`)", "UNIQUE KEY `u` (`b`)");
    let altered = "ALTER TABLE `t`\n  DROP INDEX `k`,\n  DROP COLUMN `a`,\n  ADD COLUMN `c` int(11) NOT NULL AFTER `id`,\n  \
                   MODIFY COLUMN `b` varchar(20) DEFAULT NULL,\n  ADD UNIQUE KEY `u` (`b`)";
    assert_eq!(statements(BEFORE, &after), [altered]);
}

#[test]
fn columns_are_moved_to_their_place() {
    let after = BEFORE.replace(
        "  `a` int(11) DEFAULT NULL,\n  `b` varchar(10) DEFAULT NULL,\n",
        "  `b` varchar(10) DEFAULT NULL,\n  `a` int(11) DEFAULT NULL,\n",
    );
    let moved = "ALTER TABLE `t`\n  MODIFY COLUMN `b` varchar(10) DEFAULT NULL AFTER `id`";
    assert_eq!(statements(BEFORE, &after), [moved]);
}

#[test]
fn a_changed_foreign_key_is_dropped_before_it_is_added() {
    let with = |rule: &str| {
        let key = format!("  CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `p` (`id`){rule}\n) ENGINE");
        BEFORE.replace("KEY `k` (`a`)\n) ENGINE", &format!("KEY `k` (`a`),\n{key}"))
    };
    let drop = "ALTER TABLE `t`\n  DROP FOREIGN KEY `f`";
    let add =
        "ALTER TABLE `t`\n  ADD CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `p` (`id`) ON DELETE CASCADE";
    assert_eq!(statements(&with(""), &with(" ON DELETE CASCADE")), [drop, add]);
}

#[test]
fn options_are_changed_and_partitions_are_noted() {
    let after = BEFORE
        .replace("utf8mb4 COLLATE=utf8mb4_general_ci", "latin1 COLLATE=latin1_swedish_ci COMMENT='a b'");
    let altered = "ALTER TABLE `t`\n  COMMENT='a b',\n  DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci";
    assert_eq!(statements(BEFORE, &after), [altered]);
    assert_eq!(statements(&after, BEFORE)[0].lines().nth(1), Some("  COMMENT='',"));
    let partitioned = format!("{BEFORE}\n PARTITION BY HASH (`id`)\nPARTITIONS 4");
    let migration = Migration::between(BEFORE, &partitioned);
    assert_eq!(
        (migration.statements.len(), migration.notes),
        (0, vec!["table t: the partitions differ".to_owned()])
    );
}

#[test]
fn views_and_programs_are_replaced() {
    let view = |text: &str| format!("{BEFORE};\nCREATE VIEW `v` AS select {text}");
    let replaced = ["DROP VIEW `v`", "CREATE VIEW `v` AS select 2"];
    assert_eq!(statements(&view("1"), &view("2")), replaced);
    assert_eq!(statements(&view("1"), BEFORE), ["DROP VIEW `v`"]);
}
