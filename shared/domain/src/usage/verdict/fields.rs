//! Pure. Validation of the fields of exists records, independent of the ledger.

use super::reason::Reason;
use super::{FlavorField, Level};
use crate::notification::payload::is_import;
use crate::usage::exists::{ImageExists, InstanceExists};

/// Validates the exists record of an instance.
///
/// `Basic` requires a tenant, which must be hexadecimal, and a flavor. `All` also requires options, which must be an
/// integer, an architecture and, unless the image was imported, a distribution and a version. Unlike the original, it
/// accepts the underscore of the architecture `x86_64`.
pub fn instance(exists: &InstanceExists, level: Level, flavor: FlavorField) -> Result<(), Reason> {
    match level {
        Level::None => Ok(()),
        Level::Basic => basic(exists, flavor),
        Level::All => basic(exists, flavor).and_then(|()| optional(exists)),
    }
}

/// Validates the exists record of an image: requires a hexadecimal owner, and a UUID with dashes.
pub fn image(exists: &ImageExists) -> Result<(), Reason> {
    let check = Check { exists: exists.id };
    let owner = check.present("owner", exists.owner.as_deref())?;
    check.is("uuid", &exists.uuid, "a UUID with dashes", is_dashed_uuid)?;
    check.is("owner", owner, "hexadecimal", is_hexadecimal)
}

/// Returns the name and value of the configured flavor field.
pub(super) fn flavor<'a>(
    field: FlavorField,
    instance_type_id: Option<&'a String>,
    instance_flavor_id: Option<&'a String>,
) -> (&'static str, Option<&'a str>) {
    match field {
        FlavorField::InstanceTypeId => ("instance_type_id", instance_type_id.map(String::as_str)),
        FlavorField::InstanceFlavorId => ("instance_flavor_id", instance_flavor_id.map(String::as_str)),
    }
}

fn basic(exists: &InstanceExists, field: FlavorField) -> Result<(), Reason> {
    let check = Check { exists: exists.id };
    let tenant = check.present("tenant", exists.tenant.as_deref())?;
    let (name, value) = flavor(field, exists.instance_type_id.as_ref(), exists.instance_flavor_id.as_ref());
    check.present(name, value)?;
    check.is("tenant", tenant, "hexadecimal", is_hexadecimal)
}

fn optional(exists: &InstanceExists) -> Result<(), Reason> {
    let check = Check { exists: exists.id };
    let image = &exists.image;
    let mut words = vec![("os_architecture", image.os_architecture.as_str())];
    if !is_import(exists.image_type) {
        words.extend([("os_distro", image.os_distro.as_str()), ("os_version", image.os_version.as_str())]);
    }
    let options = check.present("rax_options", Some(&image.rax_options))?;
    for (name, value) in &words {
        check.present(name, Some(value))?;
    }
    check.is("rax_options", options, "an integer", is_integer)?;
    words
        .iter()
        .try_for_each(|(name, value)| check.is(name, value, "letters, digits, '.', '_' and '-'", is_word))
}

/// Validates fields of one exists record, which the reasons name.
struct Check {
    exists: u64,
}

impl Check {
    fn present<'a>(&self, field: &'static str, value: Option<&'a str>) -> Result<&'a str, Reason> {
        value.filter(|value| !value.is_empty()).ok_or(Reason::Empty { field, exists: self.exists })
    }

    fn is(
        &self,
        field: &'static str,
        value: &str,
        expected: &'static str,
        rule: fn(&str) -> bool,
    ) -> Result<(), Reason> {
        if rule(value) {
            return Ok(());
        }
        Err(Reason::Invalid { field, exists: self.exists, expected, value: value.to_owned() })
    }
}

fn is_hexadecimal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_integer(text: &str) -> bool {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn is_dashed_uuid(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(|part| is_hexadecimal(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_accepts_and_rejects_its_examples() {
        type Rule = fn(&str) -> bool;
        let rules: [(Rule, &[&str], &[&str]); 4] = [
            (is_hexadecimal, &["5853600", "DEADbeef", "0"], &["", "0x1", "12-34", "g", "１"]),
            (is_integer, &["0", "-4", " 12 ", "+1"], &["", "-", "1.0", "one", "1 2"]),
            (is_word, &["x64", "x86_64", "org.centos", "6.4-rc1"], &["", "a b", "ä", "a/b", "a\n"]),
            (
                is_dashed_uuid,
                &["1818e811-892f-402b-923f-0824128b2f33", "1818E811-892F-402B-923F-0824128B2F33"],
                &[
                    "",
                    "1818e811892f402b923f0824128b2f33",
                    "1818e811-892f-402b-923f-0824128b2f3",
                    "x818e811-892f-402b-923f-0824128b2f33",
                ],
            ),
        ];
        for (index, (rule, valid, invalid)) in rules.into_iter().enumerate() {
            assert!(valid.iter().all(|text| rule(text)), "rule {index}: {valid:?}");
            assert!(!invalid.iter().any(|text| rule(text)), "rule {index}: {invalid:?}");
        }
    }
}
