//! Steward from the outside, in one binary.

mod usage_smoke;
