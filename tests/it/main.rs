//! The bundle as a whole: its deployment, its rules and its flows.

// The futures of the SDK lie deep in each other, and deeper in those of a worker.
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
mod stalls;
mod streams;
mod template;
mod units;
mod usage_answers;
mod usage_confirm;
mod usage_filters;
mod usage_flow;
mod usage_lists;
mod usage_repair;
mod usage_stats;
mod verifying;
