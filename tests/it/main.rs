//! Integration tests: the deployment, the code's rules, and the bundle from end to end.

// Nested SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

mod access;
mod authorization;
mod counting;
mod crashes;
mod deliveries;
mod documents;
mod events;
mod gateway;
mod generated;
mod guards;
mod house_rules;
mod maintenance;
mod operations;
mod permissions;
mod recomputations;
mod recording;
mod schemas;
mod schemas_api;
mod simulation;
mod stalls;
mod streams;
mod template;
mod units;
mod usage_confirm;
mod usage_filters;
mod usage_flow;
mod usage_lists;
mod usage_repair;
mod usage_rows;
mod usage_stats;
mod verifying;
