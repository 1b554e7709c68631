//! Pure. Packing elements into chunks, one for each queue message.

use crate::notification::elements::Element;

/// Maximum number of notifications in a chunk, so that its counters fit into one transaction.
pub const CHUNK_NOTIFICATIONS: usize = 20;
/// Maximum size of a queue message with more than one notification: the queue bills in steps of 64 KiB.
pub const CHUNK_BYTES: usize = 60_000;
/// Space reserved for the other fields of a message.
const ENVELOPE_BYTES: usize = 160;

/// Packs elements into chunks, in order, filling each chunk before opening the next.
pub fn pack(elements: Vec<Element>) -> Vec<Vec<Element>> {
    let mut chunks: Vec<Vec<Element>> = Vec::new();
    let mut bytes = 0;
    for element in elements {
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK_NOTIFICATIONS && bytes + element.len() < CHUNK_BYTES => {
                bytes += element.len() + 1;
                chunk.push(element);
            }
            _ => {
                bytes = ENVELOPE_BYTES + element.len();
                chunks.push(vec![element]);
            }
        }
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notification::elements::MAX_ELEMENT_BYTES;

    #[test]
    fn a_chunk_has_at_most_twenty_notifications_and_sixty_thousand_bytes() {
        let small = pack(vec!["{}".to_owned(); 45]);
        assert_eq!(small.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 5]);

        let alone = "x".repeat(MAX_ELEMENT_BYTES);
        let mixed =
            pack(vec!["x".repeat(30_000), "x".repeat(29_000), "x".repeat(2_000), alone.clone(), alone]);
        assert_eq!(mixed.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1, 1]);
    }
}
