//! Pure. Distilling: turns a notification into an event with the traits that its definition names.
//!
//! A malformed value only costs the event that trait. The original lost the whole notification.

pub mod datetime;
pub mod definition;
pub mod distilled;
pub mod path;
pub mod plugin;
pub mod trait_type;

pub use definition::EventDefinitions;
pub use distilled::{Distilled, DropReason, ValueWarning};

#[cfg(test)]
mod tests;
