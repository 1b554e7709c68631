//! Reviews: tests of changesets on a scratch server.
//!
//! A review loads the version of the schema that the changeset starts from into a scratch schema of a random name. It then
//! tests one detail after another: it applies it, verifies it, reverts it, verifies that, and applies it again. The
//! checksums that it finds are what an application later expects on the servers. The result is stored in the transaction
//! that ends the task, so that a review that is interrupted has no result and starts again.
//!
//! ```text
//! request      a task, for a changeset and a version of its schema
//!     │
//! worker       loads what the review is about, and runs the steps
//!     ├── permission   statements that must not run on the scratch server at all
//!     ├── scratch      scratch schemas: names, creation, removal, leftovers
//!     ├── testing      the test of one detail
//!     ├── probing      the lock impact of changes of tables, on a copy
//!     ├── sizes        rows and bytes of the tables on the servers
//!     ├── findings     lints
//!     └── result       rows, checksums and the state of the changeset
//! ```
//!
//! `impact` shows what a review measured, with present sizes on request.

pub(crate) mod errors;
mod findings;
pub mod impact;
mod permission;
mod probe;
mod probing;
mod request;
mod result;
mod scratch;
mod sizes;
mod testing;
mod worker;
