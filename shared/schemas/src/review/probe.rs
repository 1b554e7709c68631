//! Pure. The clauses that measure how a server executes a change of a table.
//!
//! A server rejects a change at once if it cannot execute it by the algorithm or under the lock that a clause requires. So
//! the first combination that it accepts, from the cheapest to the dearest, is the one that it uses without a clause.

use crate::mysql::lexer::{Token, significant_tokens};
use crate::mysql::version::ServerVersion;
use crate::record::Impact;

/// Algorithms, from the cheapest.
const ALGORITHMS: [&str; 4] = ["INSTANT", "NOCOPY", "INPLACE", "COPY"];
/// Locks, from the weakest.
const LOCKS: [&str; 3] = ["NONE", "SHARED", "EXCLUSIVE"];

/// Errors of a server that can execute a change, but not by this algorithm or under this lock.
const UNSUPPORTED: [u16; 2] = [1845, 1846];

/// An algorithm and a lock that a change is tried with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    /// The algorithm.
    pub(super) algorithm: &'static str,
    /// The lock.
    pub(super) lock: &'static str,
    /// Whether the lock is part of the clause.
    names_lock: bool,
}

/// A statement that can be tried with clauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Probed<'a> {
    statement: &'a str,
    /// What separates clauses from the statement and from each other.
    separator: &'static str,
}

impl<'a> Probed<'a> {
    /// Returns the statement if it is a change of an existing table that takes clauses. One that has such clauses already
    /// is executed as it says.
    pub(super) fn new(statement: &'a str) -> Option<Self> {
        let tokens = significant_tokens(statement);
        let has_clause = tokens.iter().any(|token| token.is_any(&["ALGORITHM", "LOCK"]));
        // A clause after partitions is a syntax error, which the probe reports like any other statement.
        let separator = separator(&tokens)?;
        (!has_clause).then_some(Self { statement, separator })
    }

    /// Returns the statement with the clauses of an attempt. They are on a line of their own, after any comment.
    pub(super) fn with(&self, attempt: Attempt) -> String {
        let Self { statement, separator } = self;
        let lead = if *separator == ", " { "," } else { "" };
        let lock =
            if attempt.names_lock { format!("{separator}LOCK={}", attempt.lock) } else { String::new() };
        format!("{statement}\n{lead} ALGORITHM={}{lock}", attempt.algorithm)
    }
}

