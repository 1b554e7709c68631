//! What the engine goes by: how notifications become events, which events open streams, what pipelines do.

use std::fs;
use std::io;
use std::path::Path;

use crate::streams::definition_file::LoadError;
use crate::streams::distil::Definitions;
use crate::streams::pipeline::Pipelines;
use crate::streams::trigger::{Trigger, Triggers};

/// The definitions that are used where an operator gives none.
const DEFINITIONS: &str = include_str!("../../config/definitions.yaml");
const TRIGGERS: &str = include_str!("../../config/triggers.yaml");
const PIPELINES: &str = include_str!("../../config/pipelines.yaml");

/// The names of the files, in the folder of an operator's own and here.
pub const FILES: [&str; 3] = ["definitions.yaml", "triggers.yaml", "pipelines.yaml"];

/// Everything that is defined; by default nothing, for whoever neither distils nor runs.
#[derive(Clone, Debug, Default)]
pub struct Rulebook {
    /// How notifications become events.
    pub definitions: Definitions,
    /// Which events open and join streams.
    pub triggers: Triggers,
    /// What is done with a stream that fires or expires.
    pub pipelines: Pipelines,
}

/// Why definitions cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// A file cannot be read.
    #[error("{file} cannot be read: {cause}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        cause: io::Error,
    },
    /// A file does not say what it should.
    #[error(transparent)]
    Wrong(#[from] LoadError),
}

impl Rulebook {
    /// The definitions in three texts, the names of whose files stand in what is said of their mistakes.
    pub fn load(files: [(&str, &str); 3]) -> Result<Self, LoadError> {
        let [definitions, triggers, pipelines] = files;
        let pipelines = Pipelines::load(pipelines.0, pipelines.1)?;
        let triggers = Triggers::load(triggers.0, triggers.1)?;
        Ok(Self { definitions: Definitions::load(definitions.0, definitions.1)?, triggers, pipelines })
    }

    /// The definitions that Steward comes with.
    pub fn shipped() -> Result<Self, LoadError> {
        let [definitions, triggers, pipelines] = FILES;
        Self::load([(definitions, DEFINITIONS), (triggers, TRIGGERS), (pipelines, PIPELINES)])
    }

    /// The definitions in a folder; those that Steward comes with in place of a file that is not there.
    pub fn in_folder(folder: &Path) -> Result<Self, Unusable> {
        let read = |name: &str, shipped: &str| {
            let file = folder.join(name);
            match fs::read_to_string(&file) {
                Ok(text) => Ok((file.display().to_string(), text)),
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok((name.to_owned(), shipped.to_owned())),
                Err(cause) => Err(Unusable::Unreadable { file: file.display().to_string(), cause }),
            }
        };
        let definitions = read(FILES[0], DEFINITIONS)?;
        let triggers = read(FILES[1], TRIGGERS)?;
        let pipelines = read(FILES[2], PIPELINES)?;
        Ok(Self::load([
            (&definitions.0, &definitions.1),
            (&triggers.0, &triggers.1),
            (&pipelines.0, &pipelines.1),
        ])?)
    }

    /// The trigger with this name.
    pub fn trigger(&self, name: &str) -> Option<&Trigger> {
        self.triggers.iter().find(|trigger| trigger.name == name)
    }
}
