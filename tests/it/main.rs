//! x
mod recording;
