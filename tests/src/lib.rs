//! The bundle under test: all functions in one process, with a manual clock and fault injection.

// Nested SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]
#![expect(clippy::missing_panics_doc, reason = "a panic in a helper fails the test")]
#![expect(clippy::needless_pass_by_value, reason = "`json!` values are passed without a borrow")]
#![expect(
    clippy::similar_names,
    reason = "launched and launches, deleted and deletes are OpenStack's own terms"
)]

pub mod bench;
pub mod bundle;
pub mod calling;
pub mod certificates;
pub mod faults;
pub mod generate;
pub mod lambda;
pub mod ledger;
pub mod lockstep;
pub mod recomputation;
pub mod rng;
pub mod scheduler;
pub mod simulation;
pub mod stored_state;

pub use bundle::TestBundle;
pub use calling::Reply;
pub use ledger::{delete, exists, image, image_delete, image_exists, instance, launch, time};
