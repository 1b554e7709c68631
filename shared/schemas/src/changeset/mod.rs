//! Changesets: submission, changes, and decisions.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> needs: submitted
//!     needs --> in_progress: reviewed
//!     needs --> rejected: the review failed, or rejected
//!     in_progress --> approved
//!     in_progress --> in_progress: reviewed again
//!     in_progress --> rejected: the review failed, or rejected
//!     in_progress --> needs: updated
//!     rejected --> in_progress: reviewed again
//!     rejected --> needs: updated
//!     approved --> approved: approved by another person
//!     approved --> in_progress: reviewed again
//!     approved --> rejected: the review failed, or rejected
//!     approved --> needs: updated
//! ```
//!
//! A deleted changeset keeps its state and never changes again.
//!
//! - [`status`] has the transitions
//! - [`rights`] has who may do what
//! - [`submission`] has the bodies of requests
//! - `submitting`, `updating`, `deciding`: the use cases

pub mod rights;
pub mod status;
pub mod submission;

mod changing;
mod deciding;
mod submitting;
mod updating;

pub use rights::{Action, allowed};
pub use submission::{ChangesetUpdate, NewChangeset};
