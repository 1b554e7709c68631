//! Pure. The parts of definitions that do not belong to the structure.

use std::ops::Range;

use crate::mysql::lexer::{Token, TokenKind, significant_tokens, tokens};
use crate::mysql::qualifiers::without_schema;
use crate::mysql::statements::split;

/// Returns the definition of a table without its counter, and without its own schema before names, such as those of
/// sequences.
pub fn table(text: &str, schema: &str) -> String {
    finish(&without_counter(text), schema)
}

/// Returns the definition of a view, a trigger or a routine without its definer, and without its own schema before names.
pub fn program(text: &str, schema: &str) -> String {
    finish(&without_definer(text), schema)
}

/// Returns the definition of an event without its definer, without its own schema before names, and without the start of
/// its schedule, which is the time of its creation by default.
pub fn event(text: &str, schema: &str) -> String {
    finish(&without_start(&without_definer(text)), schema)
}

/// Returns the statements that count of the text of a dump tool: without counters, and without comments that servers
/// execute. These are the session's settings and, in dumps of `mysqldump`, the bodies of views and triggers.
pub fn statements(text: &str) -> Vec<String> {
    let kept = split(without_sandbox(text)).into_iter().filter(|statement| !statement.starts_with("/*!"));
    kept.map(|statement| trim(&without_counter(statement)).to_owned())
        .filter(|statement| !statement.is_empty())
        .collect()
}

/// Removes the comment with which newer tools start a dump. It has no semicolon.
fn without_sandbox(text: &str) -> &str {
    let Some(after) = text.strip_prefix("/*M!999999") else { return text };
    after.split_once("*/").map_or(text, |(_, text)| text)
}

fn finish(text: &str, schema: &str) -> String {
    let text = without_schema(trim(text), schema);
    let ends_in_comment = tokens(&text)
        .last()
        .is_some_and(|token| token.kind == TokenKind::Comment && !token.text.starts_with("/*"));
    // The comment must not hide the semicolon that follows the statement.
    if ends_in_comment { text + "\n" } else { text }
}

fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == ';')
}

/// Removes the option `AUTO_INCREMENT=7` of a table, and nothing in its columns, comments and strings.
pub fn without_counter(text: &str) -> String {
    let tokens = significant_tokens(text);
    let mut depth = 0_usize;
    let mut found = None;
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ if depth == 0 && token.is("AUTO_INCREMENT") => {
                let (equals, number) = (tokens.get(at + 1), tokens.get(at + 2));
                if equals.is_some_and(|token| token.is_symbol("="))
                    && let Some(number) = number.filter(|token| token.kind == TokenKind::Number)
                {
                    found = Some(token.start..number.span().end);
                }
            }
            _ => {}
        }
    }
    let is_table = tokens.first().is_some_and(|token| token.is("CREATE"));
    without(text, found.filter(|_| is_table))
}

/// Removes `DEFINER = user` from a definition.
pub fn without_definer(text: &str) -> String {
    let tokens = significant_tokens(text);
    let definer = tokens.windows(2).take(8).position(|pair| pair[0].is("DEFINER") && pair[1].is_symbol("="));
    without(
        text,
        definer.map(|at| tokens[at].start..end_of_user(&tokens[at + 2..], tokens[at + 1].span().end)),
    )
}

