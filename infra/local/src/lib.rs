//! The whole bundle in one process, on embedded stand-ins for `DynamoDB` and SQS.

pub mod clients;
pub mod sqs;
pub mod stop;
