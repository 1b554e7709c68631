//! Pure. The original elements of a chunk, compressed and stored until their retention ends.

use std::io::{Read, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;

/// The stored elements of one chunk.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChunkBody {
    /// The elements as a JSON list, compressed with gzip.
    #[serde(rename = "z", with = "serde_bytes")]
    compressed: Vec<u8>,
    /// When the record expires, in seconds since the epoch.
    ttl: i64,
}

impl ChunkBody {
    /// Compresses the elements of a chunk, given as a JSON list, to be kept until `expires` (seconds since the epoch).
    pub fn compress(elements: &str, expires: i64) -> Result<Self, Error> {
        let failed = |cause| Error::bug("a chunk body could not be compressed").because(cause);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(elements.as_bytes()).map_err(failed)?;
        Ok(Self { compressed: encoder.finish().map_err(failed)?, ttl: expires })
    }

    /// Decompresses the elements, in their original order.
    pub fn elements(&self) -> Result<Vec<Value>, Error> {
        let mut text = String::new();
        let decompressed = GzDecoder::new(self.compressed.as_slice()).read_to_string(&mut text);
        decompressed.map_err(|cause| Error::bug("a chunk body could not be decompressed").because(cause))?;
        serde_json::from_str(&text)
            .map_err(|cause| Error::bug("a chunk body could not be parsed").because(cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_survive_compression_unchanged() {
        let elements = serde_json::json!([{"a": 1}, ["key", {"b": "ü"}], "no JSON"]);
        let body = ChunkBody::compress(&elements.to_string(), 7).expect("compresses");
        assert_eq!(Value::Array(body.elements().expect("decompresses")), elements);
    }
}
