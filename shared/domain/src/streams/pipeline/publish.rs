//! Pure. The handler `publish`, which selects synthetic events for publication.

use serde::Deserialize;

use crate::notification::event::Event;
use crate::streams::definition_file::component::Component;
use crate::streams::definition_file::string_or_list::StringOrList;
use crate::streams::glob::Globs;

/// The selection of events to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    event_types: Globs,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    event_types: Option<StringOrList>,
}

impl Publish {
    /// Creates the handler. Its parameter `event_types` is a pattern or a list of patterns and defaults to `*`.
    pub fn new(component: &Component) -> Result<Self, String> {
        let Parameters { event_types } = component.parameters()?;
        let patterns = event_types.unwrap_or_else(|| StringOrList::String("*".to_owned()));
        Ok(Self { event_types: Globs::parse(&patterns.strings()) })
    }

    /// Returns the synthetic events to publish.
    pub fn select<'a>(&self, synthetic: impl Iterator<Item = &'a Event>) -> Vec<Event> {
        synthetic.filter(|event| self.event_types.matches(&event.event_type)).cloned().collect()
    }
}
