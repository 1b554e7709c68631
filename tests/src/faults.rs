//! Fault injection: an interceptor on the SDK clients that records every call and makes chosen ones fail.
//!
//! Because it sits in the clients, the code under test runs as it does in production.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextMut, FinalizerInterceptorContextMut,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::Value;

/// How a chosen call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request is lost: nothing is written.
    RequestLost,
    /// The request is executed and its reply is lost: the caller cannot know the outcome.
    ReplyLost,
}

impl Fault {
    /// Every way in which a call can fail.
    pub const ALL: [Self; 2] = [Self::RequestLost, Self::ReplyLost];
}

/// A call that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The actions for which DynamoDB requires permission: the operation itself, or the kinds of a transaction's parts.
    pub actions: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct State {
    sent: Vec<Call>,
    /// Calls attempted so far, lost ones included.
    attempted: usize,
    /// The number of the first call that fails, and how it does.
    fault: Option<(usize, Fault)>,
}

/// The interceptor. Clones share their state.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<State>>);

impl Faults {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes call `number` (the next one is 1) fail with `fault` and loses every call after it, as if the process had
    /// crashed.
    pub fn fail_from(&self, number: usize, fault: Fault) {
        let mut state = self.state();
        let attempted = state.attempted;
        state.fault = Some((attempted + number, fault));
    }

    /// Removes the fault and returns whether the chosen call was reached.
    pub fn clear(&self) -> bool {
        let mut state = self.state();
        let attempted = state.attempted;
        state.fault.take().is_some_and(|(number, _)| attempted >= number)
    }

    /// Returns the calls that were sent since the last time, and forgets them.
    pub fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.state().sent)
    }
}

impl Intercept for Faults {
    fn name(&self) -> &'static str {
        "faults"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        let actions = actions(operation, context.request().body().bytes().unwrap_or_default());
        let mut state = self.state();
        state.attempted += 1;
        if let Some((number, fault)) = state.fault
            && (state.attempted > number || (state.attempted == number && fault == Fault::RequestLost))
        {
            return Err("the request is lost".into());
        }
        state.sent.push(Call { actions });
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
            Some((number, Fault::ReplyLost)) if state.attempted == number => Err("the reply is lost".into()),
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
