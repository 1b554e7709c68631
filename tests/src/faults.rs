//! A tap on every call to a stand-in: counts what it costs, and makes chosen calls fail.
//!
//! It sits in the SDK clients, so that the code under test runs as it does in production.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
    FinalizerInterceptorContextMut,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::Value;

/// How a chosen call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It never leaves: nothing is written.
    Lost,
    /// It is done, and its reply is lost: the caller cannot know.
    ReplyLost,
}

/// One call that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The operation, such as `PutItem`.
    pub operation: String,
    /// What DynamoDB asks permission for: the operation itself, or each kind of part of a transaction.
    pub actions: BTreeSet<String>,
    /// Capacity units as the stand-in counts them; a refused conditional write counts one.
    pub units: f64,
    /// Whether it writes.
    pub writes: bool,
    /// The longest chain of calls, each made after the one before had ended, that ends with this one.
    pub depth: usize,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Call>,
    /// The depth that the next call has at least: of all calls that have ended, the greatest.
    ended: usize,
    made: usize,
    fault: Option<(usize, Fault)>,
}

/// The tap. Clones share what they count and fail.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<State>>);

impl Faults {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the call number `number` (from 1, counted from now on) fail, and every call after it: the process is gone.
    pub fn fail_from(&self, number: usize, fault: Fault) {
        let mut state = self.state();
        let made = state.made;
        state.fault = Some((made + number, fault));
    }

    /// Lets every call through again; true if the chosen one had come.
    pub fn heal(&self) -> bool {
        let mut state = self.state();
        let made = state.made;
        state.fault.take().is_some_and(|(number, _)| made >= number)
    }

    /// Takes the calls that were made since the last time.
    pub fn take(&self) -> Vec<Call> {
        let mut state = self.state();
        state.ended = 0;
        std::mem::take(&mut state.calls)
    }

    /// How many calls were made so far.
    pub fn made(&self) -> usize {
        self.state().made
    }
}

/// What some calls cost together.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Cost {
    /// Write units.
    pub write: f64,
    /// Read units.
    pub read: f64,
    /// Sequential round trips.
    pub trips: usize,
}

impl Cost {
    /// The cost of these calls.
    pub fn of(calls: &[Call]) -> Self {
        let units = |writes| calls.iter().filter(|call| call.writes == writes).map(|call| call.units).sum();
        Self {
            write: units(true),
            read: units(false),
            trips: calls.iter().map(|call| call.depth).max().unwrap_or(0),
        }
    }
}

/// The depth of a call on its way, kept in its own configuration bag.
#[derive(Clone, Copy, Debug)]
struct Depth(usize);

impl aws_smithy_types::config_bag::Storable for Depth {
    type Storer = aws_smithy_types::config_bag::StoreReplace<Self>;
}

#[derive(Clone, Debug)]
struct Operation(String, BTreeSet<String>);

impl aws_smithy_types::config_bag::Storable for Operation {
    type Storer = aws_smithy_types::config_bag::StoreReplace<Self>;
}

impl Intercept for Faults {
    fn name(&self) -> &'static str {
        "faults"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let actions = actions(&operation, context.request().body().bytes().unwrap_or_default());
        let mut state = self.state();
        state.made += 1;
        if let Some((number, fault)) = state.fault
            && (state.made > number || (state.made == number && fault == Fault::Lost))
        {
            return Err("the call is lost".into());
        }
        bag.interceptor_state().store_put(Depth(state.ended + 1));
        bag.interceptor_state().store_put(Operation(operation, actions));
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (Some(Depth(depth)), Some(Operation(operation, actions))) =
            (bag.load::<Depth>(), bag.load::<Operation>())
        else {
            return Ok(());
        };
        let writes = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"];
        let call = Call {
            units: units(context.response()),
            writes: writes.contains(&operation.as_str()),
            operation: operation.clone(),
            actions: actions.clone(),
            depth: *depth,
        };
        let mut state = self.state();
        state.ended = state.ended.max(call.depth);
        state.calls.push(call);
        Ok(())
    }

    fn modify_before_attempt_completion(
        &self,
        _context: &mut FinalizerInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let state = self.state();
        match state.fault {
            Some((number, Fault::ReplyLost)) if state.made == number => Err("the reply is lost".into()),
            _ => Ok(()),
        }
    }
}

fn actions(operation: &str, body: &[u8]) -> BTreeSet<String> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let parts = body["TransactItems"].as_array().map(Vec::as_slice).unwrap_or_default();
    let kinds = parts.iter().filter_map(|part| part.as_object()?.keys().next());
    let actions: BTreeSet<_> = kinds.map(|kind| format!("{kind}Item")).collect();
    if actions.is_empty() { [operation.to_owned()].into() } else { actions }
}

/// The capacity units in a reply. A refused condition is charged one unit and not reported: every record that a
/// condition guards is smaller than a kilobyte.
fn units(response: &HttpResponse) -> f64 {
    let reply: Value =
        response.body().bytes().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
    let refused = reply["__type"].as_str().is_some_and(|kind| kind.contains("ConditionalCheckFailed"));
    match &reply["ConsumedCapacity"] {
        _ if refused => 1.0,
        Value::Array(tables) => tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum(),
        table => table["CapacityUnits"].as_f64().unwrap_or_default(),
    }
}
