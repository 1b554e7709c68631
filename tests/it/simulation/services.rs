//! The simulated services: their limits, conflicts and idempotency.

use std::time::Duration;

use serde_json::{Value, json};
use tests::simulation::capacity::Capacity;
use tests::simulation::item_size::item_size;
use tests::simulation::plan::Limits;
use tests::simulation::request::{Access, Part, StoreRequest};
use tests::simulation::transactions::{Earlier, Transactions};

fn key(pk: &str) -> Value {
    json!({"pk": {"S": pk}, "sk": {"S": "-"}})
}

fn read(operation: &str, body: &Value) -> StoreRequest {
    StoreRequest::read(operation, body.to_string().as_bytes())
}

#[test]
fn every_operation_names_its_items() {
    let named = |operation: &str, body: Value| -> Vec<String> {
        read(operation, &body).parts.into_iter().map(|part| format!("{} {}", part.table, part.pk)).collect()
    };
    assert_eq!(named("GetItem", json!({"TableName": "T", "Key": key("a")})), ["T a"]);
    assert_eq!(named("PutItem", json!({"TableName": "T", "Item": key("a")})), ["T a"]);
    let values = json!({":pk": {"S": "a"}, ":low": {"S": "b"}});
    assert_eq!(named("Query", json!({"TableName": "T", "ExpressionAttributeValues": values})), ["T a"]);
    let put = json!({"Put": {"TableName": "T", "Item": key("a")}});
    let update = json!({"Update": {"TableName": "U", "Key": key("b")}});
    assert_eq!(named("TransactWriteItems", json!({"TransactItems": [put, update]})), ["T a", "U b"]);
}

#[test]
fn batch_is_split_into_processed_and_unprocessed_parts() {
    let put = |pk: &str| json!({"PutRequest": {"Item": key(pk)}});
    let body = json!({"RequestItems": {"T": [put("a"), {"DeleteRequest": {"Key": key("b")}}, put("c")]}});
    let mut request = read("BatchWriteItem", &body);
    assert_eq!(request.split_off(&[0, 2]), json!({"T": [put("a"), put("c")]}));
    assert_eq!(request.parts.iter().map(|part| part.pk.as_str()).collect::<Vec<_>>(), ["b"]);

    let body = json!({"RequestItems": {"T": {"ConsistentRead": true, "Keys": [key("a"), key("b")]}}});
    let mut request = read("BatchGetItem", &body);
    assert_eq!(request.split_off(&[1]), json!({"T": {"ConsistentRead": true, "Keys": [key("b")]}}));
    assert_eq!(request.body["RequestItems"]["T"]["Keys"], json!([key("a")]));
}

#[test]
fn partition_is_exhausted_until_its_units_are_refilled() {
    let mut capacity = Capacity::new(Limits { write_units: 10.0, ..Limits::DYNAMODB });
    let partition = |pk: &str, access| ("T".to_owned(), pk.to_owned(), access);
    let (hot, cold) = (partition("hot", Access::Write), partition("cold", Access::Write));
    let at = Duration::from_millis;
    capacity.consume(&hot, 15.0, at(0));
    assert!(capacity.is_exhausted(&hot, at(0)) && capacity.is_exhausted(&hot, at(500)));
    assert!(!capacity.is_exhausted(&cold, at(0)) && !capacity.is_exhausted(&hot, at(600)));
    assert!(!capacity.is_exhausted(&partition("hot", Access::Read), at(0)));
}

#[test]
fn writes_conflict_only_while_a_transaction_uses_the_item() {
    let body = |pk: &str| json!({"TableName": "T", "Item": key(pk)});
    let part = |pk: &str| -> Part { read("PutItem", &body(pk)).parts.remove(0) };
    let mut transactions = Transactions::default();
    transactions.start(&[part("a"), part("b")]);
    assert!(transactions.conflicts(&part("b")) && !transactions.conflicts(&part("c")));
    transactions.end(&[part("a"), part("b")]);
    assert!(!transactions.conflicts(&part("b")));
}

#[test]
fn idempotency_token_is_remembered_for_ten_minutes() {
    let mut transactions = Transactions::default();
    let at = Duration::from_secs;
    transactions.remember("token", json!([1]), b"{}", at(0));
    assert_eq!(transactions.earlier("token", &json!([1]), at(599)), Earlier::Same(b"{}".to_vec()));
    assert_eq!(transactions.earlier("token", &json!([2]), at(599)), Earlier::Different);
    assert_eq!(transactions.earlier("token", &json!([1]), at(600)), Earlier::None);
}

#[test]
fn size_of_an_item_counts_names_and_nested_values() {
    let item =
        json!({"pk": {"S": "SEQ"}, "n": {"N": "12345"}, "l": {"L": [{"S": "ab"}]}, "t": {"BOOL": true}});
    assert_eq!(item_size(&item), (2 + 3) + (1 + 4) + (1 + 3 + 1 + 2) + (1 + 1));
}
