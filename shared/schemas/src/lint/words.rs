//! Pure. Reserved words of the servers.
//!
//! The words of MariaDB are those that 10.11 refuses as the name of a column. The words of MySQL are from its manual.

use serde::{Deserialize, Serialize};

/// The kind of a server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flavor {
    /// MariaDB 10.3 and later.
    #[default]
    MariaDb,
    /// MySQL 8.0 and later.
    MySql,
}

impl Flavor {
    /// Returns the name of the product.
    pub fn name(self) -> &'static str {
        match self {
            Self::MariaDb => "MariaDB",
            Self::MySql => "MySQL",
        }
    }

    /// Whether a word is reserved, in any case.
    pub fn is_reserved(self, word: &str) -> bool {
        let word = word.to_ascii_lowercase();
        let own = match self {
            Self::MariaDb => MARIADB,
            Self::MySql => MYSQL,
        };
        [BOTH, own].iter().any(|words| words.split_whitespace().any(|reserved| reserved == word))
    }
}

/// Words that both reserve.
const BOTH: &str = "
    accessible add all alter analyze and as asc asensitive before between bigint binary blob both by call cascade
    case change char character check collate column condition constraint continue convert create cross
    current_date current_time current_timestamp current_user cursor databases day_hour day_microsecond day_minute
    day_second dec decimal declare default delayed delete desc describe deterministic distinct distinctrow div
    double drop dual each else elseif enclosed escaped except exists exit explain false fetch float float4 float8
    for force foreign from fulltext grant group having high_priority hour_microsecond hour_minute hour_second if
    ignore in index infile inner inout insensitive insert int int1 int2 int3 int4 int8 integer intersect interval
    into is iterate join key keys kill leading leave left like limit linear lines load localtime localtimestamp
    lock long longblob longtext loop low_priority master_ssl_verify_server_cert match maxvalue mediumblob
    mediumint mediumtext middleint minute_microsecond minute_second mod modifies natural no_write_to_binlog not
    null numeric on optimize optionally or order out outer outfile over partition precision primary procedure
    purge range read read_write reads real recursive references regexp release rename repeat replace require
    resignal restrict return revoke right rlike row_number rows schemas second_microsecond select sensitive
    separator set show signal smallint spatial specific sql sql_big_result sql_calc_found_rows sql_small_result
    sqlexception sqlstate sqlwarning ssl starting straight_join table terminated then tinyblob tinyint tinytext to
    trailing trigger true undo union unique unlock unsigned update usage use using utc_date utc_time utc_timestamp
    values varbinary varchar varcharacter varying when where while with write xor year_month zerofill";

/// Words that only MariaDB reserves.
const MARIADB: &str = "
    current_role delete_domain_id do_domain_ids ignore_domain_ids master_demote_to_replica master_demote_to_slave
    offset page_checksum parse_vcol_expr portion ref_system_id returning stats_auto_recalc stats_persistent
    stats_sample_pages";

/// Words that only MySQL reserves.
const MYSQL: &str = "
    cube cume_dist database dense_rank empty first_value function generated get grouping groups io_after_gtids
    io_before_gtids json_table lag last_value lateral lead manual master_bind nth_value ntile of optimizer_costs
    option parallel percent_rank qualify rank row schema stored system tablesample virtual window";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_depend_on_the_server() {
        let cases =
            [("order", true, true), ("rank", false, true), ("Offset", true, false), ("status", false, false)];
        for (word, mariadb, mysql) in cases {
            assert_eq!(Flavor::MariaDb.is_reserved(word), mariadb, "{word}");
            assert_eq!(Flavor::MySql.is_reserved(word), mysql, "{word}");
        }
    }
}
