//! Pure. Definitions of events: which traits the notifications of a type have, and where their values stand.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value as Json};
use serde_saphyr::Spanned;

use super::kind::Kind;
use super::path::{Match, Path};
use super::plugin::Plugin;
use crate::notification::event::Value;
use crate::streams::definition_file::{LoadError, Named, Source, Texts, line};
use crate::streams::glob::Globs;

/// The definitions that are built in, which an operator's file replaces.
pub const SHIPPED: &str = include_str!("../../../config/definitions.yaml");

/// What every event has of its own, so that no trait may be called so.
const OWN_NAMES: [&str; 3] = ["event_type", "message_id", "timestamp"];

/// The traits that every definition has unless it names them itself, as text.
const DEFAULT_TRAITS: [(&str, &[&str]); 3] = [
    ("service", &["publisher_id"]),
    ("request_id", &["_context_request_id"]),
    ("tenant_id", &["payload.tenant_id", "_context_tenant"]),
];

/// All definitions, in the order of their file. The last that matches an event type counts, alone.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct EventDefinitions(Vec<Definition>);

/// What the events of some types look like.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    event_types: Globs,
    traits: BTreeMap<String, Trait>,
}

/// Where a trait comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Trait {
    fields: Path,
    kind: Kind,
    plugin: Option<Plugin>,
}

/// A definition as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    event_type: Texts,
    traits: BTreeMap<String, Spanned<WrittenTrait>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTrait {
    fields: Spanned<Texts>,
    #[serde(rename = "type")]
    kind: Option<Spanned<String>>,
    plugin: Option<Spanned<Named>>,
}

impl EventDefinitions {
    /// Reads a definition file; `file` is the name that its errors carry.
    pub fn load(file: &str, text: &str) -> Result<Self, LoadError> {
        let source = Source { file, text };
        let written: Vec<Written> = source.read()?;
        written.into_iter().map(|written| written.define(source)).collect::<Result<_, _>>().map(Self)
    }

    /// The definition that counts for this event type.
    pub fn of(&self, event_type: &str) -> Option<&Definition> {
        self.0.iter().rev().find(|definition| definition.event_types.matches(event_type))
    }
}

impl Definition {
    /// The traits by name.
    pub fn traits(&self) -> impl Iterator<Item = (&str, &Trait)> {
        self.traits.iter().map(|(name, definition)| (name.as_str(), definition))
    }
}

impl Trait {
    /// The trait's value in this notification: none for no trait, or what is wrong with the value.
    pub fn value(&self, notification: &Map<String, Json>) -> Result<Option<Value>, String> {
        let named = self.plugin.as_ref().is_some_and(Plugin::wants_paths);
        let mut matches: Vec<Match<'_>> = self.fields.find(notification, named);
        matches.retain(|found| !found.value.is_null());
        match &self.plugin {
            Some(plugin) => plugin.value(&matches).map_or(Ok(None), |value| self.kind.read(&value)),
            None => matches.first().map_or(Ok(None), |found| self.kind.read(&found.value)),
        }
    }
}

impl Written {
    fn define(self, source: Source<'_>) -> Result<Definition, LoadError> {
        let patterns: Vec<&str> = self.event_type.lines(0).into_iter().map(|(pattern, _)| pattern).collect();
        let event_types = Globs::parse(&patterns);
        let mut traits = default_traits();
        for (name, written) in self.traits {
            if OWN_NAMES.contains(&name.as_str()) {
                let reason = format!("no trait can be called '{name}': every event has its own");
                return Err(source.refuse(line(&written), reason));
            }
            traits.insert(name, written.value.define(source)?);
        }
        Ok(Definition { event_types, traits })
    }
}

impl WrittenTrait {
    fn define(self, source: Source<'_>) -> Result<Trait, LoadError> {
        let fields = self.fields.value.lines(line(&self.fields));
        let fields: Vec<Path> = fields
            .into_iter()
            .map(|(field, line)| Path::parse(field).map_err(|reason| source.refuse(line, reason)))
            .collect::<Result<_, _>>()?;
        if fields.is_empty() {
            return Err(source.refuse(line(&self.fields), "a trait needs at least one field"));
        }
        let kind = self.kind.map_or(Ok(Kind::default()), |kind| {
            let reason = || format!("unknown type '{}': there are text, int, float and datetime", kind.value);
            Kind::named(&kind.value).ok_or_else(|| source.refuse(line(&kind), reason()))
        })?;
        let plugin = self.plugin.map(|plugin| {
            Plugin::named(&plugin.value).map_err(|reason| source.refuse(line(&plugin), reason))
        });
        Ok(Trait { fields: Path::union(fields), kind, plugin: plugin.transpose()? })
    }
}

fn default_traits() -> BTreeMap<String, Trait> {
    let traits = DEFAULT_TRAITS.iter().map(|(name, fields)| {
        let fields = fields.iter().filter_map(|field| Path::parse(field).ok()).collect();
        let definition = Trait { fields: Path::union(fields), kind: Kind::Text, plugin: None };
        ((*name).to_owned(), definition)
    });
    traits.collect()
}
