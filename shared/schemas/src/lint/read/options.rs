//! Pure. Reads options of tables and databases.

use crate::lint::lexeme::Cursor;
use crate::lint::model::Options;

/// Reads options up to the end or a SELECT. Skips others, and the definitions of partitions.
pub(super) fn options(cursor: &mut Cursor<'_>) -> Options {
    let mut options = Options { line: cursor.line(), ..Options::default() };
    let mut is_partitioned = false;
    while cursor.peek().is_some() && !at_select(cursor) {
        is_partitioned |= cursor.at("PARTITION BY");
        if is_partitioned {
            cursor.skip();
        } else {
            option(cursor, &mut options);
        }
    }
    options
}

/// Whether the query of a CREATE TABLE … SELECT comes next. It may be in parentheses.
fn at_select(cursor: &Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    ahead.take("AS");
    while ahead.symbol("(") {}
    ahead.at("SELECT") || (ahead.at("WITH") && !ahead.at("WITH SYSTEM"))
}

fn option(cursor: &mut Cursor<'_>, options: &mut Options) {
    let lower = |value: Option<&str>| value.map(str::to_ascii_lowercase);
    cursor.take("DEFAULT");
    if cursor.take_any(&["CHARACTER SET", "CHARSET"]) {
        options.charset = lower(cursor.value());
    } else if cursor.take("COLLATE") {
        options.collation = lower(cursor.value());
    } else if cursor.take_any(&["ENGINE", "TYPE"]) {
        options.engine = cursor.value().map(str::to_owned);
    } else if cursor.take("AUTO_INCREMENT") {
        options.auto_increment = cursor.value().and_then(|value| value.parse().ok());
    } else if cursor.take("COMMENT") {
        cursor.value();
    } else if cursor.take("UNION") {
        cursor.symbol("=");
        cursor.skip();
    } else if let Some(name) = compression_option(cursor) {
        let value = cursor.value().unwrap_or_default();
        let is_off = match name {
            "ROW_FORMAT" => !value.eq_ignore_ascii_case("compressed"),
            _ => ["0", "off", "none", "no"].iter().any(|off| value.eq_ignore_ascii_case(off)),
        };
        if !is_off {
            options.compression = Some(format!("{name}={}", value.to_uppercase()));
        }
    } else {
        cursor.skip();
    }
}

/// Reads the name of an option that can compress a table. MariaDB also accepts it in backticks.
fn compression_option(cursor: &mut Cursor<'_>) -> Option<&'static str> {
    let names = ["ROW_FORMAT", "KEY_BLOCK_SIZE", "PAGE_COMPRESSED", "COMPRESSION"];
    let next = cursor.peek()?;
    let name = names.into_iter().find(|name| next.text.eq_ignore_ascii_case(name))?;
    cursor.advance();
    Some(name)
}

/// Reads `WAIT 5` or `NOWAIT` of MariaDB, if it comes next.
pub(super) fn skip_wait(cursor: &mut Cursor<'_>) {
    if cursor.take("WAIT") {
        cursor.advance();
    }
    cursor.take("NOWAIT");
}
