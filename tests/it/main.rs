//! The bundle as a whole: its deployment, its rules and its flows.

mod events;
mod gateway;
mod house_rules;
mod recording;
mod template;
mod verifying;
