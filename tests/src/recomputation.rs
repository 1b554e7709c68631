//! A request of the recomputations' document.

use serde_json::{Value, json};

/// The body of the request in the document.
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