/// The end of the name of a user, which starts with the first of these tokens.
fn end_of_user(tokens: &[Token<'_>], start: usize) -> usize {
    let is_symbol =
        |at: usize, symbol: &str| tokens.get(at).is_some_and(|token: &Token<'_>| token.is_symbol(symbol));
    let last = if is_symbol(1, "@") || (is_symbol(1, "(") && is_symbol(2, ")")) { 2 } else { 0 };
    tokens.get(last).map_or(start, |token| token.span().end)
}

/// Removes `STARTS '2026-01-01 00:00:00'` from the schedule of an event.
pub fn without_start(text: &str) -> String {
    let tokens = significant_tokens(text);
    let schedule = tokens.iter().take_while(|token| !token.is("DO")).count();
    let start = tokens[..schedule]
        .windows(2)
        .find(|pair| pair[0].is("STARTS") && pair[1].kind == TokenKind::Text)
        .map(|pair| pair[0].start..pair[1].span().end);
    without(text, start)
}

/// Returns the text without a range of bytes, and without the white space after it.
fn without(text: &str, range: Option<Range<usize>>) -> String {
    let Some(range) = range else { return text.to_owned() };
    [&text[..range.start], text[range.end..].trim_start()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dump::Dump;

    #[test]
    fn counter_is_removed_as_an_option_of_the_table_only() {
        let with = "CREATE TABLE `t` (\n  `id` int(11) NOT NULL AUTO_INCREMENT COMMENT 'AUTO_INCREMENT=7 x',\n  \
                    `a` int(11) DEFAULT 5\n) ENGINE=InnoDB AUTO_INCREMENT=77 DEFAULT CHARSET=utf8mb4 \
                    COMMENT='AUTO_INCREMENT=8 y' /* AUTO_INCREMENT=9 */";
        assert_eq!(table(with, "s"), with.replace("AUTO_INCREMENT=77 ", ""));
        assert_eq!(table("CREATE TABLE `t` (`a` int) AUTO_INCREMENT=7", "s"), "CREATE TABLE `t` (`a` int)");
        let without = "CREATE TABLE `auto_increment` (`auto_increment` int)";
        assert_eq!(table(without, "s"), without);
    }

    #[test]
    fn definer_and_own_schema_are_removed() {
        for (text, normalized) in [
            (
                "CREATE ALGORITHM=UNDEFINED DEFINER=`a`@`%` SQL SECURITY DEFINER VIEW `v` AS select `s`.`t`.`a` AS `a` from `s`.`t`",
                "CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `v` AS select `t`.`a` AS `a` from `t`",
            ),
            (
                "CREATE DEFINER=`a``b`@`%` TRIGGER s.x BEFORE INSERT ON s.t FOR EACH ROW SET NEW.a = 'DEFINER=`a`@`%`'",
                "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 'DEFINER=`a`@`%`'",
            ),
            ("CREATE DEFINER = CURRENT_USER() PROCEDURE p() SELECT 1;\n", "CREATE PROCEDURE p() SELECT 1"),
            (
                "CREATE DEFINER=`role` FUNCTION f() RETURNS int RETURN 1",
                "CREATE FUNCTION f() RETURNS int RETURN 1",
            ),
            ("CREATE PROCEDURE p() SELECT 1 -- c", "CREATE PROCEDURE p() SELECT 1 -- c\n"),
        ] {
            assert_eq!(program(text, "s"), normalized);
        }
    }

    #[test]
    fn start_of_an_event_is_not_part_of_its_structure() {
        let text = "CREATE DEFINER=`a`@`%` EVENT `e` ON SCHEDULE EVERY 1 DAY STARTS '2026-11-30 21:39:17' ON COMPLETION NOT \
                    PRESERVE ENABLE COMMENT 'STARTS ''x''' DO INSERT INTO s.t VALUES ('STARTS', 'x')";
        let normalized = "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE ENABLE COMMENT \
                          'STARTS ''x''' DO INSERT INTO t VALUES ('STARTS', 'x')";
        assert_eq!(event(text, "s"), normalized);
        assert_eq!(event(normalized, "s"), normalized);
    }

    #[test]
    fn text_of_a_dump_tool_has_the_checksum_of_its_tables() {
        let tool = "/*M!999999\\- enable the sandbox mode */ \n/*!40101 SET @saved_cs_client     = @@character_set_client */;\n\
                    CREATE TABLE `t01` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB \
                    AUTO_INCREMENT=3 DEFAULT CHARSET=utf8;\n/*!40101 SET character_set_client = @saved_cs_client */;\n";
        assert_eq!(Dump::of(statements(tool)).checksum, "a71b849f6fad54a3ee877187b7e8360e");
        let empty =
            Dump::of(statements("/*M!999999\\- enable the sandbox mode */ \n/*!40101 SET NAMES utf8 */;\n;"));
        assert_eq!((empty.ddl.as_str(), empty.checksum), ("", "0".repeat(32)));
    }
}
