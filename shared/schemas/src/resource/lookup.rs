//! Pure. Lookups: what a filter compares, as Django defines them.

use std::cmp::Ordering;

use chrono::Datelike;
use domain::time::Micros;
use regex::{Regex, RegexBuilder};
use serde_json::Value;

use crate::resource::field::FieldKind;

/// Bytes of the largest compiled regular expression.
const LARGEST_REGEX: usize = 256 * 1_024;

/// The name of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Is the value.
    Exact,
    /// Is the text, ignoring case.
    IExact,
    /// Contains the text.
    Contains,
    /// Contains the text, ignoring case.
    IContains,
    /// Starts with the text.
    StartsWith,
    /// Starts with the text, ignoring case.
    IStartsWith,
    /// Ends with the text.
    EndsWith,
    /// Ends with the text, ignoring case.
    IEndsWith,
    /// Is greater.
    Gt,
    /// Is greater or equal.
    Gte,
    /// Is less.
    Lt,
    /// Is less or equal.
    Lte,
    /// Is one of the values.
    In,
    /// Is between two values, or is one of them.
    Range,
    /// Is missing, or is not.
    IsNull,
    /// Matches a regular expression.
    Regex,
    /// Matches a regular expression, ignoring case.
    IRegex,
    /// Has this year.
    Year,
    /// Has this month.
    Month,
    /// Has this day of the month.
    Day,
    /// Has this day of the week; Sunday is 1.
    WeekDay,
}

/// Names as they appear in queries.
const NAMES: [(&str, Lookup); 21] = [
    ("exact", Lookup::Exact),
    ("iexact", Lookup::IExact),
    ("contains", Lookup::Contains),
    ("icontains", Lookup::IContains),
    ("startswith", Lookup::StartsWith),
    ("istartswith", Lookup::IStartsWith),
    ("endswith", Lookup::EndsWith),
    ("iendswith", Lookup::IEndsWith),
    ("gt", Lookup::Gt),
    ("gte", Lookup::Gte),
    ("lt", Lookup::Lt),
    ("lte", Lookup::Lte),
    ("in", Lookup::In),
    ("range", Lookup::Range),
    ("isnull", Lookup::IsNull),
    ("regex", Lookup::Regex),
    ("iregex", Lookup::IRegex),
    ("year", Lookup::Year),
    ("month", Lookup::Month),
    ("day", Lookup::Day),
    ("week_day", Lookup::WeekDay),
];

/// The value of a filter has another type than the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch;

/// A value that can be compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operand {
    /// A number, an id or a time in microseconds.
    Number(i64),
    /// A text.
    Text(String),
    /// A boolean.
    Boolean(bool),
}

/// A comparison with the values of a query.
#[derive(Clone, Debug)]
pub enum Test {
    /// The value is one of these.
    In(Vec<Operand>),
    /// The value compares to this one with one of these results.
    Compare(&'static [Ordering], Operand),
    /// The value is between these two, or is one of them.
    Between(Operand, Operand),
    /// The value is missing, or is not.
    IsNull(bool),
    /// The text matches.
    Matches(Regex),
    /// A part of the time is this number.
    Part(Lookup, i64),
}

impl Lookup {
    /// Returns the lookup with this name.
    pub fn parse(name: &str) -> Option<Self> {
        NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, lookup)| lookup)
    }

    /// Whether the lookup takes several values, separated by commas or repeated.
    pub fn takes_many(self) -> bool {
        matches!(self, Self::In | Self::Range)
    }

    /// Returns the test of a field with these values. Lookups that do not take several use the last value.
    pub fn test(self, kind: FieldKind, values: &[String]) -> Result<Test, Mismatch> {
        let last = values.last().map(String::as_str).unwrap_or_default();
        let is_null = ["nil", "none", "None"].contains(&last);
        let operand = || if is_null { Err(Mismatch) } else { operand(kind, last) };
        Ok(match self {
            Self::Exact | Self::IExact if is_null => Test::IsNull(true),
            Self::Exact => Test::In(vec![operand()?]),
            Self::In => {
                Test::In(values.iter().map(|value| self::operand(kind, value)).collect::<Result<_, _>>()?)
            }
            Self::Range => match values {
                [low, high] => Test::Between(self::operand(kind, low)?, self::operand(kind, high)?),
                _ => return Err(Mismatch),
            },
            Self::Gt => Test::Compare(&[Ordering::Greater], operand()?),
            Self::Gte => Test::Compare(&[Ordering::Greater, Ordering::Equal], operand()?),
            Self::Lt => Test::Compare(&[Ordering::Less], operand()?),
            Self::Lte => Test::Compare(&[Ordering::Less, Ordering::Equal], operand()?),
            Self::IsNull => match last {
                "true" | "True" | "1" => Test::IsNull(true),
                "false" | "False" | "0" => Test::IsNull(false),
                _ => return Err(Mismatch),
            },
            Self::Year | Self::Month | Self::Day | Self::WeekDay => {
                let number = last.trim().parse().map_err(|_| Mismatch)?;
                if kind != FieldKind::DateTime {
                    return Err(Mismatch);
                }
                Test::Part(self, number)
            }
            _ => self.text_test(kind, last)?,
        })
    }

    fn text_test(self, kind: FieldKind, text: &str) -> Result<Test, Mismatch> {
        if matches!(kind, FieldKind::Link(_) | FieldKind::Links(_)) {
            return Err(Mismatch);
        }
        let escaped = regex::escape(text);
        let pattern = match self {
            Self::IExact => format!("^(?:{escaped})$"),
            Self::StartsWith | Self::IStartsWith => format!("^(?:{escaped})"),
            Self::EndsWith | Self::IEndsWith => format!("(?:{escaped})$"),
            Self::Regex | Self::IRegex => text.to_owned(),
            _ => escaped,
        };
        let ignores_case =
            [Self::IExact, Self::IContains, Self::IStartsWith, Self::IEndsWith, Self::IRegex].contains(&self);
        let mut builder = RegexBuilder::new(&pattern);
        let built = builder.case_insensitive(ignores_case).size_limit(LARGEST_REGEX).build();
        built.map(Test::Matches).map_err(|_| Mismatch)
    }
}

