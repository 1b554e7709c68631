//! The texts of schema versions, compressed and in parts. They never change.

use std::io::{Read, Write as _};

use domain::error::{Error, Kind};
use domain::storage::item::item;
use domain::storage::key::Key;
use domain::storage::table::Write;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use super::Commit;
use crate::record::SchemaVersion;
use crate::registry::Registry;

/// Bytes of a part. An item holds at most 400 KB.
const PART: usize = 300 * 1_024;
/// Parts of a text. A transaction holds at most 4 MB.
const MOST_PARTS: usize = 10;

/// A part of a compressed text.
#[derive(Debug, Serialize, Deserialize)]
struct Part {
    #[serde(rename = "z", with = "serde_bytes")]
    bytes: Vec<u8>,
}

impl Commit {
    /// Adds the text of a new version. Returns the number of its parts. Fails if the text is too large to be stored.
    pub(crate) fn create_ddl(&mut self, version: u64, ddl: &str) -> Result<u64, Error> {
        let parts = compressed(ddl)?;
        for (part, number) in parts.iter().zip(0..) {
            self.write(Write::PutNew(item(&Key::ddl_part(version, number), part)?));
        }
        Ok(parts.len() as u64)
    }
}

impl Registry {
    /// Returns the text of a version. `None` if there is no such version.
    pub async fn ddl(&self, version: u64) -> Result<Option<String>, Error> {
        let Some(version) = self.find::<SchemaVersion>(version).await? else { return Ok(None) };
        self.ddl_of(&version).await.map(Some)
    }

    /// Returns the text of a version.
    pub async fn ddl_of(&self, version: &SchemaVersion) -> Result<String, Error> {
        let keys: Vec<_> = (0..version.parts).map(|part| Key::ddl_part(version.id, part)).collect();
        let mut found = self.table.get_many::<Part>(&keys).await?;
        let lost = || Error::bug(format!("the text of schema version {} is incomplete", version.id));
        let parts = keys.iter().map(|key| found.remove(key).ok_or_else(lost));
        decompressed(&parts.collect::<Result<Vec<_>, _>>()?)
    }
}

fn compressed(ddl: &str) -> Result<Vec<Part>, Error> {
    let failed = |cause| Error::bug("the text of a schema version could not be compressed").because(cause);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(ddl.as_bytes()).map_err(failed)?;
    let bytes = encoder.finish().map_err(failed)?;
    if bytes.len() > PART * MOST_PARTS {
        let text = format!(
            "the schema has {} bytes of definitions, {} compressed: at most {} can be stored",
            ddl.len(),
            bytes.len(),
            PART * MOST_PARTS
        );
        return Err(Error::new(Kind::TooLarge, text));
    }
    Ok(bytes.chunks(PART).map(|part| Part { bytes: part.to_vec() }).collect())
}

fn decompressed(parts: &[Part]) -> Result<String, Error> {
    let bytes: Vec<u8> = parts.iter().flat_map(|part| part.bytes.iter().copied()).collect();
    let mut text = String::new();
    GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).map_err(|cause| {
        Error::bug("the text of a schema version could not be decompressed").because(cause)
    })?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text that hardly compresses.
    fn noise(bytes: usize) -> String {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(33 + u8::try_from((state >> 33) % 94).expect("small"))
        };
        (0..bytes).map(|_| next()).collect()
    }

    #[test]
    fn texts_survive_in_parts_that_fit_into_items() {
        for text in [String::new(), "CREATE TABLE `t` (\n  `ä` int(11)\n)".to_owned(), noise(1_000_000)] {
            let parts = compressed(&text).expect("it fits");
            assert!(parts.iter().all(|part| part.bytes.len() <= PART));
            assert_eq!(decompressed(&parts).expect("complete"), text);
        }
        assert!(compressed(&noise(1_000_000)).expect("it fits").len() > 1);
    }

    #[test]
    fn a_text_that_does_not_fit_into_a_transaction_is_too_large() {
        let error = compressed(&noise(4_000_000)).expect_err("too large");
        assert_eq!(error.kind(), Kind::TooLarge);
    }
}
