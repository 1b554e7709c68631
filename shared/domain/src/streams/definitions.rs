//! What the engine goes by: how notifications become events, which events open streams, what pipelines do.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::error::Error;
use crate::streams::definition_file::LoadError;
use crate::streams::distil::{self, EventDefinitions};
use crate::streams::pipeline::{self, Pipelines};
use crate::streams::settings::Settings;
use crate::streams::trigger::{self, Loaded, Triggers, Warning};

/// The names of the files, in the folder of an operator's own and here.
pub const FILES: [&str; 3] = ["definitions.yaml", "triggers.yaml", "pipelines.yaml"];

/// Everything that is defined; by default nothing, for whoever neither distils nor runs.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    /// How notifications become events.
    pub definitions: EventDefinitions,
    /// Which events open and join streams.
    pub triggers: Triggers,
    /// What is done with a stream that fires or expires.
    pub pipelines: Pipelines,
    /// What is written in the triggers and means nothing.
    pub warnings: Vec<Warning>,
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

impl Definitions {
    /// The definitions in three files, in the order of [`FILES`], each with the name that stands in what is said of its
    /// mistakes.
    pub fn load(files: &[(String, String); 3]) -> Result<Self, LoadError> {
        let [definitions, triggers, pipelines] = files;
        let Loaded { triggers, warnings } = Triggers::load(&triggers.0, &triggers.1)?;
        Ok(Self {
            definitions: EventDefinitions::load(&definitions.0, &definitions.1)?,
            triggers,
            pipelines: Pipelines::load(&pipelines.0, &pipelines.1)?,
            warnings,
        })
    }

    /// The files that Steward comes with.
    pub fn shipped_files() -> [(String, String); 3] {
        let texts = [distil::definition::SHIPPED, trigger::SHIPPED, pipeline::definition::SHIPPED];
        std::array::from_fn(|place| (FILES[place].to_owned(), texts[place].to_owned()))
    }

    /// The definitions that Steward comes with.
    pub fn shipped() -> Result<Self, LoadError> {
        Self::load(&Self::shipped_files())
    }

    /// The definitions that the operator set: those in a folder, or else those that Steward comes with.
    pub fn by(settings: &Settings) -> Result<Arc<Self>, Error> {
        let rules = match &settings.definitions {
            None => Self::shipped().map_err(Unusable::from),
            Some(folder) => Self::in_folder(Path::new(folder)),
        };
        rules.map(Arc::new).map_err(|problem| Error::invalid(problem.to_string()))
    }

    /// The definitions in a folder; those that Steward comes with in place of a file that is not there.
    pub fn in_folder(folder: &Path) -> Result<Self, Unusable> {
        let mut files = Self::shipped_files();
        for (name, file) in FILES.iter().zip(&mut files) {
            let path = folder.join(name);
            match fs::read_to_string(&path) {
                Ok(text) => *file = (path.display().to_string(), text),
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                Err(cause) => return Err(Unusable::Unreadable { file: path.display().to_string(), cause }),
            }
        }
        Ok(Self::load(&files)?)
    }
}
