//! Running a plan from the first notification until no work is left.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use domain::platform::clock::Clock;
use local::dynamodb::DynamoDb;
use local::in_process::{ENDPOINT, InProcess};
use local::shutdown::Shutdown;
use local::sqs::Sqs;
use local::stack;

use crate::simulation::collector::{self, collect};
use crate::simulation::definitions::definitions;
use crate::simulation::history;
use crate::simulation::network::Network;
use crate::simulation::outcome::Outcome;
use crate::simulation::plan::Plan;
use crate::simulation::queues::{Queues, WORKER_QUEUES};
use crate::simulation::store::Store;
use crate::simulation::tables;
use crate::simulation::ticker::tick;
use crate::simulation::time::{sleep, spawn};
use crate::simulation::worker::serve;
use crate::simulation::world::World;
use crate::stored_state;

/// When a run is given up: all visibility timeouts, leases and expirations are over long before.
const HORIZON: Duration = Duration::from_hours(1);
/// How often a run looks whether work is left.
const CHECK_PERIOD: Duration = Duration::from_secs(50);
/// The dead-letter queues of the workers.
const DEAD_LETTERS: [&str; 3] = ["NotificationDeadLetters", "UsageDeadLetters", "StreamDeadLetters"];

/// Runs a plan. The same plan always has the same outcome.
///
/// The runtime has one thread, its clock jumps from timer to timer, and everything random is drawn from the seed, the
/// jitter of the SDK included.
pub fn run(plan: &Plan) -> Result<Outcome> {
    fastrand::seed(plan.seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(Box::pin(simulate(plan)))
}

async fn simulate(plan: &Plan) -> Result<Outcome> {
    let world = Arc::new(World::start(plan.clone()));
    let clock = Clock::manual(world.time.now());
    let dynamodb = DynamoDb::memory()?;
    let sqs = Sqs::memory(clock.clone(), world.ids.clone())?;
    let sqs = sqs.start(ENDPOINT.to_owned(), Shutdown::new());
    let direct = InProcess::new(dynamodb.clone(), sqs.clone());
    stack::deploy(&direct.dynamodb_client(), &direct.sqs_client()).await?;
    let network = Network {
        store: Arc::new(Store::new(Arc::clone(&world), dynamodb.clone())),
        queues: Arc::new(Queues::new(Arc::clone(&world), sqs, clock)),
        world,
    };

    let definitions = definitions(plan.has_streams);
    for queue in WORKER_QUEUES {
        for _ in 0..plan.environments {
            spawn(serve(network.clone(), queue, Arc::clone(&definitions)));
        }
    }
    spawn(tick(network.clone()));
    let history = history::notifications(plan.seed, &plan.load);
    let lists = Arc::new(collector::lists(&history, plan.load.list_seconds));
    let collectors: Vec<_> =
        (0..plan.load.collectors).map(|_| spawn(collect(network.clone(), Arc::clone(&lists)))).collect();
    let mut last_accepted = Duration::ZERO;
    for collector in collectors {
        last_accepted = last_accepted.max(collector.await.context("a collector panicked")?);
    }
    wait_until_idle(&network, &dynamodb).await;

    let mut dead_letters = BTreeMap::new();
    for queue in DEAD_LETTERS {
        dead_letters.insert(queue, network.queues.take_all(queue).await);
    }
    let announced = network.queues.take_all("VerifiedQueue").await;
    Ok(Outcome {
        plan: plan.clone(),
        history,
        last_accepted,
        ended: network.world.time.elapsed(),
        stored: stored_state::read(&direct.dynamodb_client(), "UsageTable").await?,
        usage: tables::scan(&dynamodb, "UsageTable"),
        streams: tables::scan(&dynamodb, "StreamTable"),
        announced: announced.iter().map(|body| serde_json::from_str(body)).collect::<Result<_, _>>()?,
        messages: network.queues.history(),
        dead_letters,
        largest_sequences: network.store.largest_sequences(),
        trace: network.world.trace(),
    })
}

/// Waits until faults have stopped and no message, due row or open stream is left, or until [`HORIZON`].
async fn wait_until_idle(network: &Network, dynamodb: &DynamoDb) {
    let world = &network.world;
    sleep(world.plan.faults.until.saturating_sub(world.time.elapsed())).await;
    while world.time.elapsed() < HORIZON {
        sleep(CHECK_PERIOD).await;
        let has_work = |table: &str| tables::has_work(dynamodb, table, world.time.elapsed());
        if !network.queues.are_busy() && !has_work("UsageTable") && !has_work("StreamTable") {
            return;
        }
    }
}
