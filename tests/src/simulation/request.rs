//! Pure. Requests to `DynamoDB`: the items that they read and write, and responses that report errors.

use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

/// How a request uses an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads it, or several in its partition.
    Read,
    /// Writes it.
    Write,
}

/// A part of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The name of the table.
    pub table: String,
    /// The partition key.
    pub pk: String,
    /// The sort key; empty if the part reads several items.
    pub sk: String,
    /// How the item is used.
    pub access: Access,
    /// Bytes of the part in the request, which is about what it writes.
    pub bytes: usize,
}

impl Part {
    /// Returns the partition that the part uses.
    pub fn partition(&self) -> (String, String, Access) {
        (self.table.clone(), self.pk.clone(), self.access)
    }
}

/// A request.
#[derive(Clone, Debug)]
pub struct StoreRequest {
    /// The name of the operation.
    pub operation: String,
    /// The body.
    pub body: Value,
    /// The items that it uses, in the order of the request.
    pub parts: Vec<Part>,
}

impl StoreRequest {
    /// Reads a request. Operations on tables have no parts.
    pub fn read(operation: &str, body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let parts = parts(operation, &body);
        Self { operation: operation.to_owned(), body, parts }
    }

    /// Whether all parts are executed or none.
    pub fn is_transaction(&self) -> bool {
        self.operation == "TransactWriteItems"
    }

    /// Whether each part is executed or returned as unprocessed.
    pub fn is_batch(&self) -> bool {
        self.operation.starts_with("Batch")
    }

    /// Whether the request writes one item.
    pub fn is_single_write(&self) -> bool {
        self.parts.len() == 1 && self.parts[0].access == Access::Write && !self.is_batch()
    }

    /// Removes the parts at these positions from a batch, and returns them in the form in which the service reports
    /// unprocessed ones. All parts must belong to one table.
    pub fn split_off(&mut self, positions: &[usize]) -> Value {
        let table = self.parts.first().map(|part| part.table.clone()).unwrap_or_default();
        let request = &mut self.body["RequestItems"][&table];
        let list = if self.operation == "BatchGetItem" { &mut request["Keys"] } else { &mut *request };
        let all = std::mem::take(list).as_array().cloned().unwrap_or_default();
        let pick = |is_left: bool| -> Vec<Value> {
            let chosen = (0..all.len()).filter(|place| positions.contains(place) == is_left);
            chosen.map(|place| all[place].clone()).collect()
        };
        *list = Value::Array(pick(false));
        let mut left = request.clone();
        if self.operation == "BatchGetItem" {
            left["Keys"] = Value::Array(pick(true));
        } else {
            left = Value::Array(pick(true));
        }
        let mut place = 0..;
        self.parts.retain(|_| place.next().is_some_and(|place| !positions.contains(&place)));
        json!({ table: left })
    }

    /// Returns the name of the member that reports unprocessed parts.
    pub fn unprocessed_member(&self) -> &'static str {
        if self.operation == "BatchGetItem" { "UnprocessedKeys" } else { "UnprocessedItems" }
    }
}

fn parts(operation: &str, body: &Value) -> Vec<Part> {
    let table = &body["TableName"];
    let key = &body["Key"];
    match operation {
        "GetItem" => vec![part(table, key, Access::Read)],
        "Query" => {
            let pk = json!({"pk": body["ExpressionAttributeValues"][":pk"]});
            vec![part(table, &pk, Access::Read)]
        }
        "PutItem" => vec![part(table, &body["Item"], Access::Write)],
        "UpdateItem" | "DeleteItem" => vec![part(table, key, Access::Write)],
        "TransactWriteItems" => list(&body["TransactItems"]).iter().filter_map(transaction_part).collect(),
        "BatchGetItem" | "BatchWriteItem" => batch_parts(&body["RequestItems"]),
        _ => Vec::new(),
    }
}

fn transaction_part(item: &Value) -> Option<Part> {
    let (_, action) = item.as_object()?.iter().next()?;
    let key = if action["Item"].is_null() { &action["Key"] } else { &action["Item"] };
    Some(Part { bytes: action.to_string().len(), ..part(&action["TableName"], key, Access::Write) })
}

fn batch_parts(tables: &Value) -> Vec<Part> {
    let mut parts = Vec::new();
    for (table, requests) in tables.as_object().into_iter().flatten() {
        let table = Value::from(table.as_str());
        parts.extend(list(&requests["Keys"]).iter().map(|key| part(&table, key, Access::Read)));
        for request in list(requests) {
            let item = &request["PutRequest"]["Item"];
            let key = if item.is_null() { &request["DeleteRequest"]["Key"] } else { item };
            parts.push(part(&table, key, Access::Write));
        }
    }
    parts
}

fn part(table: &Value, item: &Value, access: Access) -> Part {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Part {
        table: text(table),
        pk: text(&item["pk"]["S"]),
        sk: text(&item["sk"]["S"]),
        access,
        bytes: item.to_string().len(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Returns a response that reports an error of this name.
pub fn error(name: &str, message: &str) -> Response<Vec<u8>> {
    refusal(&json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{name}"), "message": message}))
}

/// Returns a response that cancels a transaction, with a reason per part; `None` for parts that are not to blame.
pub fn cancelled(reasons: &[&str]) -> Response<Vec<u8>> {
    let list = reasons.join(", ");
    refusal(&json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{list}]"),
        "CancellationReasons": reasons.iter().map(|reason| json!({"Code": reason})).collect::<Vec<_>>(),
    }))
}

fn refusal(body: &Value) -> Response<Vec<u8>> {
    let mut response = Response::new(body.to_string().into_bytes());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}
