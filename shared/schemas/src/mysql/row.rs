//! Rows of catalog queries, as text.

use mysql_async::Value;

use super::failure::Failure;

/// A row of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(Vec<Option<String>>);

impl Row {
    pub(super) fn new(row: mysql_async::Row) -> Self {
        Self(row.unwrap_raw().into_iter().map(|value| value.and_then(text)).collect())
    }

    /// Returns the value of a column, by its index. Fails if it is NULL or there is no such column.
    pub fn text(&self, column: usize) -> Result<&str, Failure> {
        self.optional(column).ok_or_else(|| Failure::Row(format!("column {column} is NULL or missing")))
    }

    /// Returns the value of a column, by its index. `None` if it is NULL or there is no such column.
    pub fn optional(&self, column: usize) -> Option<&str> {
        self.0.get(column)?.as_deref()
    }

    /// Returns the value of a column as a number, by its index. Fails if it is none.
    pub fn number(&self, column: usize) -> Result<u64, Failure> {
        let text = self.text(column)?;
        text.parse().map_err(|_| Failure::Row(format!("column {column}: '{text}' is not a number")))
    }
}

/// Returns the text of a value. `None` for NULL.
fn text(value: Value) -> Option<String> {
    match value {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(
            String::from_utf8(bytes)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
        ),
        Value::Int(number) => Some(number.to_string()),
        Value::UInt(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Double(number) => Some(number.to_string()),
        Value::Date(year, month, day, hour, minute, second, micros) => {
            let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
            Some(format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{fraction}"))
        }
        Value::Time(negative, days, hours, minutes, seconds, _) => {
            let sign = if negative { "-" } else { "" };
            Some(format!("{sign}{:02}:{minutes:02}:{seconds:02}", days * 24 + u32::from(hours)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_both_protocols_are_text() {
        for (value, shown) in [
            (Value::NULL, None),
            (Value::Bytes("é".into()), Some("é")),
            (Value::Bytes(vec![b'a', 0xFF]), Some("a\u{fffd}")),
            (Value::Int(-1), Some("-1")),
            (Value::UInt(7), Some("7")),
            (Value::Date(2026, 1, 2, 3, 4, 5, 0), Some("2026-01-02 03:04:05")),
            (Value::Date(2026, 1, 2, 3, 4, 5, 60), Some("2026-01-02 03:04:05.000060")),
            (Value::Time(true, 1, 2, 3, 4, 0), Some("-26:03:04")),
        ] {
            assert_eq!(text(value).as_deref(), shown);
        }
    }

    #[test]
    fn missing_values_and_wrong_numbers_are_failures() {
        let row = Row(vec![Some("12".to_owned()), None, Some("x".to_owned())]);
        assert_eq!(row.number(0).ok(), Some(12));
        assert_eq!(row.optional(1), None);
        for failure in [row.text(1).err(), row.text(9).err(), row.number(2).err()] {
            assert!(matches!(failure, Some(Failure::Row(_))), "{failure:?}");
        }
    }
}
