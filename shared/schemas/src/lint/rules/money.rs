//! Pure. Amounts of money in floating point.

use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `price DOUBLE` and `totalAmount FLOAT`: binary floating point cannot store most decimal fractions exactly.
/// Other floating-point columns, such as `latitude DOUBLE`, are fine.
pub(super) const RULE: Rule = Rule {
    id: RuleId(13),
    key: "float-money",
    name: "floating-point money",
    description: "a FLOAT or DOUBLE column that is named like an amount of money",
    severity: Severity::Warning,
    check,
};

const MONEY: [&str; 32] = [
    "amount",
    "balance",
    "bonus",
    "budget",
    "cash",
    "charge",
    "commission",
    "cost",
    "credit",
    "debit",
    "deposit",
    "discount",
    "dollar",
    "due",
    "earning",
    "eur",
    "euro",
    "expense",
    "fee",
    "income",
    "money",
    "paid",
    "payment",
    "price",
    "profit",
    "refund",
    "revenue",
    "salary",
    "subtotal",
    "tax",
    "total",
    "usd",
];

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    for column in subject.columns() {
        let (name, data_type) = (&column.name, &column.data_type);
        if matches!(data_type.base.as_str(), "float" | "double") && names_money(&name.text) {
            notes.add(
                name.line,
                format!("column {name} is {data_type}, which is inexact: use DECIMAL for money"),
            );
        }
    }
}

/// Whether one of the words of a name, in `snake_case` or `camelCase`, is about money.
fn names_money(name: &str) -> bool {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for character in name.chars() {
        if !character.is_alphabetic() || (character.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        was_lower = character.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| character.is_alphabetic()) {
            word.extend(character.to_lowercase());
        }
    }
    // A rate of a tax or a discount is a ratio.
    let is_ratio = words.iter().any(|word| matches!(word.as_str(), "rate" | "ratio" | "percent" | "pct"));
    let is_money =
        |word: &String| MONEY.contains(&word.as_str()) || MONEY.contains(&word.trim_end_matches('s'));
    !is_ratio && words.iter().any(is_money)
}
