//! Resources of type `AWS::SQS::Queue`.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::operation::create_queue::CreateQueueError;
use aws_sdk_sqs::types::QueueAttributeName;
use serde::Deserialize;
use serde_json::json;

use crate::sqs::arn;

/// A queue of the template.
#[derive(Clone, Debug)]
pub struct Queue {
    /// The logical id, used as the queue's name.
    pub name: String,
    pub(super) properties: Properties,
}

/// The properties of a queue that the local run supports. Encryption is ignored. Times are in seconds.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Properties {
    visibility_timeout: Option<u32>,
    message_retention_period: Option<u32>,
    delay_seconds: Option<u32>,
    receive_message_wait_time_seconds: Option<u32>,
    redrive_policy: Option<RedrivePolicy>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedrivePolicy {
    dead_letter_target_arn: GetArn,
    max_receive_count: u32,
}

/// `!GetAtt Queue.Arn`.
#[derive(Clone, Debug, Deserialize)]
struct GetArn {
    #[serde(rename = "Fn::GetAtt")]
    path: (String, String),
}

impl Queue {
    /// Whether the queue has a dead-letter queue.
    pub fn has_dead_letters(&self) -> bool {
        self.properties.redrive_policy.is_some()
    }

    /// Returns the attributes that differ from the service's defaults.
    pub fn attributes(&self) -> BTreeMap<&'static str, String> {
        let properties = &self.properties;
        let redrive = properties.redrive_policy.as_ref().map(|policy| {
            let target = arn(&policy.dead_letter_target_arn.path.0);
            json!({ "deadLetterTargetArn": target, "maxReceiveCount": policy.max_receive_count }).to_string()
        });
        let number = |number: Option<u32>| number.map(|number| number.to_string());
        let attributes = [
            ("VisibilityTimeout", number(properties.visibility_timeout)),
            ("MessageRetentionPeriod", number(properties.message_retention_period)),
            ("DelaySeconds", number(properties.delay_seconds)),
            ("ReceiveMessageWaitTimeSeconds", number(properties.receive_message_wait_time_seconds)),
            ("RedrivePolicy", redrive),
        ];
        attributes.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    pub(super) async fn deploy(&self, client: &Client) -> Result<()> {
        let attributes: Vec<_> = self
            .attributes()
            .into_iter()
            .map(|(name, value)| (QueueAttributeName::from(name), value))
            .collect();
        let mut create = client.create_queue().queue_name(&self.name);
        for (name, value) in &attributes {
            create = create.attributes(name.clone(), value);
        }
        match create.send().await {
            Ok(_) => return Ok(()),
            Err(error) if error.as_service_error().is_some_and(CreateQueueError::is_queue_name_exists) => {}
            Err(error) => return Err(error.into()),
        }
        let found = client.get_queue_url().queue_name(&self.name).send().await?;
        let mut set =
            client.set_queue_attributes().queue_url(found.queue_url.context("the queue has no URL")?);
        for (name, value) in attributes {
            set = set.attributes(name, value);
        }
        set.send().await?;
        Ok(())
    }
}
