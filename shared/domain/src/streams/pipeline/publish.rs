//! Pure. The handler `publish`: hands on what the handlers before it made.

use serde::Deserialize;

use crate::notification::event::Event;
use crate::streams::definition_file::{Named, Texts};
use crate::streams::glob::Globs;

/// Which events are handed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    event_types: Globs,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    event_types: Option<Texts>,
}

impl Publish {
    /// With the parameter `event_types`: a pattern or a list of patterns, everything when absent.
    pub fn with(named: &Named) -> Result<Self, String> {
        let Parameters { event_types } = named.parameters()?;
        let patterns = event_types.unwrap_or_else(|| Texts::One("*".to_owned()));
        let patterns: Vec<&str> = patterns.lines(0).into_iter().map(|(pattern, _)| pattern).collect();
        Ok(Self { event_types: Globs::parse(&patterns) })
    }

    /// Those of the events that are handed on.
    pub fn choose<'a>(&self, synthetic: impl Iterator<Item = &'a Event>) -> Vec<Event> {
        synthetic.filter(|event| self.event_types.matches(&event.event_type)).cloned().collect()
    }
}
