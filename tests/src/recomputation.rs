//! The recomputation request that the documents show.

use serde_json::{Value, json};

/// Returns the body of the documented request.
pub fn power_cuts() -> Value {
    json!({
        "requester_name": "John Doe",
        "requester_email": "JohnDoe@foo.com",
        "reason": "power cuts",
        "start_time": "2015-01-10T12:00:00Z",
        "end_time": "2015-01-30T00:00:00Z",
        "report": "Critical",
        "exclude": ["Gluster"],
    })
}
