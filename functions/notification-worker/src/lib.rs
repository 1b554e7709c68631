//! The worker of the notification queue: records notifications.

// SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::ingest::Recorder;
use domain::ingest::plan::Delivery;
use domain::time::Micros;
use edge::sqs::ReceivedMessage;

/// Records the notifications of a batch. Leases last until `deadline`, at which the worker has stopped.
pub async fn handle(recorder: &Recorder, event: SqsEvent, deadline: Micros) -> SqsBatchResponse {
    let messages = edge::sqs::messages(event);
    let deliveries = messages.iter().cloned().map(delivery).collect();
    let outcomes = recorder.process(deliveries, deadline).await;
    edge::sqs::settled(&messages, outcomes, recorder.queue()).await
}

/// Converts a message. Producers that send to the queue directly may set the attribute `service`.
fn delivery(message: ReceivedMessage) -> Delivery {
    let service = message.attributes.get("service").and_then(|name| name.parse().ok());
    Delivery { id: message.id, body: message.body, sent_at: message.sent_at, service }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use domain::notification::service::Service;

    use super::*;

    #[test]
    fn an_unknown_service_in_the_attribute_is_ignored() {
        for (attribute, expected) in
            [("glance", Some(Service::Glance)), ("nova", Some(Service::Nova)), ("x", None)]
        {
            let attributes = HashMap::from([("service".to_owned(), attribute.to_owned())]);
            let message = ReceivedMessage {
                id: String::new(),
                body: String::new(),
                receipt: String::new(),
                deliveries: 1,
                sent_at: None,
                attributes,
            };
            assert_eq!(delivery(message).service, expected, "{attribute}");
        }
    }
}
