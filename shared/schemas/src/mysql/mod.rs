//! Sessions on `MySQL` and `MariaDB` servers, and the text of their statements. No other module uses the driver.
//!
//! A [`session`] is one connection, which runs one statement at a time. Nothing runs in the background: Lambda freezes a
//! process between requests. Texts of statements are read by a [`lexer`] of this crate and not by a grammar, because
//! every server version has statements that no grammar knows.
//!
//! The tests run on `MariaDB` 10.11. What differs on `MySQL` 8 follows its manual and was not run.

pub mod blocks;
pub mod endpoint;
pub mod failure;
pub mod identifier;
pub mod kind;
pub mod lexer;
pub mod qualifiers;
pub mod references;
pub mod row;
pub mod session;
pub mod statements;
mod tls;
pub mod version;

pub use tls::Roots;