/// Returns what separates the clauses of a statement. `None` if it takes none.
fn separator(tokens: &[Token<'_>]) -> Option<&'static str> {
    let first = tokens.first()?;
    let mut words = tokens[1..].iter().skip_while(|token| {
        token.is_any(&[
            "ONLINE", "OFFLINE", "IGNORE", "OR", "REPLACE", "UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR",
        ])
    });
    let object = words.next()?;
    match () {
        () if first.is("ALTER") && object.is("TABLE") => Some(", "),
        () if first.is_any(&["CREATE", "DROP"]) && object.is("INDEX") => Some(" "),
        () => None,
    }
}

/// Returns the attempts of a server, from the cheapest.
pub(super) fn attempts(version: ServerVersion) -> Vec<Attempt> {
    let known = ALGORITHMS.into_iter().filter(|algorithm| version.is_mariadb || *algorithm != "NOCOPY");
    let of_algorithm = |algorithm: &'static str| {
        // MySQL does not accept a lock beside INSTANT.
        let names_lock = version.is_mariadb || algorithm != "INSTANT";
        let locks = if names_lock { &LOCKS[..] } else { &LOCKS[..1] };
        locks.iter().map(move |lock| Attempt { algorithm, lock, names_lock })
    };
    known.flat_map(of_algorithm).collect()
}

/// Whether an error means that another attempt may succeed.
pub(super) fn is_unsupported(code: u16) -> bool {
    UNSUPPORTED.contains(&code)
}

/// Returns the impact of an attempt that succeeded after others were rejected with these texts.
pub(super) fn impact(accepted: Attempt, rejected: &[(Attempt, String)]) -> Impact {
    let of_algorithm = rejected.iter().rev().find(|(attempt, _)| attempt.algorithm != accepted.algorithm);
    let of_lock = rejected.iter().rev().find(|(attempt, _)| attempt.algorithm == accepted.algorithm);
    let mut reasons: Vec<&str> =
        of_algorithm.into_iter().chain(of_lock).map(|(_, text)| text.as_str()).collect();
    reasons.dedup();
    Impact {
        algorithm: accepted.algorithm.to_owned(),
        lock: accepted.lock.to_owned(),
        reason: reasons.join(" "),
    }
}

/// Returns the greater one of two impacts: by the algorithm, then by the lock.
pub(super) fn greater(one: Option<Impact>, other: Impact) -> Impact {
    let rank = |impact: &Impact| {
        let position = |list: &[&str], name: &str| list.iter().position(|known| *known == name);
        (position(&ALGORITHMS, &impact.algorithm), position(&LOCKS, &impact.lock))
    };
    match one {
        Some(one) if rank(&one) >= rank(&other) => one,
        _ => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARIADB: &str = "10.11.6-MariaDB";

    fn first(version: &str) -> Attempt {
        attempts(ServerVersion::parse(version))[0]
    }

    #[test]
    fn clauses_follow_the_statement() {
        for (statement, probed) in [
            ("ALTER TABLE t ADD c int", "ALTER TABLE t ADD c int\n, ALGORITHM=INSTANT, LOCK=NONE"),
            (
                "alter ignore table t drop c -- why",
                "alter ignore table t drop c -- why\n, ALGORITHM=INSTANT, LOCK=NONE",
            ),
            (
                "CREATE UNIQUE INDEX i ON t (c)",
                "CREATE UNIQUE INDEX i ON t (c)\n ALGORITHM=INSTANT LOCK=NONE",
            ),
            ("DROP INDEX i ON t", "DROP INDEX i ON t\n ALGORITHM=INSTANT LOCK=NONE"),
        ] {
            let read = Probed::new(statement).map(|read| read.with(first(MARIADB)));
            assert_eq!(read.as_deref(), Some(probed));
        }
        for statement in [
            "CREATE TABLE t (a int)",
            "DROP TABLE t",
            "ALTER VIEW v AS SELECT 1",
            "ALTER TABLE t ADD c int, ALGORITHM=COPY",
            "ALTER TABLE t ADD c int, LOCK=NONE",
            "INSERT INTO t VALUES (1)",
        ] {
            assert_eq!(Probed::new(statement), None, "{statement}");
        }
    }

    #[test]
    fn attempts_go_from_the_cheapest_to_the_dearest() {
        let names = |version: &str| -> Vec<String> {
            let attempts = attempts(ServerVersion::parse(version));
            attempts.iter().map(|attempt| format!("{} {}", attempt.algorithm, attempt.lock)).collect()
        };
        assert_eq!(names(MARIADB).len(), 12);
        assert_eq!(
            names("8.0.36"),
            [
                "INSTANT NONE",
                "INPLACE NONE",
                "INPLACE SHARED",
                "INPLACE EXCLUSIVE",
                "COPY NONE",
                "COPY SHARED",
                "COPY EXCLUSIVE"
            ]
        );
        let mysql = Probed::new("ALTER TABLE t ADD c int").map(|read| read.with(first("8.0.36")));
        assert_eq!(mysql.as_deref(), Some("ALTER TABLE t ADD c int\n, ALGORITHM=INSTANT"));
    }

    #[test]
    fn the_reason_is_why_the_next_cheaper_ones_were_rejected() {
        let attempts = attempts(ServerVersion::parse(MARIADB));
        let rejected: Vec<_> = attempts[..10]
            .iter()
            .map(|attempt| (*attempt, format!("{} {}.", attempt.algorithm, attempt.lock)))
            .collect();
        let found = impact(attempts[10], &rejected);
        assert_eq!((found.algorithm.as_str(), found.lock.as_str()), ("COPY", "SHARED"));
        assert_eq!(found.reason, "INPLACE EXCLUSIVE. COPY NONE.");
        assert_eq!(impact(attempts[0], &[]).reason, "");
        let instant = impact(attempts[0], &[]);
        assert_eq!(greater(Some(instant.clone()), found.clone()), found);
        assert_eq!(greater(Some(found.clone()), instant.clone()), found);
        assert_eq!(greater(None, instant.clone()), instant);
    }
}
