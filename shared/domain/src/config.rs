//! The only reader of the environment: one struct per concern, every default with its reason.

use std::collections::HashMap;
use std::fmt::{self, Display};
use std::str::FromStr;

use crate::error::Error;
use crate::recomputations::status::Transitions;
use crate::usage::verify::{FlavorField, Level};

/// Every variable that Steward reads, as `template.yaml` may set them.
pub const VARIABLES: &[&str] = &[
    "USAGE_TABLE",
    "STREAM_TABLE",
    "REGISTRY_TABLE",
    "NOTIFICATION_QUEUE_URL",
    "USAGE_QUEUE_URL",
    "STREAM_QUEUE_URL",
    "STREAM_DEFINITIONS",
    "PURGE_COMPLETED_STREAMS",
    "VERIFIED_QUEUE_URL",
    "PUBLISHED_QUEUE_URL",
    "STACKTACH_AUTH",
    "RECOMP_TRANSITIONS",
    "RECOMP_INVALID_STATUS_CODE",
    "FIRST_SECRET_ARN",
    "VERIFY_LEVEL",
    "VERIFY_SETTLE_SECONDS",
    "VERIFY_FLAVOR_FIELD",
    "VERIFIED_NOTIFICATIONS",
    "VERIFIED_NOVA_EVENT_TYPE",
    "VERIFIED_GLANCE_EVENT_TYPE",
    "RETENTION_DAYS",
    "QUERY_BUDGET",
    "CORS_ORIGINS",
    "BASE_PATH",
    "PUBLIC_BASE_URL",
    "LOG_FORMAT",
    "RUST_LOG",
    "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH",
];

/// Every variable that Steward reads and Lambda itself sets, or whoever runs a function beside a stand-in.
pub const AWS_VARIABLES: &[&str] = &[
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
];

/// Everything that an operator can set.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where records and messages are.
    pub places: Places,
    /// How exists records are verified.
    pub verify: Verify,
    /// Who may use usage, streams and ingest, whose originals asked nobody. Default `api-key`.
    pub stacktach_auth: StackTachAuth,
    /// How recomputation requests are handled.
    pub recomputations: Recomputations,
    /// How streams are handled.
    pub streams: Streams,
    /// Days that notifications, their bodies and set-aside elements are kept, counted from receipt. Default 14.
    pub retention_days: i64,
    /// Read units that one query may use before it is refused. Default 20,000: about 160 MB read, a quarter of a cent.
    pub query_budget: u64,
    /// How the APIs are reached.
    pub web: Web,
}

/// How the APIs are reached, and from which pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Web {
    /// Origins whose pages may ask, such as `https://ops.example.com`, or `*` for all. Default none.
    pub cors_origins: Vec<String>,
    /// What stands before every path, such as `/steward`, where a mapping or a proxy put it there. Default nothing.
    pub base_path: String,
    /// Where clients find the APIs, without a slash at its end. Default: where the gateway says that it is.
    pub public_base_url: Option<String>,
}

/// Who may use usage, streams and ingest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackTachAuth {
    /// Whoever shows an API key that grants it.
    ApiKey,
    /// Whoever reaches them: on one machine, or behind a gateway that asks.
    None,
}

impl FromStr for StackTachAuth {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "api-key" => Ok(Self::ApiKey),
            "none" => Ok(Self::None),
            _ => Err("api-key or none is expected"),
        }
    }
}

/// How recomputation requests are handled.
#[derive(Clone, Debug)]
pub struct Recomputations {
    /// Which status may follow which. Default `open`, as the original.
    pub transitions: Transitions,
    /// What answers a status that is none. Default [`InvalidStatus::NotFound`].
    pub invalid_status: InvalidStatus,
}

/// With what the documented dialect answers a status that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidStatus {
    /// `404`, as the document says.
    NotFound,
    /// `409`, as the original did.
    Conflict,
}

impl FromStr for InvalidStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "404" => Ok(Self::NotFound),
            "409" => Ok(Self::Conflict),
            _ => Err("404 or 409 is expected"),
        }
    }
}

/// How streams are handled.
#[derive(Clone, Debug)]
pub struct Streams {
    /// Folder of an operator's own definitions; empty where those that Steward comes with are used.
    pub definitions: String,
    /// Whether a stream is deleted once its pipeline ran. Default false, so that it can be looked at.
    pub purge_completed: bool,
}

