//! Pure. The parser of paths.

use winnow::ascii::{dec_int, multispace0};
use winnow::combinator::{alt, delimited, eof, preceded, repeat, separated, terminated};
use winnow::error::ContextError;
use winnow::prelude::*;
use winnow::token::{one_of, take_till, take_while};

use super::{Path, Step};

impl Path {
    /// Parses a path.
    pub fn parse(text: &str) -> Result<Self, String> {
        terminated(path, eof).parse(text).map_err(|error| match &text[error.offset()..] {
            "" => format!("invalid path '{text}': unexpected end"),
            rest => format!("invalid path '{text}': unexpected '{rest}'"),
        })
    }
}

type Parsed<T> = winnow::Result<T, ContextError>;

fn path(input: &mut &str) -> Parsed<Path> {
    let first = term.parse_next(input)?;
    let further: Vec<Vec<Step>> = repeat(
        0..,
        alt((
            preceded(symbol(".."), term).map(|mut steps: Vec<Step>| {
                steps.insert(0, Step::Descendants);
                steps
            }),
            preceded(symbol("."), term),
            bracketed.map(|step| vec![step]),
        )),
    )
    .parse_next(input)?;
    Ok(Path(first.into_iter().chain(further.into_iter().flatten()).collect()))
}

/// Parses what is between two dots.
fn term(input: &mut &str) -> Parsed<Vec<Step>> {
    let mut alternatives: Vec<Vec<Step>> = separated(1.., alternative, symbol("|")).parse_next(input)?;
    Ok(match alternatives.len() {
        1 => alternatives.remove(0),
        _ => vec![Step::Union(alternatives.into_iter().map(Path).collect())],
    })
}

/// Parses what is between two bars: a step and the brackets after it.
fn alternative(input: &mut &str) -> Parsed<Vec<Step>> {
    let first = alt((
        symbol("$").map(|()| vec![Step::Root]),
        symbol("*").map(|()| vec![Step::Members]),
        name.map(|name| vec![Step::Member(name)]),
        bracketed.map(|step| vec![step]),
        delimited(symbol("("), path, symbol(")")).map(|path| path.0),
    ))
    .parse_next(input)?;
    let further: Vec<Step> = repeat(0.., bracketed).parse_next(input)?;
    Ok(first.into_iter().chain(further).collect())
}

fn bracketed(input: &mut &str) -> Parsed<Step> {
    let inside =
        alt((symbol("*").map(|()| Step::Elements), dec_int.map(Step::Element), name.map(Step::Member)));
    delimited(symbol("["), inside, (multispace0, symbol("]"))).parse_next(input)
}

fn name(input: &mut &str) -> Parsed<String> {
    let plain = (
        one_of(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '@'),
        take_while(0.., |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '@' || c == '-'),
    );
    let quoted = alt((delimited('\'', take_till(0.., '\''), '\''), delimited('"', take_till(0.., '"'), '"')));
    delimited(multispace0, alt((plain.take(), quoted)), multispace0).map(str::to_owned).parse_next(input)
}

/// Parses a symbol and the white space around it.
fn symbol<'i>(symbol: &'static str) -> impl Parser<&'i str, (), ContextError> {
    (multispace0, symbol, multispace0).void()
}
