//! Pure. What happens in a run: its load, its limits and its faults, all drawn from one seed.

use std::time::Duration;

use crate::rng::Rng;

/// How long faults are injected. Two visibility timeouts end after it, so that faults alone cannot use up the five
/// receives of a message.
const FAULT_PERIOD: Duration = Duration::from_mins(10);

/// Seconds between the lists of a calm run.
const CALM_LIST_SECONDS: u64 = 20;

/// The plan of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The seed of everything that is random in the run.
    pub seed: u64,
    /// What producers send.
    pub load: Load,
    /// Whether events are collected in streams.
    pub has_streams: bool,
    /// Lambda environments per queue, each of which runs one invocation at a time.
    pub environments: usize,
    /// The largest deviation of a clock, in seconds. Each environment has its own.
    pub skew_seconds: i64,
    /// The limits of the store.
    pub limits: Limits,
    /// What goes wrong.
    pub faults: Faults,
}

/// What producers send, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// Instances, each with the notifications of its life in one audit period.
    pub instances: usize,
    /// Seconds during which two busy tenants report updates, a few seconds apart.
    pub busy_seconds: u64,
    /// Collectors that send the same lists at the same time.
    pub collectors: usize,
    /// Seconds between the lists of a collector.
    pub list_seconds: u64,
    /// If set, a collector sends each of its lists again, this many seconds later.
    pub repeat_after: Option<u64>,
}

/// The limits of the store.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Write units per second and partition key.
    pub write_units: f64,
    /// Read units per second and partition key.
    pub read_units: f64,
    /// The longest time in milliseconds that a request or its reply takes.
    pub latency_millis: u64,
    /// The longest time in milliseconds that a transaction takes, during which others conflict with it.
    pub transaction_millis: u64,
}

/// Faults by their number in 10,000 opportunities.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// When faults stop.
    pub until: Duration,
    /// Requests that never arrive.
    pub lost_requests: u64,
    /// Requests that are executed, and whose replies never arrive.
    pub lost_replies: u64,
    /// Calls that take seconds.
    pub slow_calls: u64,
    /// Calls around which the environment crashes.
    pub crashes: u64,
    /// Calls around which the environment freezes for up to eight minutes.
    pub freezes: u64,
    /// Batches that the store processes in part.
    pub unprocessed: u64,
    /// Messages that the queue refuses to store.
    pub refused: u64,
    /// Messages that are delayed and thus reordered.
    pub reordered: u64,
    /// Messages that are delivered again while they are being processed.
    pub redelivered: u64,
    /// Messages that are delivered again after they were deleted.
    pub undeleted: u64,
}

impl Limits {
    /// The limits of `DynamoDB`, with calls that take a few milliseconds.
    pub const DYNAMODB: Self =
        Self { write_units: 1_000.0, read_units: 3_000.0, latency_millis: 6, transaction_millis: 30 };
}

impl Plan {
    /// A run in which nothing goes wrong and no two invocations of a queue overlap: the reference for the ledger of all
    /// others with the same load.
    pub fn calm(seed: u64, load: &Load) -> Self {
        let load =
            Load { collectors: 1, repeat_after: None, list_seconds: CALM_LIST_SECONDS, ..load.clone() };
        let limits = Limits { latency_millis: 0, transaction_millis: 0, ..Limits::DYNAMODB };
        let faults = Faults::default();
        Self { seed, load, has_streams: false, environments: 1, skew_seconds: 0, limits, faults }
    }

    /// A run without faults, but with invocations that overlap and compete for items.
    pub fn contended(seed: u64, load: Load, environments: usize) -> Self {
        let (limits, faults) = (Limits::DYNAMODB, Faults::default());
        Self { seed, load, has_streams: true, environments, skew_seconds: 0, limits, faults }
    }

    /// A run with a random selection of faults, each at a random rate. Selecting a few per run finds more than having
    /// all of them in every run, because some faults hide the effects of others.
    pub fn drawn(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let load = Load {
            instances: 36 + rng.below(14),
            busy_seconds: if rng.percent(25) { 600 } else { 200 },
            collectors: 1 + rng.below(2),
            list_seconds: 2 + rng.below(10) as u64,
            repeat_after: rng.percent(30).then(|| 30 + rng.below(400) as u64),
        };
        let latency_millis = rng.pick(&[6, 6, 20, 60]);
        let write_units = rng.pick(&[1_000.0, 1_000.0, 200.0, 50.0]);
        let read_units = 3.0 * write_units;
        let limits = Limits { write_units, read_units, latency_millis, ..Limits::DYNAMODB };
        let mut rate = |most: usize| if rng.percent(50) { 1 + rng.below(most) as u64 } else { 0 };
        let faults = Faults {
            until: FAULT_PERIOD,
            lost_requests: rate(40),
            lost_replies: rate(40),
            slow_calls: rate(40),
            crashes: rate(25),
            freezes: rate(15),
            unprocessed: rate(500),
            refused: rate(200),
            reordered: rate(3_000),
            redelivered: rate(500),
            undeleted: rate(300),
        };
        let skew_seconds = if rng.percent(50) { 100 } else { 0 };
        let environments = 1 + rng.below(5);
        Self { seed, load, has_streams: true, environments, skew_seconds, limits, faults }
    }
}

impl Faults {
    /// Whether nothing goes wrong.
    pub fn are_none(&self) -> bool {
        self.until.is_zero()
    }
}
