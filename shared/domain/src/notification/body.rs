//! Pure. The notifications of a chunk as they came, compressed and kept for their retention.

use std::io::{Read, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;

/// All elements of one chunk.
#[derive(Debug, Serialize, Deserialize)]
pub struct Body {
    /// A JSON list of the chunk's elements, gzip.
    #[serde(rename = "z", with = "serde_bytes")]
    compressed: Vec<u8>,
    /// When it is forgotten, in seconds since the epoch.
    ttl: i64,
}

impl Body {
    /// The elements of a chunk (a JSON list), to be kept until `expires` (seconds since the epoch).
    pub fn of(elements: &str, expires: i64) -> Result<Self, Error> {
        let failed = |cause| Error::bug("a body could not be compressed").because(cause);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(elements.as_bytes()).map_err(failed)?;
        Ok(Self { compressed: encoder.finish().map_err(failed)?, ttl: expires })
    }

    /// The elements, in their order.
    pub fn elements(&self) -> Result<Vec<Value>, Error> {
        let mut text = String::new();
        let inflated = GzDecoder::new(self.compressed.as_slice()).read_to_string(&mut text);
        inflated.map_err(|cause| Error::bug("a body could not be inflated").because(cause))?;
        serde_json::from_str(&text).map_err(|cause| Error::bug("a body could not be read").because(cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_come_back_as_they_were() {
        let elements = serde_json::json!([{"a": 1}, ["key", {"b": "ü"}], "no JSON"]);
        let body = Body::of(&elements.to_string(), 7).expect("it can be compressed");
        assert_eq!(Value::Array(body.elements().expect("it can be inflated")), elements);
    }
}
