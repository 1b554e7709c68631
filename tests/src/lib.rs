//! The bundle under test: everything in one process, a clock that stands still, faults on demand.

pub mod bundle;
pub mod dice;
pub mod gate;
pub mod generate;
pub mod picture;
pub mod tap;

pub use bundle::TestBundle;
