//! Pure. Pages of older members.

use serde::{Deserialize, Serialize};

/// A page of members that no longer fit the head of their stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberPage {
    /// Identifies the page among those of its stream.
    #[serde(rename = "k")]
    pub name: String,
    /// The lowest id in the page.
    #[serde(rename = "l")]
    low: u64,
    /// The highest id in the page.
    #[serde(rename = "h")]
    high: u64,
}

impl MemberPage {
    /// A page of these members. `None` if there are none.
    pub fn new(name: String, ids: &[u64]) -> Option<Self> {
        Some(Self { name, low: *ids.iter().min()?, high: *ids.iter().max()? })
    }

    /// Whether the page may hold this member. `false` is certain.
    pub fn may_contain(&self, id: u64) -> bool {
        (self.low..=self.high).contains(&id)
    }
}
