//! Hour counters, which are written in the transaction that completes a chunk: exactly once, in any shard, under
//! conflicts and lost replies.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::Result;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use tests::TestBundle;
use tests::bundle::{WorkerProcess, chunk};

use crate::guards::valid_scenario;

/// How a transaction fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// It conflicts with another transaction and is cancelled.
    Conflict,
    /// It is executed and its reply is lost.
    ReplyLost,
}

/// Makes the first transactions fail, and records the token of each.
#[derive(Clone, Debug)]
struct FailingTransactions {
    failure: Failure,
    failures_left: Arc<AtomicUsize>,
    tokens: Arc<Mutex<Vec<String>>>,
}

impl FailingTransactions {
    fn new(failure: Failure, times: usize) -> Self {
        Self { failure, failures_left: Arc::new(AtomicUsize::new(times)), tokens: Arc::default() }
    }

    /// Returns a worker process whose transactions fail like this.
    fn worker(&self, bundle: &TestBundle) -> WorkerProcess {
        bundle.worker_with(|client| {
            let transactions = self.clone();
            http_client_fn(move |settings, components| {
                let inner = client.http_connector(settings, components);
                SharedHttpConnector::new(Connector { inner, transactions: transactions.clone() })
            })
        })
    }

    fn tokens(&self) -> Vec<String> {
        self.tokens.lock().expect("no thread panicked").clone()
    }
}

#[derive(Clone, Debug)]
struct Connector {
    inner: SharedHttpConnector,
    transactions: FailingTransactions,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        if !target.ends_with("TransactWriteItems") {
            return self.inner.call(request);
        }
        let body: Value =
            serde_json::from_slice(request.body().bytes().unwrap_or_default()).expect("a JSON request");
        let token = body["ClientRequestToken"].as_str().expect("a transaction has a token").to_owned();
        self.transactions.tokens.lock().expect("no thread panicked").push(token);
        let take = |left: usize| left.checked_sub(1);
        if self.transactions.failures_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_err() {
            return self.inner.call(request);
        }
        if self.transactions.failure == Failure::ReplyLost {
            let executed = self.inner.call(request);
            return HttpConnectorFuture::new(async {
                executed.await?;
                Ok(response(500, &json!({"__type": "InternalServerError", "message": "lost"})))
            });
        }
        let cancelled = json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "Message": "cancelled",
            "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}],
        });
        HttpConnectorFuture::ready(Ok(response(400, &cancelled)))
    }
}

fn response(status: u16, body: &Value) -> HttpResponse {
    let status = StatusCode::try_from(status).expect("a valid status");
    HttpResponse::new(status, SdkBody::from(body.to_string()))
}

#[tokio::test]
async fn conflicting_counter_is_retried_in_another_shard() -> Result<()> {
    let (bundle, scenario) = (TestBundle::ticked().await?, valid_scenario(1));
    let mut tokens = Vec::new();
    for (times, finishes) in [(8, false), (3, true)] {
        let transactions = FailingTransactions::new(Failure::Conflict, times);
        let deliveries = vec![chunk("a", &scenario.notifications)];
        let worker = transactions.worker(&bundle);
        let outcomes = worker.recorder.process(deliveries, bundle.deadline()).await;
        assert_eq!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()), finishes, "{times} times");
        assert_eq!(transactions.failures_left.load(Ordering::SeqCst), 0);
        tokens.extend(transactions.tokens());
        bundle.expire_leases();
    }
    // DynamoDB rejects other writes under a used token, so each attempt in another shard needs its own.
    assert_eq!((tokens.len(), tokens.iter().collect::<BTreeSet<_>>().len()), (12, 12));
    let baseline = TestBundle::ticked().await?;
    baseline.record(&json!(scenario.notifications)).await?;
    assert_eq!(bundle.stored_state().await?["hour"], baseline.stored_state().await?["hour"]);
    Ok(())
}

#[tokio::test]
async fn counters_with_an_unknown_outcome_are_retried_under_the_same_token() -> Result<()> {
    let (bundle, scenario) = (TestBundle::ticked().await?, valid_scenario(1));
    let transactions = FailingTransactions::new(Failure::ReplyLost, usize::MAX);
    let delivery = chunk("a", &scenario.notifications);
    let outcomes =
        transactions.worker(&bundle).recorder.process(vec![delivery.clone()], bundle.deadline()).await;
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_err()));
    let tokens: BTreeSet<_> = transactions.tokens().into_iter().collect();
    assert_eq!(tokens.len(), 1, "{tokens:?}");

    assert!(bundle.process(&[delivery]).await, "the chunk is already done");
    let baseline = TestBundle::ticked().await?;
    baseline.record(&json!(scenario.notifications)).await?;
    assert_eq!(bundle.stored_state().await?["hour"], baseline.stored_state().await?["hour"]);
    Ok(())
}
