//! Pure. Definitions of events: the traits of each event type, and the paths of their values.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value as Json};
use serde_saphyr::Spanned;

use super::path::{Match, Path};
use super::plugin::Plugin;
use super::trait_type::TraitType;
use crate::notification::event::Value;
use crate::streams::definition_file::component::Component;
use crate::streams::definition_file::string_or_list::StringOrList;
use crate::streams::definition_file::{DefinitionFile, LoadError, line};
use crate::streams::glob::Globs;

/// The definitions that ship with Steward.
pub const SHIPPED: &str = include_str!("../../../config/definitions.yaml");

/// Fields of every event. A trait cannot have one of these names.
const RESERVED_NAMES: [&str; 3] = ["event_type", "message_id", "timestamp"];

/// Text traits of every definition that does not define them itself.
const DEFAULT_TRAITS: [(&str, &[&str]); 3] = [
    ("service", &["publisher_id"]),
    ("request_id", &["_context_request_id"]),
    ("tenant_id", &["payload.tenant_id", "_context_tenant"]),
];

/// All definitions, in the order of their file. Only the last one that matches an event type applies.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct EventDefinitions(Vec<Definition>);

/// The traits of some event types.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    event_types: Globs,
    traits: BTreeMap<String, Trait>,
}

/// The source of a trait's value.
#[derive(Clone, Debug, PartialEq)]
pub struct Trait {
    fields: Path,
    kind: TraitType,
    plugin: Option<Plugin>,
}

/// A definition in its file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DefinitionEntry {
    event_type: StringOrList,
    traits: BTreeMap<String, Spanned<TraitEntry>>,
}

/// A trait in its file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TraitEntry {
    fields: Spanned<StringOrList>,
    #[serde(rename = "type")]
    trait_type: Option<Spanned<String>>,
    plugin: Option<Spanned<Component>>,
}

impl EventDefinitions {
    /// Loads a file of definitions.
    pub fn load(file: &DefinitionFile) -> Result<Self, LoadError> {
        let entries: Vec<DefinitionEntry> = file.parse()?;
        entries.into_iter().map(|entry| entry.define(file)).collect::<Result<_, _>>().map(Self)
    }

    /// Returns the definition that applies to this event type.
    pub fn find(&self, event_type: &str) -> Option<&Definition> {
        self.0.iter().rev().find(|definition| definition.event_types.matches(event_type))
    }
}

impl Definition {
    /// Returns the traits by name.
    pub fn traits(&self) -> impl Iterator<Item = (&str, &Trait)> {
        self.traits.iter().map(|(name, definition)| (name.as_str(), definition))
    }
}

impl Trait {
    /// Returns the trait's value in a notification. `None` if the event does not have the trait. Fails if the value is
    /// malformed.
    pub fn value(&self, notification: &Map<String, Json>) -> Result<Option<Value>, String> {
        let with_paths = self.plugin.as_ref().is_some_and(Plugin::needs_paths);
        let mut matches: Vec<Match<'_>> = self.fields.find(notification, with_paths);
        matches.retain(|found| !found.value.is_null());
        match &self.plugin {
            Some(plugin) => plugin.value(&matches).map_or(Ok(None), |value| self.kind.convert(&value)),
            None => matches.first().map_or(Ok(None), |found| self.kind.convert(&found.value)),
        }
    }
}

impl DefinitionEntry {
    fn define(self, file: &DefinitionFile) -> Result<Definition, LoadError> {
        let event_types = Globs::parse(&self.event_type.strings());
        let mut traits = default_traits();
        for (name, entry) in self.traits {
            if RESERVED_NAMES.contains(&name.as_str()) {
                let reason = format!("invalid name '{name}' of a trait: it is a field of every event");
                return Err(file.error(line(&entry), reason));
            }
            traits.insert(name, entry.value.define(file)?);
        }
        Ok(Definition { event_types, traits })
    }
}

impl TraitEntry {
    fn define(self, file: &DefinitionFile) -> Result<Trait, LoadError> {
        let fields = self.fields.value.with_lines(line(&self.fields));
        let fields: Vec<Path> = fields
            .into_iter()
            .map(|(field, line)| Path::parse(field).map_err(|reason| file.error(line, reason)))
            .collect::<Result<_, _>>()?;
        if fields.is_empty() {
            return Err(file.error(line(&self.fields), "a trait requires at least one field"));
        }
        let trait_type = self.trait_type.map_or(Ok(TraitType::default()), |name| {
            let reason = || format!("unknown type '{}': expected text, int, float or datetime", name.value);
            TraitType::from_name(&name.value).ok_or_else(|| file.error(line(&name), reason()))
        })?;
        let plugin = self
            .plugin
            .map(|plugin| Plugin::new(&plugin.value).map_err(|reason| file.error(line(&plugin), reason)));
        Ok(Trait { fields: Path::union(fields), kind: trait_type, plugin: plugin.transpose()? })
    }
}

fn default_traits() -> BTreeMap<String, Trait> {
    let traits = DEFAULT_TRAITS.iter().map(|(name, fields)| {
        let fields = fields.iter().filter_map(|field| Path::parse(field).ok()).collect();
        let definition = Trait { fields: Path::union(fields), kind: TraitType::Text, plugin: None };
        ((*name).to_owned(), definition)
    });
    traits.collect()
}
