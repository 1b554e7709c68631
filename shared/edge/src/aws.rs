//! Endpoints and credentials of AWS services.

use std::fmt;

use domain::error::Error;
use domain::platform::variables::Variables;

/// The variables that these settings are read from. Lambda sets the first four; the others point a function at
/// emulators.
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

/// The endpoints of AWS services, and the credentials that sign requests to them.
#[derive(Clone)]
pub struct Aws {
    /// The region of the services.
    pub region: String,
    /// The id of the access key.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token of temporary credentials, such as those of a function.
    pub session_token: Option<String>,
    /// The endpoint of `DynamoDB`, if not the region's.
    pub dynamodb_endpoint: Option<String>,
    /// The endpoint of SQS, if not the region's.
    pub sqs_endpoint: Option<String>,
    /// The endpoint of Secrets Manager, if not the region's.
    pub secrets_endpoint: Option<String>,
}

/// Omits the credentials.
impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").field("region", &self.region).finish_non_exhaustive()
    }
}

impl Aws {
    /// Reads the settings. Fails if the region or the access key is unset. The endpoint of one service overrides the
    /// endpoint of all.
    pub fn read(variables: &Variables) -> Result<Self, Error> {
        let value = |name: &str| variables.get(name).map(str::to_owned);
        let endpoint = |name: &str| value(name).or_else(|| value("AWS_ENDPOINT_URL"));
        Ok(Self {
            region: variables.required("AWS_REGION")?.to_owned(),
            access_key_id: variables.required("AWS_ACCESS_KEY_ID")?.to_owned(),
            secret_access_key: variables.required("AWS_SECRET_ACCESS_KEY")?.to_owned(),
            session_token: value("AWS_SESSION_TOKEN"),
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
        let error = Aws::read(&variables).expect_err("the secret is unset");
        assert_eq!(error.to_string(), "AWS_SECRET_ACCESS_KEY is not set");

        let variables = variables.with([("AWS_SECRET_ACCESS_KEY", "hush")]);
        let aws = Aws::read(&variables).expect("complete settings");
        assert_eq!((&aws.dynamodb_endpoint, &aws.session_token), (&None, &None));
        assert_eq!(format!("{aws:?}"), r#"Aws { region: "eu-west-1", .. }"#);

        let variables =
            variables.with([("AWS_ENDPOINT_URL", "http://all"), ("AWS_ENDPOINT_URL_SQS", "http://sqs")]);
        let aws = Aws::read(&variables).expect("complete settings");
        assert_eq!(aws.dynamodb_endpoint.as_deref(), Some("http://all"));
        assert_eq!(aws.sqs_endpoint.as_deref(), Some("http://sqs"));
    }
}
