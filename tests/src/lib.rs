//! The bundle under test: everything in one process, a clock that stands still, faults on demand.

// The futures of the SDK lie deep in each other, and deeper in those of a worker.
#![recursion_limit = "256"]
#![expect(clippy::missing_panics_doc, reason = "what a test is given must hold, or the test fails")]
#![expect(clippy::needless_pass_by_value, reason = "what `json!` makes is handed on as it stands")]
#![expect(
    clippy::similar_names,
    reason = "launched and launches, deleted and deletes are the words of the field"
)]

pub mod bench;
pub mod bundle;
pub mod calling;
pub mod faults;
pub mod generate;
pub mod lambda;
pub mod ledger;
pub mod lockstep;
pub mod recomputation;
pub mod rng;
pub mod scheduler;
pub mod snapshot;

pub use bundle::TestBundle;
pub use calling::Reply;
pub use ledger::{delete, exists, image, image_delete, image_exists, instance, launch, time};
