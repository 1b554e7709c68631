//! Counters of events, which are written with the end of their chunk: once, in whichever shard, whatever the store does.

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
use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::TestBundle;
use tests::bundle::{Worker, chunk};

use crate::guards::{begin, right};

/// What a store in trouble does with a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// Another one holds an item: this one is not made.
    Conflict,
    /// It is made, and the reply is lost.
    ReplyLost,
}

/// Lets the first transactions run into trouble, and notes the token of every one.
#[derive(Clone, Debug)]
struct Troubled {
    trouble: Trouble,
    left: Arc<AtomicUsize>,
    tokens: Arc<Mutex<Vec<String>>>,
}

impl Troubled {
    fn new(trouble: Trouble, times: usize) -> Self {
        Self { trouble, left: Arc::new(AtomicUsize::new(times)), tokens: Arc::default() }
    }

    /// A worker whose transactions run into it.
    fn worker(&self, bundle: &TestBundle) -> Worker {
        bundle.worker_behind(|client| {
            let troubled = self.clone();
            http_client_fn(move |settings, components| {
                let behind = client.http_connector(settings, components);
                SharedHttpConnector::new(Transactions { behind, troubled: troubled.clone() })
            })
        })
    }

    fn tokens(&self) -> Vec<String> {
        self.tokens.lock().expect("nobody died of it").clone()
    }
}

#[derive(Clone, Debug)]
struct Transactions {
    behind: SharedHttpConnector,
    troubled: Troubled,
}

impl HttpConnector for Transactions {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        if !target.ends_with("TransactWriteItems") {
            return self.behind.call(request);
        }
        let body: Value =
            serde_json::from_slice(request.body().bytes().unwrap_or_default()).expect("a request is JSON");
        let token = body["ClientRequestToken"].as_str().expect("each has one").to_owned();
        self.troubled.tokens.lock().expect("nobody died of it").push(token);
        let take = |left: usize| left.checked_sub(1);
        if self.troubled.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_err() {
            return self.behind.call(request);
        }
        if self.troubled.trouble == Trouble::ReplyLost {
            let made = self.behind.call(request);
            return HttpConnectorFuture::new(async {
                made.await?;
                Ok(answer(500, &json!({"__type": "InternalServerError", "message": "lost"})))
            });
        }
        let refusal = json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "Message": "cancelled",
            "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}],
        });
        HttpConnectorFuture::ready(Ok(answer(400, &refusal)))
    }
}

fn answer(status: u16, body: &Value) -> HttpResponse {
    let status = StatusCode::try_from(status).expect("it is one");
    HttpResponse::new(status, SdkBody::from(body.to_string()))
}

#[tokio::test]
async fn counters_that_are_busy_are_counted_in_another_shard() -> Result<()> {
    let (bundle, world) = (begin().await?, right(1));
    let mut tokens = Vec::new();
    for (times, finishes) in [(8, false), (3, true)] {
        let troubled = Troubled::new(Trouble::Conflict, times);
        let deliveries = vec![chunk("a", &world.notifications)];
        let worker = troubled.worker(&bundle);
        let outcomes = worker.recorder.process(deliveries, bundle.deadline()).await;
        assert_eq!(outcomes.iter().all(|(_, outcome)| outcome.is_ok()), finishes, "{times} times");
        assert_eq!(troubled.left.load(Ordering::SeqCst), 0);
        tokens.extend(troubled.tokens());
        bundle.advance(TimeDelta::seconds(61));
    }
    // Other writes under the same token are refused by the store, and hidden by a repeat.
    assert_eq!((tokens.len(), tokens.iter().collect::<BTreeSet<_>>().len()), (12, 12));
    let baseline = begin().await?;
    baseline.record(&json!(world.notifications)).await?;
    assert_eq!(bundle.snapshot().await?["hour"], baseline.snapshot().await?["hour"]);
    Ok(())
}

#[tokio::test]
async fn counters_of_which_nobody_knows_whether_they_are_written_are_tried_under_no_other_token() -> Result<()>
{
    let (bundle, world) = (begin().await?, right(1));
    let troubled = Troubled::new(Trouble::ReplyLost, usize::MAX);
    let delivery = chunk("a", &world.notifications);
    let outcomes = troubled.worker(&bundle).recorder.process(vec![delivery.clone()], bundle.deadline()).await;
    assert!(outcomes.iter().all(|(_, outcome)| outcome.is_err()));
    let tokens: BTreeSet<_> = troubled.tokens().into_iter().collect();
    assert_eq!(tokens.len(), 1, "{tokens:?}");

    assert!(bundle.process(&[delivery]).await, "they are");
    let baseline = begin().await?;
    baseline.record(&json!(world.notifications)).await?;
    assert_eq!(bundle.snapshot().await?["hour"], baseline.snapshot().await?["hour"]);
    Ok(())
}
