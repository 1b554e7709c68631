//! Changesets: submission, changes, and decisions.
