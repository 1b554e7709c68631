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
