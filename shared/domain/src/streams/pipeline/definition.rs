//! Pure. Definitions of pipelines.

use std::collections::BTreeMap;

use serde_saphyr::Spanned;

use super::handler::Handler;
use super::run::Pipeline;
use crate::streams::definition_file::component::Component;
use crate::streams::definition_file::{DefinitionFile, LoadError, line};

/// The definitions that ship with Steward.
pub const SHIPPED: &str = include_str!("../../../config/pipelines.yaml");

/// All pipelines, by name.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Pipelines(BTreeMap<String, Pipeline>);

impl Pipelines {
    /// Loads a file of pipelines.
    pub fn load(file: &DefinitionFile) -> Result<Self, LoadError> {
        let definitions: BTreeMap<String, Vec<Spanned<Component>>> = file.parse()?;
        let pipelines = definitions.into_iter().map(|(name, components)| {
            let handlers = components.iter().map(|component| {
                Handler::new(&component.value).map_err(|reason| file.error(line(component), reason))
            });
            Ok((name, Pipeline::new(handlers.collect::<Result<_, _>>()?)))
        });
        pipelines.collect::<Result<_, _>>().map(Self)
    }

    /// Returns the pipeline with this name.
    pub fn get(&self, name: &str) -> Option<&Pipeline> {
        self.0.get(name)
    }

    /// Returns the names of all pipelines.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Pipelines, LoadError> {
        Pipelines::load(&DefinitionFile::new("pipelines.yaml", text))
    }

    #[test]
    fn both_shipped_pipelines_log_and_verify_usage() {
        let pipelines = load(SHIPPED).expect("a valid file");
        assert_eq!(pipelines.names().collect::<Vec<_>>(), ["test_expire_pipeline", "test_fire_pipeline"]);
        let expected = Pipeline::new(vec![Handler::Logger, Handler::Usage]);
        for name in pipelines.names() {
            assert_eq!(pipelines.get(name), Some(&expected), "{name}");
        }
        assert_eq!(pipelines.get("another"), None);
    }

    #[test]
    fn errors_name_the_file_and_the_line() {
        let mut errors = String::new();
        for text in [
            "a: [logger]\nb:\n  - usage\n  - nosuch\n",
            "a:\n  - name: notabene\n    params: {queue_name: x}\n",
            "a:\n  - name: usage\n    params: {x: 1}\n",
            "a:\n  - name: publish\n    params: {queue: x}\n",
            "a:\n  - params: {}\n",
            "a: logger\n",
            "- logger\n",
            "a: [logger\n",
            "",
        ] {
            errors.push_str(&load(text).expect_err(text).to_string());
            errors.push('\n');
        }
        insta::assert_snapshot!(errors, @r#"
        pipelines.yaml:4: unknown handler 'nosuch': expected logger, usage or publish
        pipelines.yaml:2: unknown handler 'notabene': expected logger, usage or publish
        pipelines.yaml:2: invalid parameters of 'usage': unknown field `x`, there are no fields
        pipelines.yaml:2: invalid parameters of 'publish': unknown field `queue`, expected `event_types`
        pipelines.yaml:2: missing field `name`
        pipelines.yaml:1: expected sequence start
        pipelines.yaml:1: expected mapping start
        pipelines.yaml:1: unclosed bracket '['
        pipelines.yaml:0: the file is empty
        "#);
    }
}
