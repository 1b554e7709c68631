//! The tables and queues of the stack, created in the stand-ins under their logical ids.
//!
//! They are read from the templates that are deployed, so there is only one definition of each.

mod queue;
mod table;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::sqs::ACCOUNT;
use crate::template;
pub use queue::Queue;
pub use table::Table;

const TABLES: &str = include_str!("../../../tables.yaml");
const QUEUES: &str = include_str!("../../../queues.yaml");

/// Creates the tables and queues that do not exist, and updates the others to match the templates.
pub async fn deploy(dynamodb: &aws_sdk_dynamodb::Client, sqs: &aws_sdk_sqs::Client) -> Result<()> {
    for table in tables()? {
        table.deploy(dynamodb).await.with_context(|| format!("table {}", table.name))?;
    }
    // A dead-letter queue must exist before a redrive policy can name it.
    let (sources, targets): (Vec<_>, Vec<_>) = queues()?.into_iter().partition(Queue::has_dead_letters);
    for queue in targets.into_iter().chain(sources) {
        queue.deploy(sqs).await.with_context(|| format!("queue {}", queue.name))?;
    }
    Ok(())
}

/// Returns the URL of the queue with this logical id.
pub fn queue_url(sqs_endpoint: &str, logical_id: &str) -> String {
    format!("{sqs_endpoint}/{ACCOUNT}/{logical_id}")
}

/// Returns the environment variables that name the tables and queues.
pub fn variables(sqs_endpoint: &str) -> Vec<(&'static str, String)> {
    let queue = |id| queue_url(sqs_endpoint, id);
    vec![
        ("USAGE_TABLE", "UsageTable".to_owned()),
        ("STREAM_TABLE", "StreamTable".to_owned()),
        ("REGISTRY_TABLE", "RegistryTable".to_owned()),
        ("OPS_TABLE", "OpsTable".to_owned()),
        ("NOTIFICATION_QUEUE_URL", queue("NotificationQueue")),
        ("USAGE_QUEUE_URL", queue("UsageQueue")),
        ("STREAM_QUEUE_URL", queue("StreamQueue")),
        ("MAINTENANCE_QUEUE_URL", queue("MaintenanceQueue")),
        ("CHANGESET_QUEUE_URL", queue("ChangesetQueue")),
        ("VERIFIED_QUEUE_URL", queue("VerifiedQueue")),
        ("PUBLISHED_QUEUE_URL", queue("PublishedQueue")),
    ]
}

/// Returns the tables of `infra/tables.yaml`.
pub fn tables() -> Result<Vec<Table>> {
    let resources = resources(TABLES, "AWS::DynamoDB::Table")?;
    Ok(resources.into_iter().map(|(name, properties)| Table { name, properties }).collect())
}

/// Returns the queues of `infra/queues.yaml`.
pub fn queues() -> Result<Vec<Queue>> {
    let resources = resources(QUEUES, "AWS::SQS::Queue")?;
    Ok(resources.into_iter().map(|(name, properties)| Queue { name, properties }).collect())
}

/// Returns the logical id and the properties of each resource of a type.
fn resources<T: DeserializeOwned>(template: &str, resource_type: &str) -> Result<Vec<(String, T)>> {
    let template = template::parse(template)?;
    let resources = template["Resources"].as_object().context("the template has no resources")?;
    let of_type = resources.iter().filter(|(_, resource)| resource["Type"] == resource_type);
    of_type.map(|(name, resource)| Ok((name.clone(), properties(name, &resource["Properties"])?))).collect()
}

fn properties<T: DeserializeOwned>(name: &str, properties: &Value) -> Result<T> {
    let properties =
        if properties.is_null() { Value::Object(serde_json::Map::new()) } else { properties.clone() };
    serde_json::from_value(properties)
        .with_context(|| format!("{name} has properties that the local run does not support"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deployed_templates_are_supported() {
        let tables = tables().expect("valid templates");
        assert!(tables.iter().any(|table| table.name == "UsageTable"));
        let queues = queues().expect("valid templates");
        for name in ["NotificationQueue", "UsageQueue", "VerifiedQueue"] {
            let queue = queues.iter().find(|queue| queue.name == name).expect("the queue is defined");
            assert!(queue.has_dead_letters(), "{name}");
        }
    }

    #[test]
    fn a_redrive_policy_names_the_arn_of_the_dead_letter_queue() {
        let text = "Resources:\n  Work:\n    Type: AWS::SQS::Queue\n    Properties:\n      VisibilityTimeout: 6\n      \
                    RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5 }";
        let (name, properties) = resources(text, "AWS::SQS::Queue").expect("valid template").remove(0);
        insta::assert_json_snapshot!(Queue { name, properties }.attributes(), @r#"
        {
          "RedrivePolicy": "{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:000000000000:Dead\",\"maxReceiveCount\":5}",
          "VisibilityTimeout": "6"
        }
        "#);
    }
}
