//! Pure. The state of tasks as clients see it.

use schemas::record::{Changeset, Message, Name, Task};
use serde_json::{Value, json};

/// Returns the state of a review. The tests and the findings are those of the latest review of the changeset.
pub fn review(task: &Task, changeset: Option<&Changeset>, base_url: &str) -> Value {
    let ids = |ids: fn(&Changeset) -> &Vec<u64>| changeset.map(ids).cloned().unwrap_or_default();
    let url = task.changeset.map(|id| format!("{base_url}/changesetreviews/result/{id}/"));
    let message = task.messages.last();
    json!({
        "changeset_test_ids": ids(|changeset| &changeset.tests),
        "changeset_validation_ids": ids(|changeset| &changeset.validations),
        "message": message.map(|last| json!({"message": last.message, "message_type": last.message_type})),
        "review_results_url": url,
        "status": task.status,
        "task_active": task.status.is_active(),
    })
}

/// Returns the state of an application, a revert or a check. `children` are its tasks on several servers.
pub fn application(task: &Task, children: &[Task], base_url: &str) -> Value {
    let mut body = json!({
        "apply_results_url": results_url(&task.task_id, base_url),
        "changeset_detail_apply_ids": task.results,
        "messages": task.messages.iter().map(message).collect::<Vec<_>>(),
        "status": task.status,
        "task_active": task.status.is_active(),
    });
    if !task.children.is_empty() {
        body["children"] = children.iter().map(child).collect();
    }
    body
}

/// Returns the documented state of an application that does not exist.
pub fn unknown_application(task_id: &str, base_url: &str) -> Value {
    json!({
        "apply_results_url": results_url(task_id, base_url),
        "changeset_detail_apply_ids": [],
        "messages": [],
    })
}

fn results_url(task_id: &str, base_url: &str) -> String {
    format!("{base_url}/changesetapplies/changeset-applies/?task_id={task_id}")
}

fn message(message: &Message) -> Value {
    let extra = message.extra.as_ref();
    // It is JSON, unless it was too long and had to be cut.
    let extra = extra.map(|text| serde_json::from_str(text).unwrap_or_else(|_| json!(text)));
    json!({"extra": extra, "message": message.message, "message_type": message.message_type})
}

fn child(task: &Task) -> Value {
    json!({
        "changeset_detail_apply_ids": task.results,
        "server": task.server.map(|id| Name::Server.uri(id)),
        "status": task.status,
        "task_active": task.status.is_active(),
        "task_id": task.task_id,
    })
}

#[cfg(test)]
mod tests {
    use domain::time::Micros;
    use schemas::record::{MessageType, TaskKind};

    use super::*;

    #[test]
    fn states_have_the_documented_form() {
        let task = Task::new(1, "t".to_owned(), TaskKind::Apply, 1, Micros(0))
            .with_error("ERROR <class 'utils.exceptions.Error'>: Schema version on host is unknown.")
            .with_message(MessageType::Info, "cut", Some("{\"delta".to_owned()))
            .with_message(MessageType::Info, "whole", Some("{\"delta\": \"d\"}".to_owned()));
        let body = application(&task, &[], "http://x");
        assert_eq!(body["apply_results_url"], "http://x/changesetapplies/changeset-applies/?task_id=t");
        assert_eq!(
            (&body["messages"][0]["extra"], &body["messages"][0]["message_type"]),
            (&Value::Null, &json!("error"))
        );
        assert_eq!(
            (&body["messages"][1]["extra"], &body["messages"][2]["extra"]["delta"]),
            (&json!("{\"delta"), &json!("d"))
        );
        assert_eq!((&body["task_active"], body.get("children")), (&json!(true), None));
        assert_eq!(unknown_application("x", "").get("task_active"), None);
        let review = review(&Task { changeset: Some(9), messages: Vec::new(), ..task }, None, "http://x");
        assert_eq!((&review["message"], &review["changeset_test_ids"]), (&Value::Null, &json!([])));
        assert_eq!(review["review_results_url"], "http://x/changesetreviews/result/9/");
    }
}
