//! Pure. Sizes in bytes as the reports show them.

use std::iter::Sum;

use serde::{Serialize, Serializer};

/// Below this many of a unit, a size is given in that unit.
const UNIT_LIMIT: i64 = 10 * 1024;

/// A size as `pg_size_pretty` writes it: a whole number of the first unit in which it is below 10,240, rounded half up.
pub fn pretty(bytes: i64) -> String {
    if bytes < UNIT_LIMIT {
        return format!("{bytes} bytes");
    }
    // Half units, so that the last bit tells how to round. As in the server, what is shifted out before does not count.
    let mut halves = bytes >> 9;
    let mut units = ["kB", "MB", "GB", "TB", "PB"].into_iter().peekable();
    loop {
        let unit = units.next().unwrap_or("PB");
        if halves < 2 * UNIT_LIMIT - 1 || units.peek().is_none() {
            return format!("{} {unit}", (halves + 1) / 2);
        }
        halves >>= 10;
    }
}

/// A whole number that the documented API shows with a fraction, `16384.0`: PostgreSQL's `numeric`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Numeric(pub i64);

impl Numeric {
    /// The number as `pg_size_pretty` writes it.
    pub fn pretty(self) -> String {
        pretty(self.0)
    }
}

impl Sum for Numeric {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        Self(numbers.map(|number| number.0).sum())
    }
}

impl Serialize for Numeric {
    #[expect(clippy::cast_precision_loss, reason = "sizes below 8 PB are exact")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_written_as_the_server_writes_them() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1, "1 bytes"),
            (8192, "8192 bytes"),
            (10_239, "10239 bytes"),
            (10_240, "10 kB"),
            (10_751, "10 kB"),
            (10_752, "11 kB"),
            (7_788_007, "7605 kB"),
            (10_485_247, "10239 kB"),
            (10_485_248, "10 MB"),
            (10_736_893_951, "10239 MB"),
            (10_736_893_952, "10 GB"),
            (10_994_579_406_847, "10239 GB"),
            (10_994_579_406_848, "10 TB"),
            (11_258_449_312_612_352, "10 PB"),
            (i64::MAX, "8192 PB"),
        ] {
            assert_eq!(pretty(bytes), text, "{bytes}");
        }
    }

    #[test]
    fn a_numeric_has_a_fraction() {
        assert_eq!(
            serde_json::to_string(&[Numeric(0), Numeric(7_788_007)]).expect("JSON"),
            "[0.0,7788007.0]"
        );
    }

    proptest! {
        #[test]
        fn a_size_is_off_by_half_a_unit_at_most(bytes in 0_i64..1 << 53) {
            let text = pretty(bytes);
            let (number, unit) = text.split_once(' ').expect("a number and a unit");
            let number: i64 = number.parse().expect("a number");
            let power = ["bytes", "kB", "MB", "GB", "TB"].iter().position(|name| *name == unit).expect("a unit");
            let unit = 1024_i64.pow(u32::try_from(power).expect("small"));
            prop_assert!((number * unit - bytes).abs() <= unit / 2 + unit / 1024, "{text}");
            prop_assert!(number <= UNIT_LIMIT);
        }
    }
}
