//! Steward from the outside, in one binary.

mod usage_answers;
mod usage_confirm;
mod usage_filters;
mod usage_lists;
mod usage_repair;
mod usage_stats;
