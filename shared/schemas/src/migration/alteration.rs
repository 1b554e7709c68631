//! Pure. Alterations of a table.

use std::collections::BTreeMap;

use crate::dump::structure::{TableParts, table};
use crate::migration::quoted;
use crate::mysql::lexer::significant_tokens;

/// The alterations of a table.
#[derive(Debug, Default)]
pub(super) struct Alteration {
    /// The statement that drops foreign keys. A server does not drop and add one of the same name in one statement.
    pub(super) drops: Option<String>,
    /// The statement with the other changes.
    pub(super) rest: Option<String>,
    /// The statement that adds foreign keys, which may refer to new tables.
    pub(super) adds: Option<String>,
    /// Differences that no statement covers.
    pub(super) notes: Vec<String>,
}

/// Returns the alterations that lead from one definition of a table to another.
pub(super) fn alteration(name: &str, before: &str, after: &str) -> Alteration {
    let (before, after) = (table(before), table(after));
    let mut clauses = Vec::new();
    let (keys, checks): (Vec<_>, Vec<_>) =
        gone(&before.constraints, &after.constraints).into_iter().partition(is_foreign_key);
    let keys: Vec<String> = keys.iter().map(|(key, _)| format!("DROP FOREIGN KEY {}", quoted(key))).collect();
    clauses.extend(checks.iter().map(|(check, _)| format!("DROP CONSTRAINT {}", quoted(check))));
    clauses.extend(gone(&before.indexes, &after.indexes).iter().map(|(index, _)| match index.as_str() {
        "PRIMARY" => "DROP PRIMARY KEY".to_owned(),
        index => format!("DROP INDEX {}", quoted(index)),
    }));
    clauses.extend(columns(&before, &after));
    let (new_keys, new_checks): (Vec<_>, Vec<_>) =
        gone(&after.constraints, &before.constraints).into_iter().partition(is_foreign_key);
    let add = |(_, text): &(String, &str)| format!("ADD {text}");
    clauses.extend(gone(&after.indexes, &before.indexes).iter().chain(&new_checks).map(add));
    let (options, notes) = options(name, before.options, after.options);
    clauses.extend(options);
    let statement = |clauses: Vec<String>| {
        let clauses = clauses.join(",\n  ");
        (!clauses.is_empty()).then(|| format!("ALTER TABLE {}\n  {clauses}", quoted(name)))
    };
    let adds = new_keys.iter().map(add).collect();
    Alteration { drops: statement(keys), rest: statement(clauses), adds: statement(adds), notes }
}

fn is_foreign_key((_, text): &(String, &str)) -> bool {
    text.contains("FOREIGN KEY")
}

/// Returns the parts of one table that the other does not have, or has in another form.
fn gone<'a>(these: &[(String, &'a str)], others: &[(String, &str)]) -> Vec<(String, &'a str)> {
    these.iter().filter(|(name, text)| !others.contains(&(name.clone(), text))).cloned().collect()
}

/// Returns the changes of columns. Those that stay are moved if another one is in their place.
fn columns(before: &TableParts<'_>, after: &TableParts<'_>) -> Vec<String> {
    let is_kept = |name: &String| after.columns.iter().any(|(other, _)| other == name);
    let old: BTreeMap<&str, &str> =
        before.columns.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let mut order: Vec<&str> = before
        .columns
        .iter()
        .map(|(name, _)| name)
        .filter(|name| is_kept(name))
        .map(String::as_str)
        .collect();
    let dropped = before.columns.iter().filter(|(name, _)| !is_kept(name));
    let mut clauses: Vec<String> = dropped.map(|(name, _)| format!("DROP COLUMN {}", quoted(name))).collect();
    for (at, (name, text)) in after.columns.iter().enumerate() {
        let is_in_place = order.get(at) == Some(&name.as_str());
        if is_in_place && old.get(name.as_str()) == Some(text) {
            continue;
        }
        let verb = if old.contains_key(name.as_str()) { "MODIFY" } else { "ADD" };
        let place = match at.checked_sub(1).map(|before| &after.columns[before].0) {
            _ if is_in_place => String::new(),
            Some(previous) => format!(" AFTER {}", quoted(previous)),
            None => " FIRST".to_owned(),
        };
        clauses.push(format!("{verb} COLUMN {} {text}{place}", quoted(name)));
        order.retain(|other| other != name);
        order.insert(at.min(order.len()), name);
    }
    clauses
}

/// Returns the changes of options, and what they do not cover.
fn options(name: &str, before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    if before == after {
        return (Vec::new(), Vec::new());
    }
    let (old, old_partitions) = split_partitions(before);
    let (new, new_partitions) = split_partitions(after);
    let mut notes = Vec::new();
    if old_partitions != new_partitions {
        notes.push(format!("table {name}: the partitions differ"));
    }
    let (old, new) = (pairs(old), pairs(new));
    let lost: Vec<&str> = old.keys().filter(|key| !new.contains_key(*key)).map(String::as_str).collect();
    let mut clauses: Vec<String> = Vec::new();
    for key in lost {
        match key {
            "COMMENT" => clauses.push("COMMENT=''".to_owned()),
            "ROW_FORMAT" => clauses.push("ROW_FORMAT=DEFAULT".to_owned()),
            "COLLATE" => {}
            _ => notes.push(format!("table {name}: the option {key} is not removed")),
        }
    }
    // A collation without its character set would be that of another one.
    let is_charset = |key: &str| matches!(key, "DEFAULT CHARSET" | "COLLATE");
    let has_charset = new.iter().any(|(key, value)| is_charset(key) && old.get(key) != Some(value));
    let changed = new.iter().filter(|(key, value)| old.get(*key) != Some(*value) && !is_charset(key));
    clauses.extend(changed.map(|(key, value)| format!("{key}={value}")));
    if has_charset {
        let all = ["DEFAULT CHARSET", "COLLATE"].into_iter();
        let set = all.filter_map(|key| Some(format!("{key}={}", new.get(key)?)));
        clauses.push(set.collect::<Vec<_>>().join(" "));
    }
    (clauses, notes)
}

/// Splits the options of a table from its partitions.
fn split_partitions(options: &str) -> (&str, &str) {
    let at = options.find("PARTITION BY").unwrap_or(options.len());
    let at = options[..at].rfind('\n').unwrap_or(at);
    (options[..at].trim(), options[at..].trim())
}

/// Reads options as `SHOW CREATE TABLE` writes them: `ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='a b'`.
fn pairs(options: &str) -> BTreeMap<String, String> {
    let tokens = significant_tokens(options);
    let mut pairs = BTreeMap::new();
    let mut words: Vec<&str> = Vec::new();
    let mut tokens = tokens.iter().peekable();
    while let Some(token) = tokens.next() {
        if !token.is_symbol("=") {
            words.push(token.text);
            continue;
        }
        let Some(value) = tokens.next() else { break };
        pairs.insert(words.join(" "), value.text.to_owned());
        words.clear();
    }
    pairs
}
