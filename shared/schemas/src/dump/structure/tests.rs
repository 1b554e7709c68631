use super::*;

const BEFORE: &str = "CREATE TABLE `a` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `name` varchar(20) DEFAULT 'x,;' COMMENT 'KEY `b` (c)',
  `old` int(11) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `by_name` (`name`),
  KEY `by_old` (`old`),
  CONSTRAINT `fk` FOREIGN KEY (`old`) REFERENCES `b` (`id`),
  CONSTRAINT `positive` CHECK (`id` > 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE `b` (
  `id` int(11) NOT NULL
) ENGINE=InnoDB;
CREATE VIEW `v` AS select 1 AS `1`;
CREATE TRIGGER `x` BEFORE INSERT ON `a` FOR EACH ROW BEGIN SET NEW.`id` = 1; END";

fn part(name: &str, definition: &str) -> Part {
    Part { name: name.to_owned(), definition: definition.to_owned() }
}

#[test]
fn equal_structures_have_no_difference() {
    assert!(Difference::between(BEFORE, BEFORE).is_empty());
    assert!(Difference::between("", "").is_empty());
}

#[test]
fn objects_are_added_and_removed_by_kind_and_name() {
    let after = "CREATE TABLE `c` (\n  `id` int(11)\n);\nCREATE DEFINER=`view`@`%` PROCEDURE `v`() SELECT 1";
    let difference = Difference::between(BEFORE, after);
    let names = |objects: &[Object]| -> Vec<String> {
        objects.iter().map(|object| format!("{} {}", object.kind, object.name)).collect()
    };
    assert_eq!(names(&difference.added), ["table c", "procedure v"]);
    assert_eq!(names(&difference.removed), ["table a", "table b", "view v", "trigger x"]);
    assert_eq!(difference.changed, []);
}

#[test]
fn columns_indexes_constraints_and_options_are_compared() {
    let after = BEFORE
        .replace("  `old` int(11) DEFAULT NULL,\n", "  `new` datetime DEFAULT NULL,\n")
        .replace("varchar(20)", "varchar(40)")
        .replace("  KEY `by_old` (`old`),\n", "  KEY `by_new` (`new`),\n")
        .replace("UNIQUE KEY `by_name` (`name`)", "UNIQUE KEY `by_name` (`name`,`id`)")
        .replace("(`old`) REFERENCES", "(`new`) REFERENCES")
        .replace("  CONSTRAINT `positive` CHECK (`id` > 0)\n", "  CONSTRAINT `other` CHECK (`id` > 1)\n")
        .replace("CHARSET=utf8mb4", "CHARSET=latin1");
    let difference = Difference::between(BEFORE, &after);
    assert!(difference.added.is_empty() && difference.removed.is_empty());
    let [change] = &difference.changed[..] else { panic!("one change: {difference:?}") };
    assert_eq!(change.columns.added, [part("new", "datetime DEFAULT NULL")]);
    assert_eq!(change.columns.removed, [part("old", "int(11) DEFAULT NULL")]);
    assert_eq!(change.columns.changed[0].name, "name");
    assert_eq!(change.indexes.added, [part("by_new", "KEY `by_new` (`new`)")]);
    assert_eq!(change.indexes.removed, [part("by_old", "KEY `by_old` (`old`)")]);
    assert_eq!(change.indexes.changed[0].after, "UNIQUE KEY `by_name` (`name`,`id`)");
    assert_eq!(change.constraints.added, [part("other", "CONSTRAINT `other` CHECK (`id` > 1)")]);
    assert_eq!(change.constraints.removed, [part("positive", "CONSTRAINT `positive` CHECK (`id` > 0)")]);
    assert_eq!(change.constraints.changed[0].name, "fk");
    let options = (
        "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4".to_owned(),
        "ENGINE=InnoDB DEFAULT CHARSET=latin1".to_owned(),
    );
    assert_eq!(change.options, Some(options));
    assert!(!change.reordered);
}

#[test]
fn moved_column_is_a_change() {
    let after = BEFORE
        .replace("  `id` int(11) NOT NULL AUTO_INCREMENT,\n", "")
        .replace("  PRIMARY KEY", "  `id` int(11) NOT NULL AUTO_INCREMENT,\n  PRIMARY KEY");
    let difference = Difference::between(BEFORE, &after);
    assert!(difference.changed[0].reordered && difference.changed[0].columns.is_empty(), "{difference:?}");
}

#[test]
fn changed_program_is_a_change_without_parts() {
    let after = BEFORE.replace("SET NEW.`id` = 1", "SET NEW.`id` = 2");
    let difference = Difference::between(BEFORE, &after);
    let [change] = &difference.changed[..] else { panic!("one change: {difference:?}") };
    assert_eq!((change.object.kind, change.object.name.as_str()), (ObjectKind::Trigger, "x"));
    assert!(change.columns.is_empty() && change.options.is_none());
}
