//! Pure. Triggers as a file writes them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;
use serde_saphyr::Spanned;

use super::criterion::{Criterion, Kind, Relation, Wanted};
use super::{Trigger, Triggers};
use crate::streams::definition_file::{LoadError, Source, Texts, line};
use crate::streams::event::Value;
use crate::streams::glob::Globs;
use crate::streams::timex::Expression;

/// A trigger as it is written.
#[derive(Deserialize)]
struct Written {
    name: Option<Spanned<String>>,
    expiration: Option<Spanned<String>>,
    fire_pipeline: Option<String>,
    expire_pipeline: Option<String>,
    match_criteria: Option<Vec<Spanned<WrittenCriterion>>>,
    fire_criteria: Option<Vec<Spanned<WrittenCriterion>>>,
    #[serde(default)]
    distinguished_by: Vec<Spanned<Json>>,
    #[serde(default)]
    fire_delay: i64,
    #[serde(default, rename = "debug_level")]
    _debug_level: Option<i64>,
    #[serde(default, rename = "load_criteria")]
    _load_criteria: Option<serde::de::IgnoredAny>,
    #[serde(flatten)]
    others: BTreeMap<String, Json>,
}

/// A criterion as it is written.
#[derive(Deserialize)]
struct WrittenCriterion {
    event_type: Option<Spanned<Texts>>,
    number: Option<u64>,
    timestamp: Option<Spanned<String>>,
    #[serde(default)]
    traits: BTreeMap<String, Spanned<Json>>,
    #[serde(default)]
    map_distinguished_by: BTreeMap<String, String>,
    #[serde(flatten)]
    others: BTreeMap<String, Json>,
}

struct Loading<'a> {
    source: Source<'a>,
    warnings: Vec<LoadError>,
}

pub(super) fn triggers(file: &str, text: &str) -> Result<Triggers, LoadError> {
    let source = Source { file, text };
    let written: Vec<Spanned<Written>> = source.read()?;
    let mut loading = Loading { source, warnings: Vec::new() };
    let mut triggers: Vec<Trigger> = Vec::new();
    for written in written {
        let at = line(&written);
        let trigger = loading.trigger(written.value, at)?;
        if triggers.iter().any(|known| known.name == trigger.name) {
            return Err(source.refuse(at, format!("there are two triggers '{}'", trigger.name)));
        }
        triggers.push(trigger);
    }
    Ok(Triggers { triggers, warnings: loading.warnings })
}

impl Loading<'_> {
    fn trigger(&mut self, written: Written, at: u64) -> Result<Trigger, LoadError> {
        let missing = |what: &str| self.source.refuse(at, format!("'{what}' is missing"));
        let name = written.name.as_ref().map(|name| name.value.clone()).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| missing("name"))?;
        let expiration = written.expiration.as_ref().ok_or_else(|| missing("expiration"))?;
        let match_criteria = written.match_criteria.ok_or_else(|| missing("match_criteria"))?;
        let fire_criteria = written.fire_criteria.ok_or_else(|| missing("fire_criteria"))?;
        if written.fire_pipeline.is_none() && written.expire_pipeline.is_none() {
            return Err(missing("fire_pipeline' or 'expire_pipeline"));
        }
        let expiration = self.timex(expiration)?;
        for variable in expiration.variables() {
            if !["first", "last", "timestamp"].contains(&variable) {
                let reason = format!("expiration: ${variable} is none of $first, $last and $timestamp");
                return Err(self.source.refuse(at, reason));
            }
        }
        self.warn(&written.others, at);
        let mut distinguished_by = BTreeMap::new();
        for written in &written.distinguished_by {
            distinguished_by.extend(self.distinguishing(written)?);
        }
        Ok(Trigger {
            name,
            expiration,
            fire_pipeline: written.fire_pipeline,
            expire_pipeline: written.expire_pipeline,
            match_criteria: self.criteria(match_criteria)?,
            fire_criteria: self.criteria(fire_criteria)?,
            distinguished_by,
            fire_delay: written.fire_delay,
        })
    }

    fn criteria(&mut self, written: Vec<Spanned<WrittenCriterion>>) -> Result<Vec<Criterion>, LoadError> {
        let criteria = written.into_iter().map(|written| {
            let at = line(&written);
            self.criterion(written.value, at)
        });
        criteria.collect()
    }

    fn criterion(&mut self, written: WrittenCriterion, at: u64) -> Result<Criterion, LoadError> {
        self.warn(&written.others, at);
        let event_type = match &written.event_type {
            None => Globs::parse(&["*"]),
            Some(texts) => {
                let patterns = texts.value.lines(line(texts));
                Globs::parse(&patterns.iter().map(|(pattern, _)| *pattern).collect::<Vec<_>>())
            }
        };
        let timestamp = written.timestamp.as_ref().map(|timex| self.timex(timex)).transpose()?;
        let mut traits = BTreeMap::new();
        for (name, wanted) in &written.traits {
            let reason = |reason| self.source.refuse(line(wanted), format!("{name}: {reason}"));
            traits.insert(name.clone(), self::wanted(&wanted.value).map_err(reason)?);
        }
        let number = written.number.unwrap_or(1);
        Ok(Criterion {
            event_type,
            number,
            timestamp,
            traits,
            map_distinguished_by: written.map_distinguished_by,
        })
    }

    fn distinguishing(
        &self,
        written: &Spanned<Json>,
    ) -> Result<BTreeMap<String, Option<Expression>>, LoadError> {
        let wrong = || {
            self.source.refuse(
                line(written),
                "distinguished_by: a trait or a map {trait: time expression} is expected",
            )
        };
        match &written.value {
            Json::String(name) => Ok([(name.clone(), None)].into()),
            Json::Object(map) if map.len() == 1 => {
                let entries = map.iter().map(|(name, timex)| {
                    let text = timex.as_str().ok_or_else(wrong)?;
                    let timex = timex_of(text).map_err(|reason| self.source.refuse(line(written), reason))?;
                    Ok((name.clone(), Some(timex)))
                });
                entries.collect()
            }
            _ => Err(wrong()),
        }
    }

    fn timex(&self, written: &Spanned<String>) -> Result<Expression, LoadError> {
        timex_of(&written.value).map_err(|reason| self.source.refuse(line(written), reason))
    }

    /// Keys that mean nothing: the original read over them, its own sample's misspelling included.
    fn warn(&mut self, others: &BTreeMap<String, Json>, at: u64) {
        for name in others.keys() {
            self.warnings.push(self.source.refuse(at, format!("'{name}' means nothing here")));
        }
    }
}

