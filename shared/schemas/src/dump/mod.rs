//! The structure of a schema as text: dumps, checksums and differences.