/// Names and addresses that a deployment gives.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Name of the table of group `usage`.
    pub usage_table: String,
    /// Name of the table of streams.
    pub stream_table: String,
    /// Name of the table of principals, their credentials and the records that people work on.
    pub registry_table: String,
    /// Queue of accepted notifications.
    pub notification_queue: String,
    /// Queue of verification work.
    pub usage_queue: String,
    /// Queue of streams that are due.
    pub stream_queue: String,
    /// Queue of verified notifications, read by whoever sends usage downstream.
    pub verified_queue: String,
    /// Queue of what happened here, read by whoever acts on it downstream.
    pub published_queue: String,
    /// ARN of the secret by which the first administrator comes in; empty where none does.
    pub first_secret: String,
}

/// How exists records are verified.
#[derive(Clone, Debug)]
pub struct Verify {
    /// Which fields are validated. Default `all`, as in the original's sample configuration.
    pub level: Level,
    /// Seconds after the end of the audit period before a record is looked at. Default 300.
    pub settle_seconds: i64,
    /// The flavor field that an exists and its launch must agree on. Default `instance_type_id`.
    pub flavor_field: FlavorField,
    /// Whether a verified record is announced. Default true.
    pub notifications: bool,
    /// Event type of the announcement of an instance. Default `compute.instance.exists.verified`.
    pub nova_event_type: String,
    /// Event type of the announcement of an image message. Default `image.exists.verified`.
    pub glance_event_type: String,
}

/// Who calls AWS's services, and where they are.
#[derive(Clone)]
pub struct Aws {
    /// The region of the services.
    pub region: String,
    /// Names the key that requests are signed with.
    pub access_key_id: String,
    /// The key itself.
    pub secret_access_key: String,
    /// Belongs to a key that does not last, as a function's.
    pub session_token: Option<String>,
    /// Where `DynamoDB` is, if not at the region's own address.
    pub dynamodb_endpoint: Option<String>,
    /// Where SQS is, if not at the region's own address.
    pub sqs_endpoint: Option<String>,
    /// Where Secrets Manager is, if not at the region's own address.
    pub secrets_endpoint: Option<String>,
}

/// How logs are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// As what. Default `text`.
    pub format: LogFormat,
    /// What is logged, as `RUST_LOG` says it. Default `info`.
    pub filter: String,
}

/// As what logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// A line for a person.
    Text,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err("json or text is expected"),
        }
    }
}

/// Without the keys.
impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").field("region", &self.region).finish_non_exhaustive()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            places: Places::default(),
            verify: Verify {
                level: Level::All,
                settle_seconds: 300,
                flavor_field: FlavorField::InstanceTypeId,
                notifications: true,
                nova_event_type: "compute.instance.exists.verified".to_owned(),
                glance_event_type: "image.exists.verified".to_owned(),
            },
            stacktach_auth: StackTachAuth::ApiKey,
            recomputations: Recomputations {
                transitions: Transitions::Open,
                invalid_status: InvalidStatus::NotFound,
            },
            streams: Streams { definitions: String::new(), purge_completed: false },
            retention_days: 14,
            query_budget: 20_000,
            web: Web::default(),
        }
    }
}

