//! The bundle under test: everything in one process, a clock that stands still, faults on demand.

#![expect(clippy::missing_panics_doc, reason = "what a test is given must hold, or the test fails")]

pub mod bundle;
pub mod calling;
pub mod lambda;
pub mod ledger;
pub mod dice;
pub mod gate;
pub mod generate;
pub mod picture;
pub mod tap;

pub use bundle::TestBundle;
pub use calling::Reply;
pub use ledger::{delete, exists, image, image_delete, image_exists, instance, launch, time};
