//! The tables and queues of the deployed stack, made in the stand-ins under their logical ids.
//!
//! There is one description of them: the templates that are deployed.

mod queue;
mod table;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::template;
pub use queue::Queue;
pub use table::Table;

const TABLES: &str = include_str!("../../../tables.yaml");
const QUEUES: &str = include_str!("../../../queues.yaml");

/// Makes every table and every queue that is not there yet, and brings those that are to what the templates say.
pub async fn apply(dynamodb: &aws_sdk_dynamodb::Client, sqs: &aws_sdk_sqs::Client) -> Result<()> {
    for table in tables()? {
        table.apply(dynamodb).await.with_context(|| format!("table {}", table.name))?;
    }
    let (targets, sources): (Vec<_>, Vec<_>) = queues()?.into_iter().partition(Queue::is_last);
    for queue in targets.into_iter().chain(sources) {
        queue.apply(sqs).await.with_context(|| format!("queue {}", queue.name))?;
    }
    Ok(())
}

/// The tables of `infra/tables.yaml`.
pub fn tables() -> Result<Vec<Table>> {
    let resources = resources(TABLES, "AWS::DynamoDB::Table")?;
    Ok(resources.into_iter().map(|(name, properties)| Table { name, properties }).collect())
}

/// The queues of `infra/queues.yaml`.
pub fn queues() -> Result<Vec<Queue>> {
    let resources = resources(QUEUES, "AWS::SQS::Queue")?;
    Ok(resources.into_iter().map(|(name, properties)| Queue { name, properties }).collect())
}

/// The properties of the resources of one type, by logical id.
fn resources<T: DeserializeOwned>(text: &str, kind: &str) -> Result<Vec<(String, T)>> {
    let template = template::read(text)?;
    let resources = template["Resources"].as_object().context("the template has no resources")?;
    let of_kind = resources.iter().filter(|(_, resource)| resource["Type"] == kind);
    of_kind.map(|(name, resource)| Ok((name.clone(), properties(name, &resource["Properties"])?))).collect()
}

fn properties<T: DeserializeOwned>(name: &str, properties: &Value) -> Result<T> {
    let properties =
        if properties.is_null() { Value::Object(serde_json::Map::new()) } else { properties.clone() };
    serde_json::from_value(properties)
        .with_context(|| format!("{name} has properties that the local run cannot give"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deployed_templates_can_be_read() {
        let tables = tables().expect("they can be read");
        assert!(tables.iter().any(|table| table.name == "UsageTable"));
        let queues = queues().expect("they can be read");
        for name in ["NotificationQueue", "UsageQueue", "VerifiedQueue"] {
            let queue = queues.iter().find(|queue| queue.name == name).expect("it is there");
            assert!(!queue.is_last(), "{name} has dead letters");
        }
    }

    #[test]
    fn a_queue_names_its_dead_letters_by_their_arn() {
        let text = "Resources:\n  Work:\n    Type: AWS::SQS::Queue\n    Properties:\n      VisibilityTimeout: 6\n      \
                    RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5 }";
        let (name, properties) = resources(text, "AWS::SQS::Queue").expect("it can be read").remove(0);
        insta::assert_json_snapshot!(Queue { name, properties }.attributes(), @r#"
        {
          "RedrivePolicy": "{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:000000000000:Dead\",\"maxReceiveCount\":5}",
          "VisibilityTimeout": "6"
        }
        "#);
    }
}