impl Test {
    /// Whether a stored value passes.
    pub fn passes(&self, kind: FieldKind, value: Option<&Value>) -> bool {
        let operand = value.and_then(|value| stored_operand(kind, value));
        let Some(operand) = operand else { return matches!(self, Self::IsNull(true)) };
        match self {
            Self::In(wanted) => wanted.contains(&operand),
            Self::Compare(orderings, limit) => orderings.contains(&operand.cmp(limit)),
            Self::Between(low, high) => (low..=high).contains(&&operand),
            Self::IsNull(is_null) => !is_null,
            Self::Matches(regex) => regex.is_match(&printed(kind, &operand)),
            Self::Part(part, number) => time_part(*part, &operand) == Some(*number),
        }
    }

    /// Returns the ids that a test of an id or a link allows, if it names them.
    pub fn ids(&self) -> Option<Vec<u64>> {
        let Self::In(operands) = self else { return None };
        let id = |operand: &Operand| match operand {
            Operand::Number(number) => Some(u64::try_from(*number).unwrap_or(0)),
            _ => None,
        };
        operands.iter().map(id).collect()
    }
}

/// Parses a value of a query.
fn operand(kind: FieldKind, text: &str) -> Result<Operand, Mismatch> {
    match kind {
        FieldKind::Integer | FieldKind::Link(_) => {
            text.trim().parse().map(Operand::Number).map_err(|_| Mismatch)
        }
        FieldKind::Boolean => match text {
            "true" | "True" | "1" | "t" => Ok(Operand::Boolean(true)),
            "false" | "False" | "0" | "f" => Ok(Operand::Boolean(false)),
            _ => Err(Mismatch),
        },
        FieldKind::DateTime => {
            let at = Micros::parse(text).or_else(|| Micros::parse(&format!("{text} 00:00:00")));
            at.map(|at| Operand::Number(at.0)).ok_or(Mismatch)
        }
        FieldKind::Text => Ok(Operand::Text(text.to_owned())),
        FieldKind::Links(_) | FieldKind::List | FieldKind::Object | FieldKind::Uri | FieldKind::Ddl => {
            Err(Mismatch)
        }
    }
}

fn stored_operand(kind: FieldKind, value: &Value) -> Option<Operand> {
    match kind {
        FieldKind::Integer | FieldKind::Link(_) | FieldKind::DateTime => value.as_i64().map(Operand::Number),
        FieldKind::Boolean => value.as_bool().map(Operand::Boolean),
        FieldKind::Text => value.as_str().map(|text| Operand::Text(text.to_owned())),
        FieldKind::Links(_) | FieldKind::List | FieldKind::Object | FieldKind::Uri | FieldKind::Ddl => None,
    }
}

/// Returns a value as the text that text lookups compare.
fn printed(kind: FieldKind, operand: &Operand) -> String {
    match operand {
        Operand::Number(micros) if kind == FieldKind::DateTime => Micros(*micros).to_string(),
        Operand::Number(number) => number.to_string(),
        Operand::Text(text) => text.clone(),
        Operand::Boolean(value) => u8::from(*value).to_string(),
    }
}

