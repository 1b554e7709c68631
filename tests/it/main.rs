//! The bundle as a whole: its deployment, its rules and its flows.

mod crashes;
mod deliveries;
mod generated;
mod house_rules;
mod recording;
mod template;
mod verifying;
