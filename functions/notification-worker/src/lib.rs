//! The worker of the queue of notifications: records a batch of them.

// The futures of the SDK lie deep in each other, and deeper in those of a worker.
#![recursion_limit = "256"]

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::ingest::Recorder;
use domain::ingest::plan::Delivery;
use domain::time::Micros;
use edge::sqs::Message;

/// Records the batch, and says which messages are to be delivered again. Whatever is taken up here is held until
/// `deadline`, when the worker is no longer at work.
pub async fn handle(recorder: &Recorder, event: SqsEvent, deadline: Micros) -> SqsBatchResponse {
    let deliveries: Vec<_> = edge::sqs::messages(event).into_iter().map(delivery).collect();
    let ids: Vec<_> = deliveries.iter().map(|delivery| delivery.id.clone()).collect();
    edge::sqs::response(&ids, recorder.process(deliveries, deadline).await)
}

/// A producer that sends to the queue itself may name its service in the attribute `service`.
fn delivery(message: Message) -> Delivery {
    let service = message.attributes.get("service").and_then(|name| name.parse().ok());
    Delivery { id: message.id, body: message.body, sent_at: message.sent_at, service }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use domain::notification::service::Service;

    use super::*;

    #[test]
    fn a_producers_attribute_names_the_service_and_another_word_is_ignored() {
        for (attribute, expected) in
            [("glance", Some(Service::Glance)), ("nova", Some(Service::Nova)), ("x", None)]
        {
            let attributes = HashMap::from([("service".to_owned(), attribute.to_owned())]);
            let message = Message { id: String::new(), body: String::new(), sent_at: None, attributes };
            assert_eq!(delivery(message).service, expected, "{attribute}");
        }
    }
}
