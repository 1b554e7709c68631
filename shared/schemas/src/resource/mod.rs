//! Resources as clients see them: one mechanism for lists, rows, sets and descriptions, and one declaration per resource.
//!
//! - [`field`]: fields and their descriptions
//! - [`declaration`]: what a declaration consists of
//! - [`declared`]: the declarations
//! - [`form`]: the JSON form of a row
//! - [`lookup`], [`filter`]: the filters of a list
//! - [`page`]: limits, offsets and `meta`
//! - [`listing`]: finds rows

pub mod declaration;
pub mod declared;
pub mod field;
pub mod filter;
pub mod form;
pub mod listing;
pub mod lookup;
pub mod page;

#[cfg(test)]
mod tests;
