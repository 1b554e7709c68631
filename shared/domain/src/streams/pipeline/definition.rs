//! Pure. Definitions of pipelines: which handlers, with which parameters, in which order.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::publish::Publish;
use super::run::{Handler, Pipeline};
use crate::streams::definition_file::{LoadError, Named, Source, line};

/// The pipelines that are built in, which an operator's file replaces.
pub const SHIPPED: &str = include_str!("../../../config/pipelines.yaml");

/// All pipelines, by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipelines(BTreeMap<String, Pipeline>);

/// The parameters of a handler that takes none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoParameters {}

impl Pipelines {
    /// Reads a file of pipelines; `file` is the name that its errors carry.
    pub fn load(file: &str, text: &str) -> Result<Self, LoadError> {
        let source = Source { file, text };
        let written: BTreeMap<String, Vec<Spanned<Named>>> = source.read()?;
        let pipelines = written.into_iter().map(|(name, handlers)| {
            let handlers = handlers.iter().map(|written| {
                Handler::named(&written.value).map_err(|reason| source.refuse(line(written), reason))
            });
            Ok((name, Pipeline::of(handlers.collect::<Result<_, _>>()?)))
        });
        pipelines.collect::<Result<_, _>>().map(Self)
    }

    /// The pipeline of this name.
    pub fn get(&self, name: &str) -> Option<&Pipeline> {
        self.0.get(name)
    }

    /// The names of all pipelines.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl Handler {
    /// The handler of this name, or what is wrong with it.
    fn named(named: &Named) -> Result<Self, String> {
        match named.name.as_str() {
            "logger" => named.parameters().map(|NoParameters {}| Self::Logger),
            "usage" => named.parameters().map(|NoParameters {}| Self::Usage),
            "publish" => Publish::with(named).map(Self::Publish),
            other => Err(format!("unknown handler '{other}': there are logger, usage and publish")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_pipelines_log_and_check_usage_on_fire_and_on_expiry_alike() {
        let pipelines = Pipelines::load("pipelines.yaml", SHIPPED).expect("it loads");
        assert_eq!(pipelines.names().collect::<Vec<_>>(), ["test_expire_pipeline", "test_fire_pipeline"]);
        let expected = Pipeline::of(vec![Handler::Logger, Handler::Usage]);
        for name in pipelines.names() {
            assert_eq!(pipelines.get(name), Some(&expected), "{name}");
        }
        assert_eq!(pipelines.get("another"), None);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_file_and_line() {
        let mut said = String::new();
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
            said.push_str(&Pipelines::load("pipelines.yaml", text).expect_err(text).to_string());
            said.push('\n');
        }
        insta::assert_snapshot!(said, @r#"
        pipelines.yaml:4: unknown handler 'nosuch': there are logger, usage and publish
        pipelines.yaml:2: unknown handler 'notabene': there are logger, usage and publish
        pipelines.yaml:2: the parameters of 'usage': unknown field `x`, there are no fields
        pipelines.yaml:2: the parameters of 'publish': unknown field `queue`, expected `event_types`
        pipelines.yaml:2: missing field `name`
        pipelines.yaml:1: expected sequence start
        pipelines.yaml:1: expected mapping start
        pipelines.yaml:1: unclosed bracket '['
        pipelines.yaml:0: the file is empty
        "#);
    }
}
