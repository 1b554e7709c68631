//! Pure. The parser of time expressions.

use winnow::ascii::{digit1, multispace0};
use winnow::combinator::{cut_err, fail, opt, preceded, repeat, terminated};
use winnow::error::{StrContext, StrContextValue};
use winnow::prelude::*;
use winnow::token::{one_of, take_while};

use super::expression::{Amount, Base, Expression, Operator, RangeExpression, Shift, Stamp, TIMESTAMP, Unit};

/// A syntax error in a time expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: expected {expected}")]
pub struct ParseError {
    /// The position of the unexpected character, from 1; one past the end if the text is too short.
    pub column: usize,
    /// The expected text.
    pub expected: String,
}

/// Maximum nesting depth of parentheses, which protects the stack.
const MAX_DEPTH: usize = 32;

const TERM: &str = "a variable such as $first, a function such as day, or (";
const STAMP: &str = "a point in time such as $first";
const UNIT: &str = "a unit: us, s, sec, m, min, h, hr, d, mo, y or yr";
/// Expected after a complete expression.
const END: &str = "the end, to, +, - or @";

impl Expression {
    /// Parses an expression. Accepts unknown functions: see [`Expression::unknown_function`].
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        preceded(multispace0, |input: &mut &str| nested(input, 0)).parse(text).map_err(|error| {
            let column = text.get(..error.offset()).map_or(0, |before| before.chars().count()) + 1;
            let mut contexts = error.inner().context();
            let expected = contexts.find_map(|context| match context {
                StrContext::Expected(StrContextValue::Description(expected)) => Some(*expected),
                _ => None,
            });
            ParseError { column, expected: expected.unwrap_or(END).to_owned() }
        })
    }
}

/// Parses an expression inside `depth` pairs of parentheses.
fn nested(input: &mut &str, depth: usize) -> ModalResult<Expression> {
    let left = shifted(input, depth)?;
    let before_to = input.checkpoint();
    if opt(word.verify(|word: &str| word == "to")).parse_next(input)?.is_none() {
        return Ok(left);
    }
    match left {
        Expression::Stamp(begin) => {
            let base = Base::Between(begin, stamp(input, depth)?);
            Ok(Expression::Range(RangeExpression { base, shifts: Vec::new() }))
        }
        Expression::Range(_) => {
            input.reset(&before_to);
            reject(input, "the end, +, - or @: the ends of a range are points in time")
        }
    }
}

/// Parses a shifted term that must be a point in time.
fn stamp(input: &mut &str, depth: usize) -> ModalResult<Stamp> {
    let start = input.checkpoint();
    match shifted(input, depth)? {
        Expression::Stamp(stamp) => Ok(stamp),
        Expression::Range(_) => {
            input.reset(&start);
            reject(input, STAMP)
        }
    }
}

/// Parses a shifted term.
fn shifted(input: &mut &str, depth: usize) -> ModalResult<Expression> {
    let mut term = term(input, depth)?;
    match &mut term {
        Expression::Stamp(stamp) => stamp.shifts.extend(shifts(input, amount_with_unit)?),
        Expression::Range(range) => range.shifts.extend(shifts(input, amount)?),
    }
    Ok(term)
}

fn term(input: &mut &str, depth: usize) -> ModalResult<Expression> {
    match input.chars().next() {
        _ if depth > MAX_DEPTH => reject(input, "fewer parentheses"),
        Some('$') => variable.map(Expression::Stamp).parse_next(input),
        Some('(') => {
            sign('(').parse_next(input)?;
            let inner = nested(input, depth + 1)?;
            close(input)?;
            Ok(inner)
        }
        _ => function(input, depth).map(Expression::Range),
    }
}

fn variable(input: &mut &str) -> ModalResult<Stamp> {
    let name = preceded('$', word.context(expected("the name of a variable"))).parse_next(input)?;
    Ok(Stamp { variable: name.to_owned(), shifts: Vec::new() })
}

fn function(input: &mut &str, depth: usize) -> ModalResult<RangeExpression> {
    let is_free = |word: &str| word != "to" && Unit::from_name(word).is_none();
    let name = word.verify(is_free).context(expected(TERM)).parse_next(input)?;
    let at = if opt(sign('(')).parse_next(input)?.is_some() {
        let at = stamp(input, depth + 1)?;
        close(input)?;
        at
    } else {
        Stamp { variable: TIMESTAMP.to_owned(), shifts: Vec::new() }
    };
    Ok(RangeExpression { base: Base::Around { function: name.to_owned(), at }, shifts: Vec::new() })
}

/// Parses the shifts after a term: `+`, `-` and `@`, each with the amounts that `amount` parses.
fn shifts<'a>(
    input: &mut &'a str,
    amount: impl Fn(&mut &'a str) -> ModalResult<Amount>,
) -> ModalResult<Vec<Shift>> {
    let amounts = || cut_err(repeat(1.., |input: &mut &'a str| amount(input)).context(expected("a number")));
    repeat(0.., (operator, amounts()).map(|(operator, amounts)| Shift { operator, amounts }))
        .parse_next(input)
}

fn operator(input: &mut &str) -> ModalResult<Operator> {
    let operator = sign(['+', '-', '@']).parse_next(input)?;
    Ok(match operator {
        '+' => Operator::Add,
        '-' => Operator::Subtract,
        _ => Operator::Set,
    })
}

/// Parses a number with an optional unit.
fn amount(input: &mut &str) -> ModalResult<Amount> {
    let unit = word.verify_map(Unit::from_name);
    (number, opt(unit)).map(|(number, unit)| Amount { number, unit }).parse_next(input)
}

/// Parses a number with a unit.
fn amount_with_unit(input: &mut &str) -> ModalResult<Amount> {
    let unit = cut_err(word.verify_map(Unit::from_name).context(expected(UNIT)));
    (number, unit).map(|(number, unit)| Amount { number, unit: Some(unit) }).parse_next(input)
}

fn number(input: &mut &str) -> ModalResult<i64> {
    let start = input.checkpoint();
    let digits: &str = terminated(digit1, multispace0).parse_next(input)?;
    digits.parse().or_else(|_| {
        input.reset(&start);
        cut_err(fail.context(expected("a number of at most 18 digits"))).parse_next(input)
    })
}

fn close(input: &mut &str) -> ModalResult<char> {
    sign(')').context(expected("), +, - or @")).parse_next(input)
}

/// Parses a name or keyword, and the white space after it.
fn word<'a>(input: &mut &'a str) -> ModalResult<&'a str> {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let name = (one_of(first), take_while(0.., |c: char| c.is_ascii_alphanumeric() || c == '_')).take();
    terminated(name, multispace0).parse_next(input)
}

/// Parses one of these characters, and the white space after it.
fn sign<'a>(
    characters: impl winnow::stream::ContainsToken<char>,
) -> impl ModalParser<&'a str, char, winnow::error::ContextError> {
    terminated(one_of(characters), multispace0)
}

fn expected(what: &'static str) -> StrContext {
    StrContext::Expected(StrContextValue::Description(what))
}

/// Fails at the current position.
fn reject<T>(input: &mut &str, instead: &'static str) -> ModalResult<T> {
    cut_err(fail.context(expected(instead))).parse_next(input)
}
