//! Pure. Batch calls: their limits, and the results of their entries.

use std::collections::HashSet;

use super::error::{Error, Fault};
use super::messages::{MAX_BYTES, size};
use super::protocol::{BatchEntry, BatchResult, BatchResultEntry, BatchResultErrorEntry, NewMessage};

/// Maximum number of entries.
const MAX_ENTRIES: usize = 10;
/// Maximum length of an entry's id.
const MAX_ID_LENGTH: usize = 80;

/// Applies a call to each entry. The result reports invalid entries one by one.
///
/// A failure of the service fails the whole call, which is then rolled back.
pub fn apply_each<T, A>(
    entries: Vec<BatchEntry<T>>,
    mut call: impl FnMut(&T) -> Result<A, Error>,
) -> Result<BatchResult<A>, Error> {
    validate(&entries)?;
    let mut result = BatchResult { successful: Vec::new(), failed: Vec::new() };
    for BatchEntry { id, content } in entries {
        match call(&content) {
            Ok(content) => result.successful.push(BatchResultEntry { id, content }),
            Err(Error { fault: Fault::Sender, code, message, .. }) => {
                result.failed.push(BatchResultErrorEntry { id, sender_fault: true, code, message });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(result)
}

/// Fails if the messages of a call exceed [`MAX_BYTES`] together.
pub fn validate_size(entries: &[BatchEntry<NewMessage>]) -> Result<(), Error> {
    let total = entries.iter().map(|entry| size(&entry.content).unwrap_or(0)).sum::<usize>();
    if total <= MAX_BYTES {
        return Ok(());
    }
    let message =
        format!("Batch requests cannot be longer than {MAX_BYTES} bytes. You have sent {total} bytes.");
    Err(Error::sender("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", message))
}

fn validate<T>(entries: &[BatchEntry<T>]) -> Result<(), Error> {
    if entries.is_empty() {
        let message = "There should be at least one entry in the request.";
        return Err(Error::sender("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", message));
    }
    if entries.len() > MAX_ENTRIES {
        let message =
            format!("Maximum number of entries per request are {MAX_ENTRIES}. You sent {}.", entries.len());
        let code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest";
        return Err(Error::sender("TooManyEntriesInBatchRequest", code, message));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_valid = |id: &str| (1..=MAX_ID_LENGTH).contains(&id.len()) && id.chars().all(allowed);
    if !entries.iter().all(|entry| is_valid(&entry.id)) {
        let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores.";
        return Err(Error::sender(
            "InvalidBatchEntryId",
            "AWS.SimpleQueueService.InvalidBatchEntryId",
            message,
        ));
    }
    let mut seen = HashSet::new();
    if let Some(entry) = entries.iter().find(|entry| !seen.insert(&entry.id)) {
        let code = "AWS.SimpleQueueService.BatchEntryIdsNotDistinct";
        return Err(Error::sender("BatchEntryIdsNotDistinct", code, format!("Id {} repeated.", entry.id)));
    }
    Ok(())
}
