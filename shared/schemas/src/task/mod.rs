//! Tasks: reviews, applications, reverts and checks, from their request to their end.
//!
//! A task is one row with a version. Every change reads the row, decides, and replaces the version that it read; a change
//! that loses the race reads again. Each change writes the due row of the minute in which the task must be looked at next,
//! in the same transaction: a task whose worker or message is lost is found there.
//!
//! - [`state`]: transitions, leases
//! - [`message`]: messages of the queue
//! - [`sweeping`]: finds tasks that are due
//! - [`running`]: the worker

pub mod message;
pub mod running;
pub mod state;
pub mod sweeping;
