//! x
/// x
pub fn verified(e: &serde_json::Value, t: &str, id: &str) -> Option<serde_json::Value> { None }
