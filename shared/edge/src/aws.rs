//! Where AWS's services are, and the credentials that requests to them are signed with.

use std::fmt;

use domain::error::Error;
use domain::platform::variables::Variables;

/// The variables that these settings are read from. Lambda sets the first four; the others point a function at
/// stand-ins.
pub const VARIABLES: &[&str] = &[
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
];

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

/// Without the keys.
impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").field("region", &self.region).finish_non_exhaustive()
    }
}

impl Aws {
    /// Reads the settings. A region and a key have no defaults; the endpoint of one service overrides that of all.
    pub fn read(variables: &Variables) -> Result<Self, Error> {
        let given = |name: &str| variables.get(name).map(str::to_owned);
        let endpoint = |name: &str| given(name).or_else(|| given("AWS_ENDPOINT_URL"));
        Ok(Self {
            region: variables.required("AWS_REGION")?.to_owned(),
            access_key_id: variables.required("AWS_ACCESS_KEY_ID")?.to_owned(),
            secret_access_key: variables.required("AWS_SECRET_ACCESS_KEY")?.to_owned(),
            session_token: given("AWS_SESSION_TOKEN"),
            dynamodb_endpoint: endpoint("AWS_ENDPOINT_URL_DYNAMODB"),
            sqs_endpoint: endpoint("AWS_ENDPOINT_URL_SQS"),
            secrets_endpoint: endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_of_one_service_overrides_that_of_all() {
        let variables =
            Variables::default().with([("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "AKIA1")]);
        let refused = Aws::read(&variables).expect_err("a key has two parts");
        assert_eq!(refused.to_string(), "AWS_SECRET_ACCESS_KEY is not set");

        let variables = variables.with([("AWS_SECRET_ACCESS_KEY", "hush")]);
        let aws = Aws::read(&variables).expect("it is complete");
        assert_eq!((&aws.dynamodb_endpoint, &aws.session_token), (&None, &None));
        assert_eq!(format!("{aws:?}"), r#"Aws { region: "eu-west-1", .. }"#);

        let variables =
            variables.with([("AWS_ENDPOINT_URL", "http://all"), ("AWS_ENDPOINT_URL_SQS", "http://sqs")]);
        let aws = Aws::read(&variables).expect("it is complete");
        assert_eq!(aws.dynamodb_endpoint.as_deref(), Some("http://all"));
        assert_eq!(aws.sqs_endpoint.as_deref(), Some("http://sqs"));
    }
}
