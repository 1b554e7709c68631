//! Pure. References to plugins and handlers: a name, or a map of a name and parameters.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value as Json};

/// A plugin or handler with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// The name of the plugin or handler.
    pub name: String,
    /// The parameters. Empty if only the name is given.
    pub parameters: Map<String, Json>,
}

/// Parameters of a component that has none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

impl Component {
    /// Deserializes the parameters.
    pub fn parameters<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_value(Json::Object(self.parameters.clone()))
            .map_err(|error| format!("invalid parameters of '{}': {error}", self.name))
    }
}

/// The map form of [`Component`]. Definitions of events use the key `parameters`, those of pipelines `params`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ComponentMap {
    name: String,
    #[serde(default, alias = "params")]
    parameters: Option<Map<String, Json>>,
}

impl<'de> Deserialize<'de> for Component {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ComponentVisitor)
    }
}

struct ComponentVisitor;

impl<'de> Visitor<'de> for ComponentVisitor {
    type Value = Component;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name, or a map of a name and parameters")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Component, E> {
        if name.is_empty() {
            return Err(E::custom("the name is empty"));
        }
        Ok(Component { name: name.to_owned(), parameters: Map::new() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Component, A::Error> {
        let ComponentMap { name, parameters } = ComponentMap::deserialize(MapAccessDeserializer::new(map))?;
        if name.is_empty() {
            return Err(A::Error::custom("the name is empty"));
        }
        Ok(Component { name, parameters: parameters.unwrap_or_default() })
    }
}
