//! Pure. The states of a task.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> queued: requested
//!     queued --> running: acquired by a worker
//!     queued --> canceled
//!     running --> running: acquired again after a lease
//!     running --> queued: waits for a server or a lock
//!     running --> done
//!     running --> failed: an error, and nothing is in doubt
//!     running --> error: stopped between statements, or a statement is in doubt
//!     running --> canceled: at the next statement
//!     error --> queued: resumed or repaired
//!     error --> canceled: given up
//! ```

use domain::time::Micros;

use crate::record::{Message, MessageType, Task, TaskKind, TaskStatus};

/// Bytes of one message. A longer one is cut.
const LONGEST_MESSAGE: usize = 2_000;
/// Messages of a task. After that many, only the last one is replaced.
const MOST_MESSAGES: usize = 150;
/// Bytes of the further data of a message.
const LONGEST_EXTRA: usize = 64 * 1_024;

/// A transition that the state machine does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a task cannot go from {from:?} to {to:?}")]
pub struct BadTransition {
    /// The current state.
    pub from: TaskStatus,
    /// The requested state.
    pub to: TaskStatus,
}

impl TaskStatus {
    /// All states.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Error, Self::Canceled];

    /// Whether a worker has nothing more to do. A task in [`Self::Error`] waits for a person.
    pub fn is_at_rest(self) -> bool {
        !self.is_active()
    }

    /// Whether the task waits for a worker or is being worked on.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }

    /// Returns the state after a transition to `to`.
    pub fn transition(self, to: Self) -> Result<Self, BadTransition> {
        let is_allowed = match self {
            Self::Queued => matches!(to, Self::Running | Self::Canceled | Self::Failed),
            Self::Running => true,
            Self::Error => matches!(to, Self::Queued | Self::Canceled),
            Self::Done | Self::Failed | Self::Canceled => false,
        };
        if is_allowed { Ok(to) } else { Err(BadTransition { from: self, to }) }
    }
}

impl Task {
    /// Returns a new task.
    pub fn new(id: u64, task_id: String, kind: TaskKind, database_schema: u64, now: Micros) -> Self {
        Self {
            id,
            task_id,
            kind,
            status: TaskStatus::Queued,
            changeset: None,
            server: None,
            database_schema,
            schema_version: None,
            user: None,
            options: crate::record::ApplyOptions::default(),
            messages: Vec::new(),
            results: Vec::new(),
            steps: Vec::new(),
            parent: None,
            servers: Vec::new(),
            children: Vec::new(),
            is_cancelled: false,
            fingerprint: None,
            expected: None,
            is_accepted: false,
            token: 0,
            lease: None,
            look: now,
            minute: None,
            attempts: 0,
            unreachable: None,
            created_at: now,
            started_at: None,
            ended_at: None,
            updated_at: now,
            version: 1,
        }
    }

    /// Whether a worker holds the task.
    pub fn is_held(&self, now: Micros) -> bool {
        self.lease.is_some_and(|lease| now < lease)
    }

    /// Returns the task acquired by a worker until `lease`. `None` if it is held, not due, or at rest.
    pub fn acquired(&self, now: Micros, lease: Micros) -> Option<Self> {
        if self.is_held(now) || self.look > now || !self.status.is_active() {
            return None;
        }
        Some(Self {
            status: TaskStatus::Running,
            token: self.token + 1,
            lease: Some(lease),
            look: lease,
            started_at: self.started_at.or(Some(now)),
            ..self.clone()
        })
    }

    /// Returns the task with a renewed lease.
    #[must_use]
    pub fn renewed(&self, lease: Micros) -> Self {
        Self { lease: Some(lease), look: lease, ..self.clone() }
    }

    /// Returns the task released until `look`, when another worker continues.
    #[must_use]
    pub fn released(&self, look: Micros) -> Self {
        Self { status: TaskStatus::Queued, lease: None, look, ..self.clone() }
    }

    /// Returns the task in a state of rest.
    pub fn ended(&self, status: TaskStatus, now: Micros) -> Result<Self, BadTransition> {
        let status = self.status.transition(status)?;
        let ended_at = Some(now);
        Ok(Self { status, lease: None, look: now, ended_at, ..self.clone() })
    }

    /// Returns the task that a person resumed.
    pub fn resumed(&self, now: Micros) -> Result<Self, BadTransition> {
        let status = self.status.transition(TaskStatus::Queued)?;
        Ok(Self {
            status,
            lease: None,
            look: now,
            ended_at: None,
            attempts: 0,
            unreachable: None,
            is_cancelled: false,
            ..self.clone()
        })
    }

    /// Returns the task with another message.
    #[must_use]
    pub fn with_message(&self, message_type: MessageType, text: &str, extra: Option<String>) -> Self {
        let mut task = self.clone();
        if task.messages.len() >= MOST_MESSAGES {
            task.messages.pop();
        }
        let extra = extra.map(|extra| shortened(&extra, LONGEST_EXTRA));
        task.messages.push(Message { extra, message: shortened(text, LONGEST_MESSAGE), message_type });
        task
    }

    /// Returns the task with another message of type `info`.
    #[must_use]
    pub fn with_info(&self, text: &str) -> Self {
        self.with_message(MessageType::Info, text, None)
    }

    /// Returns the task with another message of type `error`.
    #[must_use]
    pub fn with_error(&self, text: &str) -> Self {
        self.with_message(MessageType::Error, text, None)
    }
}

/// Cuts a text at a character boundary.
fn shortened(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(bytes)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> Task {
        Task::new(1, "t".to_owned(), TaskKind::Apply, 1, Micros(0))
    }

    #[test]
    fn ended_tasks_never_change() {
        for from in [TaskStatus::Done, TaskStatus::Failed, TaskStatus::Canceled] {
            for to in TaskStatus::ALL {
                assert!(from.transition(to).is_err(), "{from:?} {to:?}");
            }
            assert_eq!(Task { status: from, ..task() }.acquired(Micros(9), Micros(99)), None);
        }
    }

    #[test]
    fn a_stopped_task_waits_for_a_person() {
        let running = task().acquired(Micros(0), Micros(9)).expect("acquired");
        let stopped = running.ended(TaskStatus::Error, Micros(1)).expect("stopped");
        assert_eq!(stopped.acquired(Micros(99), Micros(999)), None);
        let resumed = stopped.resumed(Micros(2)).expect("resumed");
        assert_eq!(resumed.acquired(Micros(2), Micros(9)).map(|task| task.token), Some(2));
    }

    #[test]
    fn a_task_is_held_until_its_lease_expires() {
        let held = task().acquired(Micros(0), Micros(9)).expect("acquired");
        assert_eq!(held.acquired(Micros(8), Micros(99)), None);
        assert_eq!(held.acquired(Micros(9), Micros(99)).map(|task| task.token), Some(2));
    }

    #[test]
    fn long_messages_are_cut() {
        let task = task().with_info(&"é".repeat(LONGEST_MESSAGE));
        assert!(task.messages[0].message.len() < LONGEST_MESSAGE + 4);
        let full = (0..300).fold(task, |task, number| task.with_info(&number.to_string()));
        assert_eq!(full.messages.len(), MOST_MESSAGES);
        assert_eq!(full.messages.last().map(|last| last.message.as_str()), Some("299"));
    }
}
