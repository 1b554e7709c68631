//! Pure. The statements of reports: a scope, a source of statistics, the facts, and the rows of the report.

use crate::postgres::query::Query;

/// Puts the parts of a report's statement together, once for each source of statistics.
macro_rules! report {
    ($scope:literal, $($part:literal),+) => {
        Query {
            for_superusers: concat!(
                include_str!($scope),
                include_str!("sql/statistics/catalog.sql"),
                include_str!("sql/relations.sql"),
                $(include_str!($part)),+
            ),
            for_others: concat!(
                include_str!($scope),
                include_str!("sql/statistics/view.sql"),
                include_str!("sql/relations.sql"),
                $(include_str!($part)),+
            ),
        }
    };
}

/// The databases of a server.
pub const DATABASES: Query = Query {
    for_superusers: include_str!("sql/databases.sql"),
    for_others: include_str!("sql/databases.sql"),
};

/// The relations of a database.
pub const DATABASE: Query = report!("sql/scope/database.sql", "sql/database.sql");

/// The relations of a schema, its only parameter.
pub const SCHEMA: Query =
    report!("sql/scope/schema.sql", "sql/columns.sql", "sql/listed_indexes.sql", "sql/schema.sql");

/// A table, by schema and name.
pub const TABLE: Query =
    report!("sql/scope/table.sql", "sql/columns.sql", "sql/listed_indexes.sql", "sql/table.sql");

/// The relations of a database with what hints are made from.
pub const ADVICE: Query = report!("sql/scope/database.sql", "sql/columns.sql", "sql/advice.sql");
