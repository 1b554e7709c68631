//! Pure. Whether one type of a column can store every value of another.

use crate::lint::model::DataType;

/// What a type stores.
enum Kind {
    /// Digits before and after the point, and whether negative numbers are possible.
    Exact {
        whole: u64,
        fraction: u64,
        is_signed: bool,
    },
    /// Bits of the significand.
    Float(u64),
    /// Bytes, assuming 4 bytes per character.
    Text(u64),
    Bytes(u64),
    /// Its range (more is larger), and the digits of fractions of a second.
    Date {
        range: u8,
        fraction: u64,
    },
    Members,
    Other,
}

/// Whether `new` can store every value of `old`.
pub(super) fn holds(new: &DataType, old: &DataType) -> bool {
    if let (Some(new_maximum), Some(old_maximum)) = (new.integer_maximum(), old.integer_maximum()) {
        return new_maximum >= old_maximum && (old.is_unsigned || !new.is_unsigned);
    }
    match (kind(new), kind(old)) {
        (
            Kind::Exact { whole, fraction, is_signed },
            Kind::Exact { whole: old_whole, fraction: old_fraction, is_signed: was_signed },
        ) => whole >= old_whole && fraction >= old_fraction && (is_signed || !was_signed),
        (Kind::Float(bits), Kind::Float(old_bits)) => bits >= old_bits,
        // A double stores 15 decimal digits exactly, a float 6; fractions are never exact.
        (Kind::Float(bits), Kind::Exact { whole, fraction: 0, .. }) => {
            whole <= if bits > 24 { 15 } else { 6 }
        }
        (Kind::Text(bytes) | Kind::Bytes(bytes), Kind::Text(old_bytes))
        | (Kind::Bytes(bytes), Kind::Bytes(old_bytes)) => bytes >= old_bytes,
        (Kind::Text(bytes), Kind::Exact { whole, fraction, .. }) => bytes / 4 >= whole + fraction + 2,
        (Kind::Text(bytes), Kind::Float(_) | Kind::Date { .. }) => bytes / 4 >= 26,
        (Kind::Text(bytes), Kind::Members) => {
            let longest = match old.base.as_str() {
                "set" => old.arguments.iter().map(|member| member.chars().count() + 1).sum(),
                _ => old.arguments.iter().map(|member| member.chars().count()).max().unwrap_or(0),
            };
            bytes / 4 >= longest as u64
        }
        (Kind::Date { range, fraction }, Kind::Date { range: old_range, fraction: old_fraction }) => {
            range >= old_range && fraction >= old_fraction
        }
        (Kind::Members, Kind::Members) => {
            new.base == old.base && old.arguments.iter().all(|member| new.arguments.contains(member))
        }
        (Kind::Other, Kind::Other) => new.base == old.base && new.length() >= old.length(),
        _ => false,
    }
}

fn kind(data_type: &DataType) -> Kind {
    let length = |default: u64| data_type.length().unwrap_or(default);
    let is_signed = !data_type.is_unsigned;
    match data_type.base.as_str() {
        "decimal" => {
            let fraction = data_type.arguments.get(1).and_then(|scale| scale.parse().ok()).unwrap_or(0);
            Kind::Exact { whole: length(10).saturating_sub(fraction), fraction, is_signed }
        }
        "year" => Kind::Exact { whole: 4, fraction: 0, is_signed: false },
        "float" => Kind::Float(24),
        "double" => Kind::Float(53),
        "char" => Kind::Text(length(1) * 4),
        "varchar" => Kind::Text(length(0) * 4),
        "tinytext" => Kind::Text(255),
        "text" => Kind::Text(65_535),
        "mediumtext" => Kind::Text(16_777_215),
        "longtext" => Kind::Text(4_294_967_295),
        "binary" => Kind::Bytes(length(1)),
        "varbinary" => Kind::Bytes(length(0)),
        "tinyblob" => Kind::Bytes(255),
        "blob" => Kind::Bytes(65_535),
        "mediumblob" => Kind::Bytes(16_777_215),
        "longblob" => Kind::Bytes(4_294_967_295),
        "date" => Kind::Date { range: 1, fraction: 0 },
        "timestamp" => Kind::Date { range: 0, fraction: length(0) },
        "datetime" => Kind::Date { range: 2, fraction: length(0) },
        "enum" | "set" => Kind::Members,
        _ => match data_type.integer_maximum() {
            Some(maximum) => Kind::Exact { whole: u64::from(maximum.ilog10()) + 1, fraction: 0, is_signed },
            None => Kind::Other,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::lexeme::lexemes;
    use crate::lint::read::{self, Statement};

    fn data_type(text: &str) -> DataType {
        let lexemes = lexemes(&format!("CREATE TABLE t (c {text})")).unwrap();
        let Statement::CreateTable(create) = read::statement(&lexemes) else { panic!("{text}") };
        create.definition.columns[0].data_type.clone()
    }

    #[test]
    fn types_hold_values_of_smaller_types() {
        for (old, new) in [
            ("INT", "BIGINT"),
            ("INT UNSIGNED", "BIGINT"),
            ("INT", "INT(11)"),
            ("INT", "DECIMAL(12,2)"),
            ("SMALLINT", "FLOAT"),
            ("INT", "VARCHAR(20)"),
            ("VARCHAR(50)", "VARCHAR(60)"),
            ("VARCHAR(100)", "TEXT"),
            ("TEXT", "MEDIUMTEXT"),
            ("VARBINARY(16)", "BLOB"),
            ("DECIMAL(10,2)", "DECIMAL(12,2)"),
            ("FLOAT", "DOUBLE"),
            ("DATE", "DATETIME"),
            ("TIMESTAMP", "DATETIME(6)"),
            ("ENUM('a','b')", "ENUM('a','b','c')"),
            ("ENUM('a','bb')", "VARCHAR(2)"),
            ("SET('a')", "SET('a','b')"),
            ("BIT(1)", "BIT(8)"),
            ("TINYINT(1)", "BOOLEAN"),
        ] {
            assert!(holds(&data_type(new), &data_type(old)), "{old} to {new}");
        }
    }

    #[test]
    fn types_do_not_hold_values_of_larger_or_other_types() {
        for (old, new) in [
            ("BIGINT", "INT"),
            ("INT", "INT UNSIGNED"),
            ("INT UNSIGNED", "INT"),
            ("INT", "VARCHAR(5)"),
            ("INT", "FLOAT"),
            ("VARCHAR(50)", "VARCHAR(20)"),
            ("VARCHAR(255)", "TINYTEXT"),
            ("TEXT", "VARCHAR(255)"),
            ("LONGTEXT", "TEXT"),
            ("DECIMAL(12,2)", "DECIMAL(10,2)"),
            ("DECIMAL(12,4)", "DECIMAL(12,2)"),
            ("DECIMAL(10,2)", "INT"),
            ("DOUBLE", "FLOAT"),
            ("DOUBLE", "DECIMAL(10,2)"),
            ("DATETIME", "DATE"),
            ("DATETIME", "TIMESTAMP"),
            ("DATETIME(6)", "DATETIME"),
            ("VARCHAR(10)", "INT"),
            ("ENUM('a','b')", "ENUM('a')"),
            ("JSON", "VARCHAR(100)"),
            ("BIT(8)", "BIT(1)"),
        ] {
            assert!(!holds(&data_type(new), &data_type(old)), "{old} to {new}");
        }
    }
}
