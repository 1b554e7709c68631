//! Pure. Time expressions of trigger definitions, such as `$last + 2d`, `day($launched_at)` and `$first to $last`.
//!
//! ```text
//! expression := range | stamp
//! stamp      := $name | stamp (+|-|@) duration | ( stamp )
//! range      := stamp to stamp | range (+|-|@) duration | ( range ) | function | function ( stamp )
//! duration   := (number unit?)+      us, s sec, m min, h hr, d, mo, y yr
//! function   := hour | day | month | year
//! ```
//!
//! - `+` and `-` shift a time, `@` sets its fields. They apply from left to right. `to` binds loosest, so
//!   `$first to $last + 1d` shifts the end only. A date that does not exist (31 January `+ 1mo`) is an error; it is never
//!   clamped.
//! - A function is the range of that length around its argument, by default `$timestamp`. The range is *pinned*: a shift
//!   by less than its unit is followed by a move by whole lengths, until the range contains the argument again. So
//!   `day + 6h` is the current day from six to six. A shift by its unit or more unpins the range.
//! - A number without a unit is allowed for ranges only. It counts the unit below the range's length, such as hours for a
//!   day.
//! - `$timestamp` defaults to the current time.

mod calendar;
mod evaluate;
mod expression;
mod parse;
mod value;

#[cfg(test)]
mod tests;

pub use self::evaluate::EvaluationError;
pub use self::expression::Expression;
pub use self::parse::ParseError;
pub use self::value::{Time, TimeRange};
