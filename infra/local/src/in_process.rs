//! The stand-ins without sockets: an HTTP client for the SDK that executes requests itself.
//!
//! Calls of the same process need no connection, no serialization of HTTP and no wake-up of another task, and work
//! under tokio's paused clock.

use std::fmt;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

use crate::clients;
use crate::dynamodb::{self, DynamoDb};
use crate::sqs;

/// The endpoint of clients that use no socket. Its host is never resolved.
pub const ENDPOINT: &str = "http://in-process.invalid";

/// An HTTP client that passes requests to the stand-ins of this process. Cheap to clone.
#[derive(Clone)]
pub struct InProcess {
    dynamodb: DynamoDb,
    sqs: sqs::Service,
}

impl InProcess {
    /// Creates a client of these stand-ins.
    pub fn new(dynamodb: DynamoDb, sqs: sqs::Service) -> Self {
        Self { dynamodb, sqs }
    }

    /// Returns the client in the form that the configurations of the SDK take.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// Creates a client of `DynamoDB`.
    pub fn dynamodb_client(&self) -> aws_sdk_dynamodb::Client {
        let config = clients::dynamodb(ENDPOINT).http_client(self.http_client());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// Creates a client of SQS.
    pub fn sqs_client(&self) -> aws_sdk_sqs::Client {
        let config = clients::sqs(ENDPOINT).http_client(self.http_client());
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    async fn respond(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let Some(body) = request.body().bytes() else {
            return Err(ConnectorError::user("the body of a request must be in memory".into()));
        };
        let response = if target.starts_with(dynamodb::TARGET_PREFIX) {
            self.dynamodb.respond(target, body)
        } else if target.starts_with(sqs::TARGET_PREFIX) {
            self.sqs.respond(target, body).await
        } else {
            return Err(ConnectorError::user(format!("no stand-in executes '{target}'").into()));
        };
        HttpResponse::try_from(response.map(SdkBody::from))
            .map_err(|error| ConnectorError::other(error.into(), None))
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl HttpClient for InProcess {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let stand_ins = self.clone();
        HttpConnectorFuture::new(async move { stand_ins.respond(&request).await })
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::error::ProvideErrorMetadata;
    use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
    use chrono::TimeDelta;
    use domain::platform::clock::Clock;
    use domain::platform::id::Ids;

    use super::*;
    use crate::shutdown::Shutdown;
    use crate::sqs::Sqs;
    use crate::stack;

    /// The visibility timeout of `UsageQueue` in `infra/queues.yaml`.
    const VISIBILITY_TIMEOUT: TimeDelta = TimeDelta::seconds(360);

    async fn deployed(clock: &Clock) -> InProcess {
        let dynamodb = DynamoDb::memory().expect("the store opens");
        let sqs = Sqs::memory(clock.clone(), Ids::sequential()).expect("the store opens");
        let stand_ins = InProcess::new(dynamodb, sqs.start(ENDPOINT.to_owned(), Shutdown::new()));
        stack::deploy(&stand_ins.dynamodb_client(), &stand_ins.sqs_client()).await.expect("it deploys");
        stand_ins
    }

    fn clock() -> Clock {
        Clock::manual("2035-01-05T00:00:30Z".parse().expect("valid time"))
    }

    fn key(text: &str) -> AttributeValue {
        AttributeValue::S(text.to_owned())
    }

    #[tokio::test]
    async fn items_are_written_and_read_without_a_socket() {
        let dynamodb = deployed(&clock()).await.dynamodb_client();
        let put = || dynamodb.put_item().table_name("UsageTable").item("pk", key("a")).item("sk", key("b"));
        put().send().await.expect("the item is stored");
        let query = dynamodb.query().table_name("UsageTable").key_condition_expression("pk = :pk");
        let found = query.expression_attribute_values(":pk", key("a")).send().await;
        assert_eq!(
            found.expect("the table is read").items(),
            [[("pk", "a"), ("sk", "b")].map(|(name, value)| (name.to_owned(), key(value))).into()]
        );
    }

    #[tokio::test]
    async fn errors_reach_the_caller_with_their_codes() {
        let stand_ins = deployed(&clock()).await;
        let dynamodb = stand_ins.dynamodb_client();
        let put = || {
            let put = Put::builder().table_name("UsageTable").item("pk", key("a")).item("sk", key("b"));
            let put = put.condition_expression("attribute_not_exists(pk)").build().expect("it is complete");
            let item = TransactWriteItem::builder().put(put).build();
            dynamodb.transact_write_items().transact_items(item).send()
        };
        put().await.expect("the item is new");
        let refused = put().await.expect_err("the item exists").into_service_error();
        assert!(refused.is_transaction_canceled_exception(), "{refused:?}");
        let missing = dynamodb.get_item().table_name("NoTable").key("pk", key("a")).send().await;
        let missing = missing.expect_err("the table does not exist");
        assert_eq!(missing.code(), Some("ResourceNotFoundException"));
        let sqs = stand_ins.sqs_client();
        let missing = sqs.send_message().queue_url("http://x/0/NoQueue").message_body("x").send().await;
        let missing = missing.expect_err("the queue does not exist");
        assert_eq!(missing.code(), Some("AWS.SimpleQueueService.NonExistentQueue"));
    }

    #[tokio::test]
    async fn messages_are_received_again_after_their_visibility_timeout() {
        let clock = clock();
        let sqs = deployed(&clock).await.sqs_client();
        let url = format!("{ENDPOINT}/{}/UsageQueue", sqs::ACCOUNT);
        sqs.send_message().queue_url(&url).message_body("body").send().await.expect("the message is sent");
        let receive = async || {
            let received = sqs.receive_message().queue_url(&url).send().await;
            received.expect("the queue is read").messages.unwrap_or_default().len()
        };
        assert_eq!((receive().await, receive().await), (1, 0));
        clock.advance(VISIBILITY_TIMEOUT);
        assert_eq!(receive().await, 1);
    }
}
