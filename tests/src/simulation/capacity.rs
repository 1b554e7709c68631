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
