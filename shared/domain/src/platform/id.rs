//! Generates identifiers: of chunks, invocations, records, and notifications that Steward sends itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A generator of identifiers: random ones, or sequential ones that a test can predict.
#[derive(Clone, Debug)]
pub struct Ids(Source);

#[derive(Clone, Debug)]
enum Source {
    Random,
    Sequential(Arc<AtomicU64>),
}

impl Ids {
    /// Returns a generator of random identifiers.
    pub fn random() -> Self {
        Self(Source::Random)
    }

    /// Returns a generator that counts from `00000000-0000-4000-8000-000000000001`. Clones share the counter.
    pub fn sequential() -> Self {
        Self(Source::Sequential(Arc::new(AtomicU64::new(1))))
    }

    /// Returns 256 random bits as 64 hexadecimal digits: an API key or a session id.
    pub fn secret(&self) -> String {
        hex::encode(self.bytes::<32>())
    }

    /// Returns a salt for one password.
    pub fn salt(&self) -> [u8; 16] {
        self.bytes()
    }

    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.0 {
            Source::Random => {
                getrandom::fill(&mut bytes).expect("the system provides random bytes");
            }
            Source::Sequential(next) => {
                let number = next.fetch_add(1, Ordering::SeqCst).to_be_bytes();
                bytes[N - number.len()..].copy_from_slice(&number);
            }
        }
        bytes
    }

    /// Returns a UUID (version 4) in canonical lower case.
    pub fn uuid(&self) -> String {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "the only place that generates identifiers")]
            Source::Random => uuid::Uuid::new_v4().to_string(),
            Source::Sequential(next) => {
                format!("00000000-0000-4000-8000-{:012}", next.fetch_add(1, Ordering::SeqCst))
            }
        }
    }
}