fn time_part(part: Lookup, operand: &Operand) -> Option<i64> {
    let Operand::Number(micros) = operand else { return None };
    let at = Micros(*micros).to_utc();
    match part {
        Lookup::Year => Some(i64::from(at.year())),
        Lookup::Month => Some(i64::from(at.month())),
        Lookup::Day => Some(i64::from(at.day())),
        Lookup::WeekDay => Some(i64::from(at.weekday().number_from_sunday())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::record::Name;

    fn passes(kind: FieldKind, stored: &Value, lookup: &str, values: &[&str]) -> Result<bool, Mismatch> {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        let test = Lookup::parse(lookup).expect("a lookup").test(kind, &values)?;
        Ok(test.passes(kind, Some(stored).filter(|value| !value.is_null())))
    }

    #[test]
    fn texts_are_compared_as_django_compares_them() {
        for (lookup, values, expected) in [
            ("exact", &["needs"][..], true),
            ("exact", &["Needs"], false),
            ("iexact", &["NEEDS"], true),
            ("iexact", &["need"], false),
            ("contains", &["eed"], true),
            ("contains", &["e.d"], false),
            ("icontains", &["EED"], true),
            ("startswith", &["ne"], true),
            ("istartswith", &["NE"], true),
            ("endswith", &["ne"], false),
            ("iendswith", &["DS"], true),
            ("in", &["approved", "needs"], true),
            ("in", &["approved"], false),
            ("gt", &["n"], true),
            ("lt", &["n"], false),
            ("gte", &["needs"], true),
            ("lte", &["needs"], true),
            ("range", &["m", "o"], true),
            ("range", &["o", "z"], false),
            ("isnull", &["true"], false),
            ("isnull", &["0"], true),
            ("regex", &["^n.*s$"], true),
            ("regex", &["^N"], false),
            ("iregex", &["^N"], true),
        ] {
            assert_eq!(
                passes(FieldKind::Text, &json!("needs"), lookup, values),
                Ok(expected),
                "{lookup} {values:?}"
            );
        }
        assert_eq!(passes(FieldKind::Text, &Value::Null, "exact", &["None"]), Ok(true));
        assert_eq!(passes(FieldKind::Text, &Value::Null, "exact", &["x"]), Ok(false));
    }

    #[test]
    fn numbers_times_and_booleans_are_compared_by_value() {
        let time = json!(1_367_366_580_416_342_i64);
        let link = FieldKind::Link(Name::Changeset);
        for (kind, stored, lookup, values, expected) in [
            (FieldKind::Integer, json!(9), "gt", &["10"][..], false),
            (FieldKind::Integer, json!(9), "in", &["10", " 9"], true),
            (FieldKind::Integer, json!(19), "contains", &["9"], true),
            (FieldKind::Boolean, json!(true), "exact", &["True"], true),
            (FieldKind::Boolean, json!(false), "exact", &["1"], false),
            (link, json!(9), "exact", &["9"], true),
            (link, Value::Null, "isnull", &["True"], true),
            (FieldKind::DateTime, time.clone(), "year", &["2013"], true),
            (FieldKind::DateTime, time.clone(), "month", &["5"], true),
            (FieldKind::DateTime, time.clone(), "day", &["1"], true),
            (FieldKind::DateTime, time.clone(), "week_day", &["4"], true),
            (FieldKind::DateTime, time.clone(), "gte", &["2013-05-01"], true),
            (FieldKind::DateTime, time.clone(), "exact", &["2013-05-01T00:03:00.416342"], true),
            (FieldKind::DateTime, time.clone(), "range", &["2013-05-01 00:04:00", "2014-01-01"], false),
            (FieldKind::DateTime, time.clone(), "startswith", &["2013-05-01 00:03"], true),
        ] {
            assert_eq!(passes(kind, &stored, lookup, values), Ok(expected), "{lookup} {values:?}");
        }
    }

    #[test]
    fn values_of_another_type_are_rejected() {
        let link = FieldKind::Link(Name::Changeset);
        for (kind, lookup, values) in [
            (FieldKind::Integer, "exact", &["abc"][..]),
            (FieldKind::Integer, "in", &["1", ""]),
            (FieldKind::Integer, "range", &["1"]),
            (FieldKind::Integer, "gt", &["None"]),
            (FieldKind::Integer, "year", &["2013"]),
            (FieldKind::Boolean, "exact", &["yes"]),
            (FieldKind::DateTime, "exact", &["yesterday"]),
            (FieldKind::DateTime, "year", &["x"]),
            (FieldKind::Text, "isnull", &["perhaps"]),
            (FieldKind::Text, "regex", &["("]),
            (link, "contains", &["1"]),
        ] {
            assert_eq!(passes(kind, &json!(1), lookup, values), Err(Mismatch), "{lookup} {values:?}");
        }
    }
}
