//! Definitions of events, triggers and pipelines, from three files.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::error::Error;
use crate::streams::definition_file::{DefinitionFile, LoadError};
use crate::streams::distil::{self, EventDefinitions};
use crate::streams::pipeline::{self, Pipelines};
use crate::streams::settings::Settings;
use crate::streams::trigger::{self, DefinitionWarning, LoadedTriggers, Triggers};

/// The names of the definition files.
pub const FILES: [&str; 3] = ["definitions.yaml", "triggers.yaml", "pipelines.yaml"];

/// All definitions. The default defines nothing, for functions that neither distil events nor run pipelines.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    /// Definitions of events.
    pub events: EventDefinitions,
    /// Triggers, which collect events in streams.
    pub triggers: Triggers,
    /// Pipelines, which run over streams.
    pub pipelines: Pipelines,
    /// Entries of the trigger file that have no effect.
    pub warnings: Vec<DefinitionWarning>,
}

/// An error that prevents the use of definitions.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionsError {
    /// A file cannot be read.
    #[error("cannot read {file}: {cause}")]
    Unreadable {
        /// The path of the file.
        file: String,
        /// The error of the system.
        cause: io::Error,
    },
    /// A file is invalid.
    #[error(transparent)]
    Invalid(#[from] LoadError),
}

impl Definitions {
    /// Loads definitions from three files, in the order of [`FILES`].
    pub fn load(files: &[DefinitionFile; 3]) -> Result<Self, LoadError> {
        let [events, triggers, pipelines] = files;
        let LoadedTriggers { triggers, warnings } = Triggers::load(triggers)?;
        let (events, pipelines) = (EventDefinitions::load(events)?, Pipelines::load(pipelines)?);
        Ok(Self { events, triggers, pipelines, warnings })
    }

    /// Returns the files that ship with Steward, in the order of [`FILES`].
    pub fn shipped_files() -> [DefinitionFile; 3] {
        let texts = [distil::definition::SHIPPED, trigger::SHIPPED, pipeline::definition::SHIPPED];
        std::array::from_fn(|index| DefinitionFile::new(FILES[index], texts[index]))
    }

    /// Loads the definitions that ship with Steward.
    pub fn shipped() -> Result<Self, LoadError> {
        Self::load(&Self::shipped_files())
    }

    /// Loads the definitions that the settings select.
    pub fn from_settings(settings: &Settings) -> Result<Arc<Self>, Error> {
        let definitions = match &settings.definitions {
            None => Self::shipped().map_err(DefinitionsError::from),
            Some(folder) => Self::from_folder(Path::new(folder)),
        };
        definitions.map(Arc::new).map_err(|error| Error::invalid(error.to_string()))
    }

    /// Loads the definitions in a folder. A missing file defaults to the one that ships with Steward.
    pub fn from_folder(folder: &Path) -> Result<Self, DefinitionsError> {
        let mut files = Self::shipped_files();
        for (name, file) in FILES.iter().zip(&mut files) {
            let path = folder.join(name);
            match fs::read_to_string(&path) {
                Ok(text) => *file = DefinitionFile::new(path.display().to_string(), text),
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                Err(cause) => {
                    return Err(DefinitionsError::Unreadable { file: path.display().to_string(), cause });
                }
            }
        }
        Ok(Self::load(&files)?)
    }
}
