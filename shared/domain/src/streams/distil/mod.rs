//! Pure. Distilling: a notification becomes an event with the traits that its definition names.
//!
//! What is wrong with a value costs only the trait: the original lost the whole notification with it.

pub mod definition;
pub mod distilling;
pub mod kind;
pub mod path;
pub mod plugin;
pub mod when;

pub use definition::EventDefinitions;
pub use distilling::{Distilled, Reason, Warning};

#[cfg(test)]
mod tests;
