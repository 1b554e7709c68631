//! Pure. The settings of a queue, which clients read and write as attributes.

use serde::{Deserialize, Serialize};

use super::arn;
use super::error::Error;
use super::protocol::Attributes;

/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;
/// Maximum delay of a message, seconds.
pub const MAX_DELAY: i64 = 15 * 60;
/// Maximum time that a receive call waits, seconds.
pub const MAX_WAIT: i64 = 20;
/// Maximum visibility timeout, seconds.
pub const MAX_VISIBILITY_TIMEOUT: i64 = 12 * 60 * 60;
/// Minimum retention of a message, seconds.
const MIN_RETENTION: i64 = 60;
/// Maximum retention of a message, seconds.
const MAX_RETENTION: i64 = 14 * DAY;
/// Maximum receive count of a redrive policy.
const MAX_RECEIVE_COUNT: i64 = 1_000;

/// The settings of a queue, with the defaults of the service. Times are in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueSettings {
    /// How long a received message stays invisible: 0 to 12 hours, 30 seconds by default.
    pub visibility_timeout: i64,
    /// How long a new message stays invisible: 0 to 15 minutes, 0 by default.
    pub delay: i64,
    /// How long a message is retained after it was sent: 1 minute to 14 days, 4 days by default.
    pub retention: i64,
    /// How long a receive call waits unless it specifies another time: 0 to 20 seconds, 0 by default.
    pub wait: i64,
    /// The dead-letter queue, if there is one.
    pub redrive: Option<RedrivePolicy>,
}

/// The dead-letter queue of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RedrivePolicy {
    /// ARN of the dead-letter queue.
    pub dead_letter_target_arn: String,
    /// How many times a message is received before it is moved, 1 to 1,000. Clients send a number or a string.
    #[serde(deserialize_with = "number_or_string")]
    pub max_receive_count: i64,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self { visibility_timeout: 30, delay: 0, retention: 4 * DAY, wait: 0, redrive: None }
    }
}

impl QueueSettings {
    /// Sets these attributes. Fails if one is unknown or its value is invalid.
    pub fn with(mut self, attributes: &Attributes) -> Result<Self, Error> {
        for (name, value) in attributes {
            match name.as_str() {
                "VisibilityTimeout" => {
                    self.visibility_timeout = seconds(name, value, 0, MAX_VISIBILITY_TIMEOUT)?;
                }
                "DelaySeconds" => self.delay = seconds(name, value, 0, MAX_DELAY)?,
                "MessageRetentionPeriod" => {
                    self.retention = seconds(name, value, MIN_RETENTION, MAX_RETENTION)?;
                }
                "ReceiveMessageWaitTimeSeconds" => self.wait = seconds(name, value, 0, MAX_WAIT)?,
                "RedrivePolicy" if value.is_empty() => self.redrive = None,
                "RedrivePolicy" => self.redrive = Some(redrive_policy(value)?),
                _ => {
                    let message = format!("Unknown Attribute {name}.");
                    return Err(Error::sender("InvalidAttributeName", "InvalidAttributeName", message));
                }
            }
        }
        Ok(self)
    }

    /// Returns the settings as attributes.
    pub fn attributes(&self) -> Attributes {
        let mut attributes = Attributes::from([
            ("VisibilityTimeout".to_owned(), self.visibility_timeout.to_string()),
            ("DelaySeconds".to_owned(), self.delay.to_string()),
            ("MessageRetentionPeriod".to_owned(), self.retention.to_string()),
            ("ReceiveMessageWaitTimeSeconds".to_owned(), self.wait.to_string()),
        ]);
        if let Some(policy) = self.redrive.as_ref().and_then(|redrive| serde_json::to_string(redrive).ok()) {
            attributes.insert("RedrivePolicy".to_owned(), policy);
        }
        attributes
    }
}

impl RedrivePolicy {
    /// Returns the name of the dead-letter queue. `None` if the ARN is invalid.
    pub fn target(&self) -> Option<&str> {
        self.dead_letter_target_arn.strip_prefix(&arn(""))
    }
}

fn seconds(name: &str, value: &str, min: i64, max: i64) -> Result<i64, Error> {
    let seconds = value.parse().ok().filter(|seconds| (min..=max).contains(seconds));
    seconds.ok_or_else(|| Error::invalid_attribute(name))
}

fn redrive_policy(json: &str) -> Result<RedrivePolicy, Error> {
    let policy: Option<RedrivePolicy> = serde_json::from_str(json).ok();
    policy
        .filter(|policy| (1..=MAX_RECEIVE_COUNT).contains(&policy.max_receive_count))
        .ok_or_else(|| Error::invalid_attribute("RedrivePolicy"))
}

fn number_or_string<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum NumberOrString {
        Number(i64),
        String(String),
    }
    match NumberOrString::deserialize(deserializer)? {
        NumberOrString::Number(number) => Ok(number),
        NumberOrString::String(string) => string.parse().map_err(serde::de::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_outside_the_limits_of_the_service_are_invalid() {
        let target = arn("dead");
        let with_number = format!(r#"{{"deadLetterTargetArn":"{target}","maxReceiveCount":3}}"#);
        let with_string = format!(r#"{{"deadLetterTargetArn":"{target}","maxReceiveCount":"3"}}"#);
        let cases = [
            ("VisibilityTimeout", "43200", None),
            ("VisibilityTimeout", "43201", Some("InvalidAttributeValue")),
            ("DelaySeconds", "901", Some("InvalidAttributeValue")),
            ("MessageRetentionPeriod", "59", Some("InvalidAttributeValue")),
            ("RedrivePolicy", &with_number, None),
            ("RedrivePolicy", &with_string, None),
            ("RedrivePolicy", "{}", Some("InvalidAttributeValue")),
            ("FifoQueue", "true", Some("InvalidAttributeName")),
        ];
        for (name, value, code) in cases {
            let attributes = Attributes::from([(name.to_owned(), value.to_owned())]);
            let settings = QueueSettings::default().with(&attributes);
            assert_eq!(settings.as_ref().err().map(|error| error.code), code, "{name}={value}");
            if let Ok(settings) = settings {
                assert_eq!(QueueSettings::default().with(&settings.attributes()), Ok(settings));
            }
        }
    }
}
