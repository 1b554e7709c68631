//! What a person decides on a task that runs or has stopped.

use domain::error::Error;

use crate::people::Person;
use crate::record::Task;
use crate::refusal::Refusal;
use crate::registry::Registry;

impl Registry {
    /// Resumes an application or a revert that stopped: the statement that failed or is in doubt is executed again.
    pub async fn resume(&self, task_id: &str, person: &Person) -> Result<Task, Refusal> {
        let _ = (task_id, person);
        Err(Refusal::Failed(Error::unavailable("Applications are not available.")))
    }

    /// Resumes an application or a revert that stopped: the statement that failed or is in doubt counts as executed.
    pub async fn repair(&self, task_id: &str, person: &Person) -> Result<Task, Refusal> {
        let _ = (task_id, person);
        Err(Refusal::Failed(Error::unavailable("Applications are not available.")))
    }

    /// Cancels an application or a revert: one that runs stops before its next statement, one that has stopped is given
    /// up.
    pub async fn cancel(&self, task_id: &str, person: &Person) -> Result<Task, Refusal> {
        let _ = (task_id, person);
        Err(Refusal::Failed(Error::unavailable("Applications are not available.")))
    }
}
