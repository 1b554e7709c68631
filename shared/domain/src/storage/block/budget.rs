//! Pure. The limit on what one query may read.

use crate::error::Error;

/// The read units that one query may use. A query that needs more is refused: a truncated list would look complete,
/// and a caller that bills by it would bill too little.
#[derive(Clone, Debug)]
pub struct Budget {
    limit: u64,
    used: f64,
    advice: String,
}

impl Budget {
    /// Returns a budget of `limit` read units. `advice` tells a client how to make its query smaller.
    pub fn new(limit: u64, advice: impl Into<String>) -> Self {
        Self { limit, used: 0.0, advice: advice.into() }
    }

    /// Refuses a query by its estimated cost, before it reads anything.
    pub fn allow(&self, rows: u64, units: u64) -> Result<(), Error> {
        if units <= self.limit {
            return Ok(());
        }
        Err(Error::invalid(format!("Query would read about {rows} rows; {}", self.advice)))
    }

    /// Adds the units that were read. Fails once the budget is exceeded.
    pub fn spend(&mut self, units: f64) -> Result<(), Error> {
        self.used += units;
        let limit = u32::try_from(self.limit).map_or(f64::INFINITY, f64::from);
        if self.used <= limit {
            return Ok(());
        }
        Err(Error::invalid(format!("Query would read more than {} read units; {}", self.limit, self.advice)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_over_budget_is_refused_before_and_while_reading() {
        let mut budget = Budget::new(10, "add instance=");
        assert!(budget.allow(170, 10).is_ok());
        let refused = budget.allow(180, 11).expect_err("over budget");
        assert_eq!(refused.to_string(), "Query would read about 180 rows; add instance=");
        assert!(budget.spend(9.5).is_ok());
        let refused = budget.spend(1.0).expect_err("over budget");
        assert_eq!(refused.to_string(), "Query would read more than 10 read units; add instance=");
    }
}