impl Config {
    /// The configuration in this process's environment; what is not set has its default.
    ///
    /// A value that cannot be read is an error that names the variable.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_variables(&environment())
    }

    /// The configuration in these variables.
    pub fn from_variables(variables: &HashMap<String, String>) -> Result<Self, Error> {
        let default = Self::default();
        let verify = default.verify;
        Ok(Self {
            places: Places {
                usage_table: read(variables, "USAGE_TABLE", String::new())?,
                stream_table: read(variables, "STREAM_TABLE", String::new())?,
                registry_table: read(variables, "REGISTRY_TABLE", String::new())?,
                notification_queue: read(variables, "NOTIFICATION_QUEUE_URL", String::new())?,
                usage_queue: read(variables, "USAGE_QUEUE_URL", String::new())?,
                stream_queue: read(variables, "STREAM_QUEUE_URL", String::new())?,
                verified_queue: read(variables, "VERIFIED_QUEUE_URL", String::new())?,
                published_queue: read(variables, "PUBLISHED_QUEUE_URL", String::new())?,
                first_secret: read(variables, "FIRST_SECRET_ARN", String::new())?,
            },
            verify: Verify {
                level: read(variables, "VERIFY_LEVEL", verify.level)?,
                settle_seconds: read(variables, "VERIFY_SETTLE_SECONDS", verify.settle_seconds)?,
                flavor_field: read(variables, "VERIFY_FLAVOR_FIELD", verify.flavor_field)?,
                notifications: read(variables, "VERIFIED_NOTIFICATIONS", verify.notifications)?,
                nova_event_type: read(variables, "VERIFIED_NOVA_EVENT_TYPE", verify.nova_event_type)?,
                glance_event_type: read(variables, "VERIFIED_GLANCE_EVENT_TYPE", verify.glance_event_type)?,
            },
            stacktach_auth: read(variables, "STACKTACH_AUTH", default.stacktach_auth)?,
            recomputations: Recomputations {
                transitions: read(variables, "RECOMP_TRANSITIONS", default.recomputations.transitions)?,
                invalid_status: read(
                    variables,
                    "RECOMP_INVALID_STATUS_CODE",
                    default.recomputations.invalid_status,
                )?,
            },
            streams: Streams {
                definitions: read(variables, "STREAM_DEFINITIONS", default.streams.definitions)?,
                purge_completed: read(variables, "PURGE_COMPLETED_STREAMS", default.streams.purge_completed)?,
            },
            retention_days: read(variables, "RETENTION_DAYS", default.retention_days)?,
            query_budget: read(variables, "QUERY_BUDGET", default.query_budget)?,
            web: Web::from_variables(variables)?,
        })
    }
}

impl Web {
    /// What this process's environment says.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_variables(&environment())
    }

    /// What these variables say.
    pub fn from_variables(variables: &HashMap<String, String>) -> Result<Self, Error> {
        let given = |name: &str| variables.get(name).map_or("", |value| value.trim());
        let wrong = |name: &str, value: &str, expected: &str| {
            Error::invalid(format!("{name}: '{value}': {expected} is expected"))
        };
        let origins = given("CORS_ORIGINS").split(',').map(str::trim).filter(|origin| !origin.is_empty());
        let cors_origins: Vec<_> = origins.map(str::to_owned).collect();
        if let Some(other) = cors_origins.iter().find(|origin| *origin != "*" && !is_origin(origin)) {
            return Err(wrong("CORS_ORIGINS", other, "* or an origin such as https://ops.example.com"));
        }
        let base_path = match given("BASE_PATH").trim_matches('/') {
            "" => String::new(),
            path => format!("/{path}"),
        };
        let public_base_url = match given("PUBLIC_BASE_URL").trim_end_matches('/') {
            "" => None,
            url if url.starts_with("https://") || url.starts_with("http://") => Some(url.to_owned()),
            other => return Err(wrong("PUBLIC_BASE_URL", other, "a URL such as https://ops.example.com")),
        };
        Ok(Self { cors_origins, base_path, public_base_url })
    }
}

/// Whether it is a scheme, a host and no more than a port, which is how a browser names where a page is from.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_graphic() && !b"/?#@".contains(&b))
    })
}

impl Aws {
    /// What this process's environment says, in the variables that AWS's own tools read.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_variables(&environment())
    }

    /// What these variables say. A region and a key have no defaults; an address of one service goes before one of all.
    pub fn from_variables(variables: &HashMap<String, String>) -> Result<Self, Error> {
        let given = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
        let needed = |name: &str| given(name).ok_or_else(|| Error::invalid(format!("{name} is not set")));
        let endpoint = |name: &str| given(name).or_else(|| given("AWS_ENDPOINT_URL"));
        Ok(Self {
            region: needed("AWS_REGION")?,
            access_key_id: needed("AWS_ACCESS_KEY_ID")?,
            secret_access_key: needed("AWS_SECRET_ACCESS_KEY")?,
            session_token: given("AWS_SESSION_TOKEN"),
            dynamodb_endpoint: endpoint("AWS_ENDPOINT_URL_DYNAMODB"),
            sqs_endpoint: endpoint("AWS_ENDPOINT_URL_SQS"),
            secrets_endpoint: endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
        })
    }
}

