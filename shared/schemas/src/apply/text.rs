//! Pure. Texts of messages.

use serde_json::json;

use crate::apply::plan::Planned;
use crate::dump::{Dump, difference};
use crate::mysql::failure::Failure;
use crate::record::{DatabaseSchema, Message, MessageType, Server};
use crate::review::errors::{line, sql_line};
use crate::servers::ConnectError;

/// The documented text of a schema whose structure is none of its versions.
pub(super) const UNKNOWN_VERSION: &str = "Schema version on host is unknown.";
/// The documented text of a schema that does not have the version that the changeset was applied to before.
pub(super) const APPLY_MISMATCH: &str =
    "Cannot apply changeset, existing schema on host does not match the expected schema.";
/// The same before a revert.
pub(super) const REVERT_MISMATCH: &str =
    "Cannot revert changeset, existing schema on host does not match the expected schema.";
/// The documented text of a schema that does not have the version that the changeset led to before.
pub(super) const FINAL_MISMATCH: &str = "Final schema on host does not match the expected schema.";
/// What a person can do about a task that stopped.
pub(crate) const WHAT_NEXT: &str =
    "Resume executes the statement again, repair counts it as executed, cancel gives the task up.";

/// Bytes of the longest difference. A task that is resumed again and again holds several.
const LONGEST_DELTA: usize = 16 * 1_024;

/// Returns the message of an error.
pub(crate) fn error(text: &str) -> Message {
    Message { extra: None, message: line(text), message_type: MessageType::Error }
}

/// Returns the message of an error that a server reported.
pub(super) fn rejected(failure: &Failure) -> Message {
    Message { extra: None, message: sql_line(failure), message_type: MessageType::Error }
}

/// Returns the message of an error, with the difference between two structures.
pub(super) fn mismatch(text: &str, expected: &Dump, actual: &Dump) -> Message {
    let delta = difference::unified(("expected", &expected.ddl), ("actual", &actual.ddl));
    let cut = delta.floor_char_boundary(LONGEST_DELTA);
    Message { extra: Some(json!({ "delta": &delta[..cut] }).to_string()), ..error(text) }
}

/// Returns the text about a statement whose outcome is unknown.
pub(super) fn in_doubt(planned: &Planned) -> String {
    let (number, detail) = (planned.statement + 1, planned.detail);
    format!(
        "Statement {number} of changeset detail {detail} was started, and nothing shows whether it was executed. \
         Look at the server. {WHAT_NEXT}"
    )
}

/// Returns the text about a server that does not answer.
pub(crate) fn unreachable(server: &Server, error: &ConnectError) -> String {
    format!("Server '{}' cannot be connected to: {error}.", server.name)
}

/// Returns the text about a schema that another connection has locked.
pub(crate) fn busy(schema: &DatabaseSchema, server: &Server) -> String {
    format!("Another task works on schema '{}' at server '{}'.", schema.name, server.name)
}
