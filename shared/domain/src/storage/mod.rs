//! Records in `DynamoDB`: keys, items, and rows in id blocks.
//!
//! - [`item`]: records as items
//! - [`key`]: builds every key, and nothing else does
//! - [`change`]: a change of one item, as a builder
//! - [`table`]: typed operations on one table
//! - [`block`]: reads rows that are stored in blocks of neighbouring ids
//! - [`sequence`]: allocates ascending ids

pub mod block;
pub mod change;
pub mod item;
pub mod key;
pub mod sequence;
pub mod table;
