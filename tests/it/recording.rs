//! Recording: each notification is stored and counted once.

use anyhow::Result;
use serde_json::{Value, json};
use tests::TestBundle;

fn update(message_id: &str) -> Value {
    json!({
        "message_id": message_id, "event_type": "compute.instance.update", "publisher_id": "api.cell1",
        "timestamp": "2035-01-04 10:00:00", "payload": {"instance_id": "i-1", "tenant_id": "7"},
    })
}

#[tokio::test]
async fn notification_is_recorded_and_counted_once() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let both = json!([update("m-1"), update("m-2"), update("m-1")]);
    assert_eq!(bundle.record(&both).await?, 3);
    let once = bundle.stored_state().await?;
    assert_eq!(once["raw"].len(), 2);
    assert_eq!(once["hour"].values().next(), Some(&json!({"e:compute.instance.update": 2})));
    assert_eq!(bundle.record(&both).await?, 3);
    let mut twice = bundle.stored_state().await?;
    twice.insert("chunk".to_owned(), once["chunk"].clone());
    assert_eq!(twice, once);
    Ok(())
}
