//! Pure. The attributes of a queue that can be set.

use serde::{Deserialize, Serialize};

use super::arn;
use super::protocol::Attributes;
use super::refusal::Refusal;

/// How a queue behaves; times in seconds. Defaults are the service's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// How long a received message stays hidden from others: 0 to 12 hours, default 30 seconds.
    pub visibility_timeout: i64,
    /// How long a new message stays hidden: 0 to 15 minutes.
    pub delay: i64,
    /// How long a message is kept from when it was sent: 1 minute to 14 days, default 4 days.
    pub retention: i64,
    /// How long a receive call waits where it does not say: 0 to 20 seconds.
    pub wait: i64,
    /// Where messages go that nobody finishes.
    pub redrive: Option<Redrive>,
}

/// Where messages go after they were received too often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Redrive {
    /// The dead-letter queue.
    pub dead_letter_target_arn: String,
    /// Times that a message may be received, 1 to 1,000. Written as a number or as text.
    #[serde(deserialize_with = "number_or_text")]
    pub max_receive_count: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { visibility_timeout: 30, delay: 0, retention: 4 * 24 * 60 * 60, wait: 0, redrive: None }
    }
}

impl Settings {
    /// These settings with `attributes` set.
    pub fn with(mut self, attributes: &Attributes) -> Result<Self, Refusal> {
        for (name, value) in attributes {
            match name.as_str() {
                "VisibilityTimeout" => self.visibility_timeout = seconds(name, value, 0, 43_200)?,
                "DelaySeconds" => self.delay = seconds(name, value, 0, 900)?,
                "MessageRetentionPeriod" => self.retention = seconds(name, value, 60, 1_209_600)?,
                "ReceiveMessageWaitTimeSeconds" => self.wait = seconds(name, value, 0, 20)?,
                "RedrivePolicy" if value.is_empty() => self.redrive = None,
                "RedrivePolicy" => self.redrive = Some(redrive(value)?),
                _ => {
                    let message = format!("Unknown Attribute {name}.");
                    return Err(Refusal::sender("InvalidAttributeName", "InvalidAttributeName", message));
                }
            }
        }
        Ok(self)
    }

    /// The settings as attributes.
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

impl Redrive {
    /// The name of the dead-letter queue.
    pub fn target(&self) -> Option<&str> {
        self.dead_letter_target_arn.strip_prefix(&arn(""))
    }
}

fn seconds(name: &str, value: &str, least: i64, most: i64) -> Result<i64, Refusal> {
    let seconds = value.parse().ok().filter(|seconds| (least..=most).contains(seconds));
    seconds.ok_or_else(|| Refusal::attribute(name))
}

fn redrive(policy: &str) -> Result<Redrive, Refusal> {
    let redrive: Option<Redrive> = serde_json::from_str(policy).ok();
    redrive
        .filter(|redrive| (1..=1_000).contains(&redrive.max_receive_count))
        .ok_or_else(|| Refusal::attribute("RedrivePolicy"))
}

fn number_or_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(i64),
        Text(String),
    }
    match Either::deserialize(deserializer)? {
        Either::Number(number) => Ok(number),
        Either::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_within_the_limits_of_the_service() {
        let target = arn("dead");
        let number = format!(r#"{{"deadLetterTargetArn":"{target}","maxReceiveCount":3}}"#);
        let text = format!(r#"{{"deadLetterTargetArn":"{target}","maxReceiveCount":"3"}}"#);
        let cases = [
            ("VisibilityTimeout", "43200", None),
            ("VisibilityTimeout", "43201", Some("InvalidAttributeValue")),
            ("DelaySeconds", "901", Some("InvalidAttributeValue")),
            ("MessageRetentionPeriod", "59", Some("InvalidAttributeValue")),
            ("RedrivePolicy", &number, None),
            ("RedrivePolicy", &text, None),
            ("RedrivePolicy", "{}", Some("InvalidAttributeValue")),
            ("FifoQueue", "true", Some("InvalidAttributeName")),
        ];
        for (name, value, refused) in cases {
            let attributes = Attributes::from([(name.to_owned(), value.to_owned())]);
            let settings = Settings::default().with(&attributes);
            assert_eq!(settings.as_ref().err().map(|refusal| refusal.code), refused, "{name}={value}");
            if let Ok(settings) = settings {
                assert_eq!(Settings::default().with(&settings.attributes()), Ok(settings));
            }
        }
    }
}
