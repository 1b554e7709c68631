//! The embedded store of one test, behind the protocol that the functions speak.

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The only table so far.
pub const TABLE: &str = "usage";

/// A store that ends with its test.
pub struct Store {
    endpoint: String,
    _stop: oneshot::Sender<()>,
}

impl Store {
    /// An empty store with its tables.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
        let (stop, stopped) = oneshot::channel::<()>();
        let database = dynoxide::Database::memory().expect("memory opens");
        #[expect(clippy::disallowed_methods, reason = "the store runs beside the test")]
        tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, async move {
            let _ = stopped.await;
        }));
        let store = Self { endpoint, _stop: stop };
        store.create_table().await;
        store
    }

    /// A client of its tables.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(credentials())
            .endpoint_url(&self.endpoint)
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// A client that no queue answers yet.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(credentials())
            .endpoint_url(&self.endpoint)
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    async fn create_table(&self) {
        let attribute = |name: &str| {
            let attribute = AttributeDefinition::builder().attribute_name(name);
            attribute.attribute_type(ScalarAttributeType::S).build().expect("it is whole")
        };
        let key = |name: &str, kind: KeyType| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("it is whole")
        };
        let call = self.dynamodb().create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest);
        let call = call.attribute_definitions(attribute("pk")).attribute_definitions(attribute("sk"));
        let call = call.key_schema(key("pk", KeyType::Hash)).key_schema(key("sk", KeyType::Range));
        call.send().await.expect("the table is made");
    }
}

fn credentials() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test"))
}
