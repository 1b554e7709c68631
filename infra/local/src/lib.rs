//! The whole bundle in one process, on embedded stand-ins for `DynamoDB` and SQS.

// The futures of the SDK lie deep in each other, and deeper in those of a worker.
#![recursion_limit = "256"]

pub mod admin;
pub mod bundle;
pub mod check_definitions;
pub mod clients;
pub mod data_folder;
pub mod definitions;
pub mod demonstration;
pub mod dynamodb;
pub mod first_key;
pub mod gateway;
mod http_api;
pub mod private_postgres;
pub mod queues;
pub mod replay;
pub mod samples;
pub mod sqs;
pub mod stand_ins;
pub mod stop;
pub mod template;
pub mod ticks;
pub mod up;
