//! The whole bundle in one process, on embedded stand-ins for `DynamoDB` and SQS.

// The nested futures of the SDK and the workers exceed the default recursion limit.
#![recursion_limit = "256"]

pub mod admin;
pub mod bundle;
pub mod check_definitions;
pub mod clients;
pub mod data_dir;
pub mod databases;
pub mod demo;
pub mod demo_changesets;
pub mod dynamodb;
pub mod event_source;
pub mod first_key;
pub mod gateway;
mod http_api;
pub mod in_process;
pub mod kept_folder;
pub mod private_mariadb;
pub mod private_postgres;
pub mod private_server;
pub mod replay;
pub mod sample_mariadb;
pub mod sample_server;
pub mod samples;
pub mod schedule;
pub mod shutdown;
pub mod sqs;
pub mod stack;
pub mod stand_ins;
pub mod template;
pub mod up;
pub mod welcome;
pub mod workers;
