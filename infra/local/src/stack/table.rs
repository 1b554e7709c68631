//! Resources of type `AWS::DynamoDB::Table`.

use anyhow::Result;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TimeToLiveSpecification, TimeToLiveStatus,
};
use serde::Deserialize;

/// A table of the template.
#[derive(Clone, Debug)]
pub struct Table {
    /// The logical id, used as the table's name.
    pub name: String,
    pub(super) properties: Properties,
}

/// The properties of a table that the local run supports. Encryption, backups and deletion protection are ignored.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Properties {
    attribute_definitions: Vec<Attribute>,
    key_schema: Vec<KeyPart>,
    #[serde(default)]
    global_secondary_indexes: Vec<SecondaryIndex>,
    time_to_live_specification: Option<TimeToLive>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyPart {
    attribute_name: String,
    key_type: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SecondaryIndex {
    index_name: String,
    key_schema: Vec<KeyPart>,
    projection: IndexProjection,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IndexProjection {
    projection_type: String,
    non_key_attributes: Option<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TimeToLive {
    attribute_name: String,
    enabled: bool,
}

impl Table {
    pub(super) async fn deploy(&self, client: &Client) -> Result<()> {
        let existing = client.list_tables().send().await?;
        if !existing.table_names().contains(&self.name) {
            self.create(client).await?;
        }
        match self.properties.time_to_live_specification.as_ref().filter(|ttl| ttl.enabled) {
            Some(ttl) => self.enable_time_to_live(client, ttl).await,
            None => Ok(()),
        }
    }

    async fn create(&self, client: &Client) -> Result<()> {
        let properties = &self.properties;
        let mut create =
            client.create_table().table_name(&self.name).billing_mode(BillingMode::PayPerRequest);
        for attribute in &properties.attribute_definitions {
            create = create.attribute_definitions(attribute.sdk()?);
        }
        for index in &properties.global_secondary_indexes {
            create = create.global_secondary_indexes(index.sdk()?);
        }
        create.set_key_schema(Some(keys(&properties.key_schema)?)).send().await?;
        Ok(())
    }

    /// Enables expiry unless it is enabled already, which the service would reject.
    async fn enable_time_to_live(&self, client: &Client, ttl: &TimeToLive) -> Result<()> {
        let found = client.describe_time_to_live().table_name(&self.name).send().await?;
        let status = found.time_to_live_description.and_then(|description| description.time_to_live_status);
        if status == Some(TimeToLiveStatus::Enabled) {
            return Ok(());
        }
        let specification =
            TimeToLiveSpecification::builder().attribute_name(&ttl.attribute_name).enabled(true).build()?;
        client
            .update_time_to_live()
            .table_name(&self.name)
            .time_to_live_specification(specification)
            .send()
            .await?;
        Ok(())
    }
}

impl Attribute {
    fn sdk(&self) -> Result<AttributeDefinition> {
        let kind = ScalarAttributeType::from(self.attribute_type.as_str());
        Ok(AttributeDefinition::builder()
            .attribute_name(&self.attribute_name)
            .attribute_type(kind)
            .build()?)
    }
}

impl SecondaryIndex {
    fn sdk(&self) -> Result<GlobalSecondaryIndex> {
        let projection = Projection::builder()
            .projection_type(ProjectionType::from(self.projection.projection_type.as_str()))
            .set_non_key_attributes(self.projection.non_key_attributes.clone())
            .build();
        let index = GlobalSecondaryIndex::builder().index_name(&self.index_name).projection(projection);
        Ok(index.set_key_schema(Some(keys(&self.key_schema)?)).build()?)
    }
}

fn keys(parts: &[KeyPart]) -> Result<Vec<KeySchemaElement>> {
    let part = |part: &KeyPart| {
        let kind = KeyType::from(part.key_type.as_str());
        Ok(KeySchemaElement::builder().attribute_name(&part.attribute_name).key_type(kind).build()?)
    };
    parts.iter().map(part).collect()
}
