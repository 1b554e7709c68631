//! Request bodies: limited as sent and as decompressed.
//!
//! The layers of `tower-http` do not fit: they refuse in bodies of their own, not in the API's, and stream, so that a
//! handler could not distinguish a body that is too large from invalid gzip.

use std::io::Read;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use flate2::read::MultiGzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// Bytes of the largest body as sent. A Lambda function receives at most 6 MB, a quarter of which base64 takes.
pub const LARGEST_SENT: usize = 4 * 1_024 * 1_024;
/// Bytes of the largest body after decompression, which stops there.
pub const LARGEST_DECOMPRESSED: usize = 32 * 1_024 * 1_024;

/// A body that cannot be read: a status and a text for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyError {
    /// The status.
    pub status: StatusCode,
    /// The text.
    pub text: &'static str,
}

const TOO_LARGE: BodyError =
    BodyError { status: StatusCode::PAYLOAD_TOO_LARGE, text: "The body is larger than 4 MB." };
const TOO_LARGE_DECOMPRESSED: BodyError = BodyError {
    status: StatusCode::PAYLOAD_TOO_LARGE,
    text: "The body is larger than 32 MB after decompression.",
};
const INVALID_GZIP: BodyError =
    BodyError { status: StatusCode::BAD_REQUEST, text: "Content-Encoding is gzip, but the body is not." };
const UNKNOWN_ENCODING: BodyError = BodyError {
    status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
    text: "Unsupported Content-Encoding: expected gzip or none.",
};
const UNREADABLE: BodyError =
    BodyError { status: StatusCode::BAD_REQUEST, text: "The body could not be read." };

/// Reads the whole body into memory and decompresses it. Bodies of GET and HEAD are ignored.
pub async fn read(request: Request) -> Result<Request, BodyError> {
    let (mut parts, body) = request.into_parts();
    if [Method::GET, Method::HEAD].contains(&parts.method) {
        return Ok(Request::from_parts(parts, Body::empty()));
    }
    let encoding = parts.headers.remove(CONTENT_ENCODING);
    let sent =
        Limited::new(body, LARGEST_SENT).collect().await.map_err(|error| match error.downcast_ref() {
            Some(LengthLimitError { .. }) => TOO_LARGE,
            None => UNREADABLE,
        })?;
    let bytes = decode(encoding.as_ref(), sent.to_bytes())?;
    parts.headers.insert(CONTENT_LENGTH, bytes.len().into());
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

fn decode(encoding: Option<&HeaderValue>, sent: Bytes) -> Result<Bytes, BodyError> {
    let encoding = encoding.map_or(&b""[..], HeaderValue::as_bytes).trim_ascii().to_ascii_lowercase();
    match encoding.as_slice() {
        b"" | b"identity" => Ok(sent),
        b"gzip" | b"x-gzip" => decompress(&sent, LARGEST_DECOMPRESSED),
        _ => Err(UNKNOWN_ENCODING),
    }
}

/// Decompresses at most one byte more than `largest`, by which a body that is too large is detected.
fn decompress(sent: &[u8], largest: usize) -> Result<Bytes, BodyError> {
    let mut plain = Vec::new();
    let limit = u64::try_from(largest).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(sent).take(limit).read_to_end(&mut plain).map_err(|_| INVALID_GZIP)?;
    if plain.len() > largest { Err(TOO_LARGE_DECOMPRESSED) } else { Ok(plain.into()) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).expect("writing to memory succeeds");
        encoder.finish().expect("writing to memory succeeds")
    }

    async fn body(encoding: &str, sent: Vec<u8>) -> Result<Vec<u8>, StatusCode> {
        let request = Request::post("/")
            .header(CONTENT_ENCODING, encoding)
            .body(Body::from(sent))
            .expect("a valid request");
        let request = read(request).await.map_err(|error| error.status)?;
        assert!(!request.headers().contains_key(CONTENT_ENCODING));
        Ok(request.into_body().collect().await.expect("a body in memory").to_bytes().to_vec())
    }

    #[tokio::test]
    async fn a_body_is_decoded_or_refused() {
        let mut cut = gzip(b"hello hello hello");
        cut.truncate(20);
        let twice = [gzip(b"hel"), gzip(b"lo")].concat();
        for (encoding, sent, expected) in [
            ("", b"hello".to_vec(), Ok(b"hello".to_vec())),
            ("identity", b"hello".to_vec(), Ok(b"hello".to_vec())),
            ("gzip", gzip(b"hello"), Ok(b"hello".to_vec())),
            ("GZIP ", gzip(b""), Ok(Vec::new())),
            ("gzip", twice, Ok(b"hello".to_vec())),
            ("gzip", b"hello".to_vec(), Err(StatusCode::BAD_REQUEST)),
            ("gzip", cut, Err(StatusCode::BAD_REQUEST)),
            ("br", b"hello".to_vec(), Err(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
            ("gzip, gzip", gzip(&gzip(b"hello")), Err(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
            ("", vec![b'x'; LARGEST_SENT + 1], Err(StatusCode::PAYLOAD_TOO_LARGE)),
            ("gzip", gzip(&vec![0; LARGEST_DECOMPRESSED + 1]), Err(StatusCode::PAYLOAD_TOO_LARGE)),
        ] {
            let size = sent.len();
            assert_eq!(body(encoding, sent).await, expected, "{encoding}, {size} bytes");
        }
        assert_eq!(body("", vec![b'x'; LARGEST_SENT]).await.map(|body| body.len()), Ok(LARGEST_SENT));
    }

    #[test]
    fn decompression_stops_one_byte_past_the_limit() {
        // The first 1,000 bytes are followed by garbage, which only a reader past the limit would see.
        let sent = [gzip(&[0; 1_000]), b"not gzip".to_vec()].concat();
        assert_eq!(decompress(&sent, 999), Err(TOO_LARGE_DECOMPRESSED));
        assert_eq!(decompress(&sent, 1_001), Err(INVALID_GZIP));
    }

    #[tokio::test]
    async fn a_body_of_get_is_ignored() {
        let request =
            Request::get("/").header(CONTENT_ENCODING, "br").body(Body::from("x")).expect("a valid request");
        let request = read(request).await.expect("the body is ignored");
        assert!(request.into_body().collect().await.expect("a body in memory").to_bytes().is_empty());
    }
}
