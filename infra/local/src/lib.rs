//! The whole bundle in one process, on embedded stand-ins for `DynamoDB` and SQS.

pub mod clients;
pub mod data_folder;
pub mod definitions;
pub mod dynamodb;
pub mod samples;
pub mod sqs;
pub mod stand_ins;
pub mod stop;
mod template;
