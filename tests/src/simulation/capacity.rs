//! Pure. The capacity of partitions: a token bucket per partition key, refilled every second.

use std::collections::BTreeMap;
use std::time::Duration;

use super::plan::Limits;
use super::request::Access;

/// A partition key of a table, and how it is used: reads and writes have capacities of their own.
type Partition = (String, String, Access);

/// The capacity that is left, per partition.
#[derive(Debug)]
pub struct Capacity {
    limits: Limits,
    buckets: BTreeMap<(String, String, bool), Bucket>,
}

/// Units that are left, and when they were counted.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    units: f64,
    at: Duration,
}

impl Capacity {
    /// Returns partitions that are all unused.
    pub fn new(limits: Limits) -> Self {
        Self { limits, buckets: BTreeMap::new() }
    }

    /// Whether a partition has no units left. As in `DynamoDB`, a request may take more units than are left; later
    /// ones then wait longer.
    pub fn is_exhausted(&mut self, partition: &Partition, now: Duration) -> bool {
        self.bucket(partition, now).units <= 0.0
    }

    /// Takes units from a partition.
    pub fn consume(&mut self, partition: &Partition, units: f64, now: Duration) {
        self.bucket(partition, now).units -= units;
    }

    fn bucket(&mut self, (table, pk, access): &Partition, now: Duration) -> &mut Bucket {
        let rate = match access {
            Access::Read => self.limits.read_units,
            Access::Write => self.limits.write_units,
        };
        let key = (table.clone(), pk.clone(), *access == Access::Write);
        let bucket = self.buckets.entry(key).or_insert(Bucket { units: rate, at: now });
        let refilled = bucket.units + rate * now.saturating_sub(bucket.at).as_secs_f64();
        *bucket = Bucket { units: refilled.min(rate), at: now };
        bucket
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partition_is_exhausted_until_its_units_are_refilled() {
        let mut capacity = Capacity::new(Limits { write_units: 10.0, ..Limits::DYNAMODB });
        let (hot, cold) = (("T".into(), "hot".into(), Access::Write), ("T".into(), "cold".into(), Access::Write));
        let at = Duration::from_millis;
        capacity.consume(&hot, 15.0, at(0));
        assert!(capacity.is_exhausted(&hot, at(0)) && capacity.is_exhausted(&hot, at(500)));
        assert!(!capacity.is_exhausted(&cold, at(0)) && !capacity.is_exhausted(&hot, at(600)));
        let reads = ("T".into(), "hot".into(), Access::Read);
        assert!(!capacity.is_exhausted(&reads, at(0)));
    }
}
