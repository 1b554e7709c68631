//! Pure. Batches: their limits, and what becomes of each entry.

use std::collections::HashSet;

use super::messages::{MAX_BYTES, bytes};
use super::protocol::{BatchAnswer, Done, Entry, Failed, NewMessage};
use super::refusal::{Fault, Refusal};

/// Entries of a batch.
const MAX_ENTRIES: usize = 10;

/// Does each entry; a refusal of one is that entry's answer.
///
/// A failure of the service itself fails the whole call, of which nothing is kept.
pub fn each<T, A>(
    entries: Vec<Entry<T>>,
    mut act: impl FnMut(&T) -> Result<A, Refusal>,
) -> Result<BatchAnswer<A>, Refusal> {
    check(&entries)?;
    let mut answer = BatchAnswer { successful: Vec::new(), failed: Vec::new() };
    for Entry { id, content } in entries {
        match act(&content) {
            Ok(content) => answer.successful.push(Done { id, content }),
            Err(Refusal { fault: Fault::Sender, code, message, .. }) => {
                answer.failed.push(Failed { id, sender_fault: true, code, message });
            }
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(answer)
}

/// All messages of a call together must fit.
pub fn check_bytes(entries: &[Entry<NewMessage>]) -> Result<(), Refusal> {
    let total = entries.iter().map(|entry| bytes(&entry.content).unwrap_or(0)).sum::<usize>();
    if total <= MAX_BYTES {
        return Ok(());
    }
    let message =
        format!("Batch requests cannot be longer than {MAX_BYTES} bytes. You have sent {total} bytes.");
    Err(Refusal::sender("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", message))
}

fn check<T>(entries: &[Entry<T>]) -> Result<(), Refusal> {
    if entries.is_empty() {
        let message = "There should be at least one entry in the request.";
        return Err(Refusal::sender(
            "EmptyBatchRequest",
            "AWS.SimpleQueueService.EmptyBatchRequest",
            message,
        ));
    }
    if entries.len() > MAX_ENTRIES {
        let message =
            format!("Maximum number of entries per request are {MAX_ENTRIES}. You sent {}.", entries.len());
        let code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest";
        return Err(Refusal::sender("TooManyEntriesInBatchRequest", code, message));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_id = |id: &str| (1..=80).contains(&id.len()) && id.chars().all(legal);
    if !entries.iter().all(|entry| is_id(&entry.id)) {
        let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores.";
        return Err(Refusal::sender(
            "InvalidBatchEntryId",
            "AWS.SimpleQueueService.InvalidBatchEntryId",
            message,
        ));
    }
    let mut ids = HashSet::new();
    if let Some(entry) = entries.iter().find(|entry| !ids.insert(&entry.id)) {
        let code = "AWS.SimpleQueueService.BatchEntryIdsNotDistinct";
        return Err(Refusal::sender("BatchEntryIdsNotDistinct", code, format!("Id {} repeated.", entry.id)));
    }
    Ok(())
}
