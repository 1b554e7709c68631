//! Identifiers that Steward makes itself: chunks, invocations, message ids of its own notifications.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes identifiers: random UUIDs, or numbered ones that a test can foresee.
#[derive(Clone, Debug)]
pub struct Ids(Source);

#[derive(Clone, Debug)]
enum Source {
    Random,
    Sequential(Arc<AtomicU64>),
}

impl Ids {
    /// Random UUIDs (version 4).
    pub fn random() -> Self {
        Self(Source::Random)
    }

    /// `00000000-0000-4000-8000-000000000001` and on, shared by all clones.
    pub fn sequential() -> Self {
        Self(Source::Sequential(Arc::new(AtomicU64::new(1))))
    }

    /// 256 new bits that nobody can guess, as 64 hexadecimal digits: an API key, a session.
    pub fn secret(&self) -> String {
        hex::encode(self.bytes::<32>())
    }

    /// 16 new bytes that no other password was hashed with.
    pub fn salt(&self) -> [u8; 16] {
        self.bytes()
    }

    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.0 {
            Source::Random => {
                getrandom::fill(&mut bytes).expect("a system without random bits is not safe to run on");
            }
            Source::Sequential(next) => {
                let number = next.fetch_add(1, Ordering::SeqCst).to_be_bytes();
                bytes[N - number.len()..].copy_from_slice(&number);
            }
        }
        bytes
    }

    /// A new UUID in its canonical lower-case text form.
    pub fn uuid(&self) -> String {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "the one place that draws identifiers")]
            Source::Random => uuid::Uuid::new_v4().to_string(),
            Source::Sequential(next) => {
                format!("00000000-0000-4000-8000-{:012}", next.fetch_add(1, Ordering::SeqCst))
            }
        }
    }
}
