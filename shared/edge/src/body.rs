//! Request bodies: limited as sent and as inflated.

use std::io::Read;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use flate2::read::MultiGzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// Bytes that a request may send. A Lambda function is handed at most 6 MB, of which base64 takes a quarter.
pub const LARGEST_SENT: usize = 4 * 1_024 * 1_024;
/// Bytes that a compressed request may grow to; inflating stops there.
pub const LARGEST_INFLATED: usize = 32 * 1_024 * 1_024;

/// Why a body was not read: a status and a text for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread(pub StatusCode, pub &'static str);

const TOO_LARGE: Unread = Unread(StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 4 MB.");
const TOO_LARGE_INFLATED: Unread =
    Unread(StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 32 MB when it is decompressed.");
const NO_GZIP: Unread =
    Unread(StatusCode::BAD_REQUEST, "The body is not the gzip that Content-Encoding says.");
const UNKNOWN_ENCODING: Unread =
    Unread(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Encoding may be gzip, or not given.");
const BROKEN: Unread = Unread(StatusCode::BAD_REQUEST, "The body could not be read.");

/// The request with its whole body in memory, plain. GET and HEAD have none, whatever was sent with them.
pub async fn read(request: Request) -> Result<Request, Unread> {
    let (mut parts, body) = request.into_parts();
    if [Method::GET, Method::HEAD].contains(&parts.method) {
        return Ok(Request::from_parts(parts, Body::empty()));
    }
    let encoding = parts.headers.remove(CONTENT_ENCODING);
    let sent =
        Limited::new(body, LARGEST_SENT).collect().await.map_err(|error| match error.downcast_ref() {
            Some(LengthLimitError { .. }) => TOO_LARGE,
            None => BROKEN,
        })?;
    let bytes = plain(encoding.as_ref(), sent.to_bytes())?;
    parts.headers.insert(CONTENT_LENGTH, bytes.len().into());
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

fn plain(encoding: Option<&HeaderValue>, sent: Bytes) -> Result<Bytes, Unread> {
    let encoding = encoding.map_or(&b""[..], HeaderValue::as_bytes).trim_ascii().to_ascii_lowercase();
    match encoding.as_slice() {
        b"" | b"identity" => Ok(sent),
        b"gzip" | b"x-gzip" => inflate(&sent, LARGEST_INFLATED),
        _ => Err(UNKNOWN_ENCODING),
    }
}

/// Inflates at most `largest` bytes and one, by which it is known that there are more.
fn inflate(sent: &[u8], largest: usize) -> Result<Bytes, Unread> {
    let mut inflated = Vec::new();
    let limit = u64::try_from(largest).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(sent).take(limit).read_to_end(&mut inflated).map_err(|_| NO_GZIP)?;
    if inflated.len() > largest { Err(TOO_LARGE_INFLATED) } else { Ok(inflated.into()) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    }

    async fn body(encoding: &str, sent: Vec<u8>) -> Result<Vec<u8>, StatusCode> {
        let request =
            Request::post("/").header(CONTENT_ENCODING, encoding).body(Body::from(sent)).expect("fine");
        let request = read(request).await.map_err(|Unread(status, _)| status)?;
        assert!(!request.headers().contains_key(CONTENT_ENCODING));
        Ok(request.into_body().collect().await.expect("it is in memory").to_bytes().to_vec())
    }

    #[tokio::test]
    async fn a_body_comes_plain_whatever_its_encoding_or_is_refused() {
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
            ("gzip", gzip(&vec![0; LARGEST_INFLATED + 1]), Err(StatusCode::PAYLOAD_TOO_LARGE)),
        ] {
            let size = sent.len();
            assert_eq!(body(encoding, sent).await, expected, "{encoding}, {size} bytes");
        }
        assert_eq!(body("", vec![b'x'; LARGEST_SENT]).await.map(|body| body.len()), Ok(LARGEST_SENT));
    }

    #[test]
    fn inflating_stops_one_byte_past_the_limit() {
        // What follows the first 1,000 bytes is no gzip: whoever inflated on would answer that it is broken.
        let sent = [gzip(&[0; 1_000]), b"no gzip".to_vec()].concat();
        assert_eq!(inflate(&sent, 999), Err(TOO_LARGE_INFLATED));
        assert_eq!(inflate(&sent, 1_001), Err(NO_GZIP));
    }

    #[tokio::test]
    async fn what_is_sent_with_get_is_ignored() {
        let request = Request::get("/").header(CONTENT_ENCODING, "br").body(Body::from("x")).expect("fine");
        let request = read(request).await.expect("it is ignored");
        assert!(request.into_body().collect().await.expect("it is in memory").to_bytes().is_empty());
    }
}
