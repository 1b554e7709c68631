//! The simulated `DynamoDB`: the embedded database behind the limits and conflicts of the service.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::Response;
use local::dynamodb::{DynamoDb, TARGET_PREFIX};
use serde_json::Value;

use crate::simulation::capacity::Capacity;
use crate::simulation::item_size::item_size;
use crate::simulation::request::{StoreRequest, cancelled, error};
use crate::simulation::time::sleep;
use crate::simulation::transactions::{Earlier, Transactions};
use crate::simulation::world::World;

/// The partition key of the items that hand out ids.
const SEQUENCES: &str = "SEQ";

/// The store.
pub struct Store {
    world: Arc<World>,
    dynamodb: DynamoDb,
    state: Mutex<State>,
}

struct State {
    capacity: Capacity,
    transactions: Transactions,
    largest_sequences: usize,
}

impl Store {
    /// Puts a database behind the limits of a run.
    pub fn new(world: Arc<World>, dynamodb: DynamoDb) -> Self {
        let capacity = Capacity::new(world.plan.limits.clone());
        let state = State { capacity, transactions: Transactions::default(), largest_sequences: 0 };
        Self { world, dynamodb, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the largest size in bytes that an item which hands out ids has ever had.
    pub fn largest_sequences(&self) -> usize {
        self.state().largest_sequences
    }

    /// Executes a request of the process `name`.
    pub async fn respond(&self, name: &str, operation: &str, body: &[u8]) -> Response<Vec<u8>> {
        let request = StoreRequest::read(operation, body);
        let key = request.parts.first().map(|part| format!("{} {}", part.pk, part.sk)).unwrap_or_default();
        let parts = request.parts.len();
        let exhausted = self.exhausted(&request);
        if !exhausted.is_empty() {
            self.world.log_fault("throttled calls", format!("{name} {operation} {key}"));
        }
        let response = if request.is_batch() {
            self.respond_to_batch(name, request, &exhausted)
        } else if request.is_transaction() {
            self.respond_to_transaction(request, &exhausted).await
        } else if !exhausted.is_empty() {
            throttled()
        } else if request.is_single_write() && self.state().transactions.conflicts(&request.parts[0]) {
            error("TransactionConflictException", "Transaction is ongoing for the item")
        } else {
            self.execute(&request)
        };
        self.world.log(format_args!("{name} {operation} {key} {parts} {}", response.status().as_u16()));
        response
    }

    /// Returns the positions of the parts whose partitions have no capacity left.
    fn exhausted(&self, request: &StoreRequest) -> Vec<usize> {
        let (now, mut state) = (self.world.time.elapsed(), self.state());
        let mut exhausted =
            |place: &usize| state.capacity.is_exhausted(&request.parts[*place].partition(), now);
        (0..request.parts.len()).filter(|place| exhausted(place)).collect()
    }

    fn respond_to_batch(
        &self,
        name: &str,
        mut request: StoreRequest,
        exhausted: &[usize],
    ) -> Response<Vec<u8>> {
        let mut left = exhausted.to_vec();
        if left.is_empty() && self.world.strikes(self.world.plan.faults.unprocessed) {
            left = (0..request.parts.len()).filter(|_| self.world.below(2) == 0).collect();
            self.world
                .log_fault("partial batches", format!("{name} {} of {}", left.len(), request.parts.len()));
        }
        if left.is_empty() {
            return self.execute(&request);
        }
        if left.len() == request.parts.len() {
            return throttled();
        }
        let (unprocessed, member) = (request.split_off(&left), request.unprocessed_member());
        self.execute(&request).map(|body| {
            let mut body: Value = serde_json::from_slice(&body).unwrap_or_default();
            body[member] = unprocessed;
            body.to_string().into_bytes()
        })
    }

    async fn respond_to_transaction(&self, request: StoreRequest, exhausted: &[usize]) -> Response<Vec<u8>> {
        let reasons = |is_reason: &dyn Fn(usize) -> bool, reason: &'static str| -> Vec<&str> {
            (0..request.parts.len()).map(|place| if is_reason(place) { reason } else { "None" }).collect()
        };
        if !exhausted.is_empty() {
            return cancelled(&reasons(&|place| exhausted.contains(&place), "ThrottlingError"));
        }
        let token = request.body["ClientRequestToken"].as_str().unwrap_or_default().to_owned();
        let items = request.body["TransactItems"].clone();
        let earlier = self.state().transactions.earlier(&token, &items, self.world.time.elapsed());
        match earlier {
            Earlier::Same(reply) => return Response::new(reply),
            Earlier::Different => {
                return error("IdempotentParameterMismatchException", "The token was used for other items.");
            }
            Earlier::None => {}
        }
        let conflicting: Vec<bool> =
            request.parts.iter().map(|part| self.state().transactions.conflicts(part)).collect();
        if conflicting.contains(&true) {
            return cancelled(&reasons(&|place| conflicting[place], "TransactionConflict"));
        }
        self.state().transactions.start(&request.parts);
        sleep(self.world.millis(self.world.plan.limits.transaction_millis)).await;
        self.state().transactions.end(&request.parts);
        let mut without_token = request;
        // The embedded database forgets tokens by the time of the machine, not by simulated time.
        if let Some(body) = without_token.body.as_object_mut() {
            body.remove("ClientRequestToken");
        }
        let response = self.execute(&without_token);
        if response.status().is_success() {
            let now = self.world.time.elapsed();
            self.state().transactions.remember(&token, items, response.body(), now);
        }
        response
    }

    fn execute(&self, request: &StoreRequest) -> Response<Vec<u8>> {
        let target = format!("{TARGET_PREFIX}{}", request.operation);
        let response = self.dynamodb.respond(&target, request.body.to_string().as_bytes());
        if response.status().is_success() && !request.parts.is_empty() {
            let reply: Value = serde_json::from_slice(response.body()).unwrap_or_default();
            let now = self.world.time.elapsed();
            self.state().account(request, &reply, now);
        }
        response
    }
}

impl State {
    /// Takes the capacity that a request consumed, in proportion to the size of its parts.
    fn account(&mut self, request: &StoreRequest, reply: &Value, now: Duration) {
        let consumed = consumed_units(&reply["ConsumedCapacity"]);
        let bytes: usize = request.parts.iter().map(|part| part.bytes).sum();
        for part in &request.parts {
            #[expect(clippy::cast_precision_loss, reason = "a request has at most 16 MB")]
            let share = part.bytes as f64 / bytes.max(1) as f64;
            self.capacity.consume(&part.partition(), consumed * share, now);
        }
        if request.operation == "UpdateItem" && request.parts[0].pk == SEQUENCES {
            self.largest_sequences = self.largest_sequences.max(item_size(&reply["Attributes"]));
        }
    }
}

/// Adds up the consumed capacity of a reply, which is given per table for batches and transactions.
fn consumed_units(consumed: &Value) -> f64 {
    let units = |table: &Value| table["CapacityUnits"].as_f64().unwrap_or_default();
    consumed.as_array().map_or_else(|| units(consumed), |tables| tables.iter().map(units).sum())
}

fn throttled() -> Response<Vec<u8>> {
    error("ProvisionedThroughputExceededException", "The level of throughput of the partition was exceeded.")
}
