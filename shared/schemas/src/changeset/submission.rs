//! Pure. The bodies of the requests that submit and update a changeset.

use serde_json::{Map, Value};

use crate::mysql::statements::split;
use crate::record::{Classification, Kind};
use crate::refusal::Refusal;

/// Details of a changeset.
pub const MOST_DETAILS: usize = 80;
/// Bytes of one SQL text of a detail.
pub const LONGEST_SQL: usize = 100 * 1_024;
/// Bytes of all texts of a detail.
pub const LARGEST_DETAIL: usize = 300 * 1_024;
/// Bytes of all texts of a changeset.
pub const LARGEST_CHANGESET: usize = 2 * 1_024 * 1_024;
/// Statements of all `apply_sql` of a changeset, and of all `revert_sql`. An application keeps a record of each.
pub const MOST_STATEMENTS: usize = 500;

/// The fields of a changeset that a client may set.
const FIELDS: [&str; 4] = ["database_schema_id", "type", "classification", "review_version_id"];

/// A changeset that a client submits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewChangeset {
    /// The id of the schema.
    pub database_schema: u64,
    /// The kind of change.
    pub kind: Kind,
    /// The expected impact.
    pub classification: Classification,
    /// The id of the version that the review starts from. `None` for the latest.
    pub review_version: Option<u64>,
    /// Its details, in the order in which they are applied.
    pub details: Vec<DetailTexts>,
    /// The path of the file that it was imported from; may be empty.
    pub repo_filename: String,
    /// The URL of that file; may be empty.
    pub version_control_url: String,
}

/// The texts of a detail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DetailTexts {
    /// A description; may be empty.
    pub description: String,
    /// The statements to apply.
    pub apply_sql: String,
    /// The statements that revert them; may be empty.
    pub revert_sql: String,
    /// Statements that fail if the change is not applied; may be empty.
    pub apply_verification_sql: String,
    /// Statements that fail if the change is not reverted; may be empty.
    pub revert_verification_sql: String,
}

/// A change of a submitted changeset. `None` leaves a field unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangesetUpdate {
    /// The id of the schema.
    pub database_schema: Option<u64>,
    /// The kind of change.
    pub kind: Option<Kind>,
    /// The expected impact.
    pub classification: Option<Classification>,
    /// The id of the version that the review starts from. `Some(None)` for the latest.
    pub review_version: Option<Option<u64>>,
    /// Changed and new details.
    pub details: Vec<DetailChange>,
    /// The ids of the details to delete.
    pub deleted: Vec<u64>,
}

/// A changed or new detail. `None` leaves a text unchanged; in a new detail it is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DetailChange {
    /// The id of the detail to change. `None` for a new one.
    pub id: Option<u64>,
    /// A description.
    pub description: Option<String>,
    /// The statements to apply.
    pub apply_sql: Option<String>,
    /// The statements that revert them.
    pub revert_sql: Option<String>,
    /// Statements that fail if the change is not applied.
    pub apply_verification_sql: Option<String>,
    /// Statements that fail if the change is not reverted.
    pub revert_verification_sql: Option<String>,
}

impl NewChangeset {
    /// Reads the body of a submission. The texts of refusals are the documented ones.
    pub fn read(body: &Value) -> Result<Self, Refusal> {
        let body = object(body, "the body")?;
        let fields = fields(body)?;
        let details = details(body)?;
        let details: Vec<_> =
            details.into_iter().map(|detail| detail.over(&DetailTexts::default())).collect();
        let new = Self {
            database_schema: fields.database_schema.ok_or_else(|| missing("database_schema_id"))?,
            kind: fields.kind.unwrap_or_default(),
            classification: fields.classification.unwrap_or_default(),
            review_version: fields.review_version.flatten(),
            details,
            ..Self::default()
        };
        new.check()?;
        Ok(new)
    }

    /// Checks the number and the sizes of the details.
    pub fn check(&self) -> Result<(), Refusal> {
        check_details(self.details.iter())
    }
}

impl ChangesetUpdate {
    /// Reads the body of an update. The texts of refusals are the documented ones.
    pub fn read(body: &Value) -> Result<Self, Refusal> {
        let body = object(body, "the body")?;
        let fields = fields(body)?;
        let details = details(body)?;
        let name = "to_be_deleted_changeset_detail_ids";
        let deleted = array(body, name)?;
        let deleted = deleted.iter().map(|id| number(id, name)).collect::<Result<Vec<_>, _>>()?;
        let update = Self { details, deleted, ..fields };
        update.check_ids()?;
        Ok(update)
    }

    /// Checks that no detail is named twice.
    fn check_ids(&self) -> Result<(), Refusal> {
        let changed = self.details.iter().filter_map(|detail| detail.id);
        let mut ids: Vec<u64> = changed.chain(self.deleted.iter().copied()).collect();
        ids.sort_unstable();
        match ids.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(Refusal::Malformed(format!("changeset detail {} is named twice", pair[0]))),
            None => Ok(()),
        }
    }
}

impl DetailChange {
    /// Returns the texts after the change.
    pub fn over(&self, old: &DetailTexts) -> DetailTexts {
        let text = |new: &Option<String>, old: &str| new.clone().unwrap_or_else(|| old.to_owned());
        DetailTexts {
            description: text(&self.description, &old.description),
            apply_sql: text(&self.apply_sql, &old.apply_sql),
            revert_sql: text(&self.revert_sql, &old.revert_sql),
            apply_verification_sql: text(&self.apply_verification_sql, &old.apply_verification_sql),
            revert_verification_sql: text(&self.revert_verification_sql, &old.revert_verification_sql),
        }
    }