impl Log {
    /// What this process's environment says.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_variables(&environment())
    }

    /// What these variables say.
    pub fn from_variables(variables: &HashMap<String, String>) -> Result<Self, Error> {
        Ok(Self {
            format: read(variables, "LOG_FORMAT", LogFormat::Text)?,
            filter: read(variables, "RUST_LOG", "info".to_owned())?,
        })
    }
}

/// Whether this process's environment has the variable.
pub fn is_set(name: &str) -> bool {
    environment().contains_key(name)
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn environment() -> HashMap<String, String> {
    std::env::vars().collect()
}

fn read<T>(variables: &HashMap<String, String>, name: &str, default: T) -> Result<T, Error>
where
    T: FromStr,
    T::Err: Display,
{
    match variables.get(name) {
        None => Ok(default),
        Some(text) => {
            text.parse().map_err(|cause: T::Err| Error::invalid(format!("{name}: '{text}': {cause}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_has_its_default_and_what_is_wrong_names_its_variable() {
        let mut variables = HashMap::from([("VERIFY_LEVEL".to_owned(), "basic".to_owned())]);
        let config = Config::from_variables(&variables).expect("it is fine");
        assert_eq!((config.verify.level, config.verify.settle_seconds), (Level::Basic, 300));

        variables.insert("VERIFY_SETTLE_SECONDS".to_owned(), "soon".to_owned());
        let refused = Config::from_variables(&variables).expect_err("it is no number");
        assert_eq!(refused.to_string(), "VERIFY_SETTLE_SECONDS: 'soon': invalid digit found in string");
    }

    #[test]
    fn origins_are_a_list_a_base_path_begins_with_one_slash_and_a_base_url_ends_without() {
        let web = |name: &str, value: &str| {
            Web::from_variables(&HashMap::from([(name.to_owned(), value.to_owned())]))
                .map_err(|e| e.to_string())
        };
        let origins = |value| web("CORS_ORIGINS", value).map(|web| web.cors_origins);
        assert_eq!(origins(" "), Ok(Vec::new()));
        let two = ["https://a.example", "http://localhost:3000"].map(str::to_owned);
        assert_eq!(origins("https://a.example, http://localhost:3000,"), Ok(two.to_vec()));
        assert_eq!(origins("*"), Ok(vec!["*".to_owned()]));
        for wrong in ["a.example", "https://a.example/", "https://", "null", "https://a b"] {
            assert!(origins(wrong).is_err_and(|said| said.starts_with("CORS_ORIGINS: ")), "{wrong}");
        }
        for (value, expected) in [("", ""), ("/", ""), ("steward", "/steward"), ("/a/b/", "/a/b")] {
            assert_eq!(web("BASE_PATH", value).map(|web| web.base_path), Ok(expected.to_owned()), "{value}");
        }
        let url = |value| web("PUBLIC_BASE_URL", value).map(|web| web.public_base_url);
        assert_eq!(url("https://a.example/x/"), Ok(Some("https://a.example/x".to_owned())));
        assert_eq!(url(""), Ok(None));
        assert!(url("a.example").is_err());
    }

    #[test]
    fn a_service_is_where_its_own_variable_says_or_else_where_that_of_all_says() {
        let set = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let mut variables: HashMap<_, _> =
            set(&[("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "AKIA1")]);
        let refused = Aws::from_variables(&variables).expect_err("a key has two parts");
        assert_eq!(refused.to_string(), "AWS_SECRET_ACCESS_KEY is not set");

        variables.insert("AWS_SECRET_ACCESS_KEY".to_owned(), "hush".to_owned());
        let aws = Aws::from_variables(&variables).expect("it is whole");
        assert_eq!((&aws.dynamodb_endpoint, &aws.session_token), (&None, &None));
        assert_eq!(format!("{aws:?}"), r#"Aws { region: "eu-west-1", .. }"#);

        variables.extend(set(&[("AWS_ENDPOINT_URL", "http://all"), ("AWS_ENDPOINT_URL_SQS", "http://sqs")]));
        let aws = Aws::from_variables(&variables).expect("it is whole");
        assert_eq!(aws.dynamodb_endpoint.as_deref(), Some("http://all"));
        assert_eq!(aws.sqs_endpoint.as_deref(), Some("http://sqs"));
    }
}
