//! Pure. Static checks of the statements of a changeset.