    fn read(value: &Value) -> Result<Self, Refusal> {
        let fields = object(value, "a changeset detail")?;
        let text = |name: &str| match fields.get(name) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(String::new())),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(Refusal::Malformed(format!("invalid {name} {other}: a string is expected"))),
        };
        Ok(Self {
            id: fields.get("id").filter(|id| !id.is_null()).map(|id| number(id, "id")).transpose()?,
            description: text("description")?,
            apply_sql: text("apply_sql")?,
            revert_sql: text("revert_sql")?,
            apply_verification_sql: text("apply_verification_sql")?,
            revert_verification_sql: text("revert_verification_sql")?,
        })
    }
}

impl DetailTexts {
    /// Returns the SQL texts with the names of their fields.
    pub fn sql(&self) -> [(&'static str, &str); 4] {
        [
            ("apply_sql", &self.apply_sql),
            ("revert_sql", &self.revert_sql),
            ("apply_verification_sql", &self.apply_verification_sql),
            ("revert_verification_sql", &self.revert_verification_sql),
        ]
    }

    fn bytes(&self) -> usize {
        self.description.len() + self.sql().iter().map(|(_, text)| text.len()).sum::<usize>()
    }

    fn check(&self) -> Result<(), Refusal> {
        if split(&self.apply_sql).is_empty() {
            return Err(Refusal::Malformed("a changeset detail has no apply_sql".to_owned()));
        }
        for (name, text) in self.sql() {
            check_size(&format!("{name} of a changeset detail"), text.len(), LONGEST_SQL)?;
        }
        check_size("a changeset detail", self.bytes(), LARGEST_DETAIL)
    }
}

/// Checks the number and the sizes of the details of a changeset.
pub(crate) fn check_details<'a>(details: impl Iterator<Item = &'a DetailTexts>) -> Result<(), Refusal> {
    let (mut count, mut bytes, mut applied, mut reverted) = (0, 0, 0, 0);
    for detail in details {
        detail.check()?;
        count += 1;
        bytes += detail.bytes();
        applied += split(&detail.apply_sql).len();
        reverted += split(&detail.revert_sql).len();
    }
    if count == 0 || count > MOST_DETAILS {
        let text = format!("a changeset has {count} changeset_details: 1 to {MOST_DETAILS} are expected");
        return Err(Refusal::Malformed(text));
    }
    if applied.max(reverted) > MOST_STATEMENTS {
        let text = format!(
            "a changeset has {applied} statements to apply and {reverted} to revert: at most {MOST_STATEMENTS} of each \
             are possible"
        );
        return Err(Refusal::Malformed(text));
    }
    check_size("a changeset", bytes, LARGEST_CHANGESET)
}

fn check_size(what: &str, bytes: usize, most: usize) -> Result<(), Refusal> {
    if bytes <= most {
        return Ok(());
    }
    Err(Refusal::Malformed(format!("{what} has {bytes} bytes: at most {most} are allowed")))
}

/// Reads the object `changeset`. Its four fields are those of an update without details.
fn fields(body: &Map<String, Value>) -> Result<ChangesetUpdate, Refusal> {
    let changeset = object(body.get("changeset").ok_or_else(|| missing("changeset"))?, "changeset")?;
    if let Some(name) = changeset.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(Refusal::Malformed(format!("Changeset has invalid field '{name}'.")));
    }
    let review_version = match changeset.get("review_version_id") {
        None => None,
        Some(Value::Null) => Some(None),
        Some(id) => Some(Some(number(id, "review_version_id")?)),
    };
    let schema = changeset.get("database_schema_id");
    Ok(ChangesetUpdate {
        database_schema: schema.map(|id| number(id, "database_schema_id")).transpose()?,
        kind: choice(changeset, "type")?,
        classification: choice(changeset, "classification")?,
        review_version,
        ..ChangesetUpdate::default()
    })
}

fn details(body: &Map<String, Value>) -> Result<Vec<DetailChange>, Refusal> {
    array(body, "changeset_details")?.iter().map(DetailChange::read).collect()
}

/// Reads one of the values of an enumeration.
fn choice<T: serde::de::DeserializeOwned>(
    changeset: &Map<String, Value>,
    name: &str,
) -> Result<Option<T>, Refusal> {
    let Some(value) = changeset.get(name) else { return Ok(None) };
    let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let invalid = |_| Refusal::Malformed(format!("Changeset has invalid {name} '{shown}'."));
    serde_json::from_value(value.clone()).map(Some).map_err(invalid)
}

fn object<'a>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>, Refusal> {
    value.as_object().ok_or_else(|| Refusal::Malformed(format!("{what} is not a JSON object")))
}

fn array<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a Vec<Value>, Refusal> {
    let value = body.get(name).ok_or_else(|| missing(name))?;
    value.as_array().ok_or_else(|| Refusal::Malformed(format!("{name} is not a JSON array")))
}

/// Reads an id: a number, or one in a string.
fn number(value: &Value, name: &str) -> Result<u64, Refusal> {
    let number = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    number.ok_or_else(|| Refusal::Malformed(format!("invalid {name} {value}: a number is expected")))
}

/// Returns the documented refusal of a body without a key: the quoted key.
fn missing(name: &str) -> Refusal {
    Refusal::Malformed(format!("'{name}'"))
}

#[cfg(test)]
mod tests;