fn timex_of(text: &str) -> Result<Expression, String> {
    let timex = Expression::parse(text).map_err(|error| format!("'{text}': {error}"))?;
    match timex.unknown_function() {
        None => Ok(timex),
        Some(name) => Err(format!("'{text}': there is no function '{name}'")),
    }
}

/// What a trait must be: a constant, or a map of one type and what is wanted of it.
fn wanted(written: &Json) -> Result<Wanted, String> {
    let map = match written {
        Json::Object(map) => map,
        Json::String(text) => return Ok(Wanted::Equal(Value::Text(text.clone()))),
        Json::Number(number) => return constant(number).ok_or_else(|| format!("{number} is too large")),
        other => return Err(format!("{other} is no value of a trait")),
    };
    let mut entries = map.iter();
    let (Some((kind, value)), None) = (entries.next(), entries.next()) else {
        return Err("one of int, float, string, text and datetime is expected".to_owned());
    };
    match kind.as_str() {
        "string" | "text" => {
            let text = value.as_str().ok_or_else(|| format!("{value} is no text"))?;
            Ok(Wanted::Equal(Value::Text(text.to_owned())))
        }
        "int" => number(Kind::Int, value),
        "float" => number(Kind::Float, value),
        "datetime" => {
            let text = value.as_str().ok_or_else(|| format!("{value} is no time expression"))?;
            timex_of(text).map(Wanted::Time)
        }
        other => Err(format!("'{other}' is none of int, float, string, text and datetime")),
    }
}

fn constant(number: &serde_json::Number) -> Option<Wanted> {
    let value = number.as_i64().map(Value::Int).or_else(|| number.as_f64().map(Value::Float))?;
    Some(Wanted::Equal(value))
}

/// A number, or a text of a relation and a number with a blank between them, or of a number alone.
fn number(kind: Kind, written: &Json) -> Result<Wanted, String> {
    let text = match written {
        Json::Number(number) => number.to_string(),
        Json::String(text) => text.trim().to_owned(),
        other => return Err(format!("{other} is no number")),
    };
    let (relation, digits) = match text.split_once(char::is_whitespace) {
        None => ("=", text.as_str()),
        Some((relation, digits)) => (relation, digits.trim()),
    };
    let number = match kind {
        Kind::Int => {
            digits.parse::<i64>().map(|number| number.to_string()).ok().and_then(|text| text.parse().ok())
        }
        Kind::Float => digits.parse::<f64>().ok().filter(|number| number.is_finite()),
    };
    let number: f64 = number.ok_or_else(|| {
        format!(
            "'{text}': a number is expected, or one of >, < and = with a blank and a number, as \"> 512\""
        )
    })?;
    Ok(match relation {
        ">" => Wanted::Number(kind, Relation::Greater, number),
        "<" => Wanted::Number(kind, Relation::Less, number),
        "=" => Wanted::Number(kind, Relation::Equal, number),
        // As in the original, where any other relation never holds.
        _ => Wanted::Nothing,
    })
}
