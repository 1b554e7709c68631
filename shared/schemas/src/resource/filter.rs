//! Pure. The filters of a list, from its query.

use crate::record::Name;
use crate::resource::declaration::{Filtering, Resource};
use crate::resource::declared::resource;
use crate::resource::field::{Field, FieldKind};
use crate::resource::lookup::{Lookup, Test};

/// The error of a value that cannot be compared with its field.
pub const MISMATCH: &str = "Invalid resource lookup data provided (mismatched type).";

/// A filter of a list.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The links to follow, from the listed resource on.
    pub links: Vec<Link>,
    /// The name of the attribute of the last row.
    pub attribute: &'static str,
    /// What the attribute holds.
    pub kind: FieldKind,
    /// The comparison.
    pub test: Test,
}

/// A link that a filter follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The name of the attribute.
    pub attribute: &'static str,
    /// The linked resource.
    pub target: Name,
}

/// Returns the filters of a query, which apply together. Parameters that are not fields of the resource are ignored.
/// Fails with the documented text.
pub fn filters(listed: &Resource, pairs: &[(String, String)]) -> Result<Vec<Filter>, String> {
    let mut filters = Vec::new();
    for (position, (name, _)) in pairs.iter().enumerate() {
        if pairs[..position].iter().any(|(earlier, _)| earlier == name) {
            continue;
        }
        let mut parts: Vec<&str> = name.split("__").collect();
        if listed.field(parts[0]).is_none() {
            continue;
        }
        let lookup = split_lookup(&mut parts);
        let path = path(listed, &parts)?;
        let values = values(pairs, name, lookup);
        filters.push(filter(listed, &path, lookup, &values)?);
    }
    Ok(filters)
}

/// Removes the lookup from the end of the parts of a name. `exact` if there is none.
fn split_lookup(parts: &mut Vec<&str>) -> Lookup {
    let last = parts.last().filter(|_| parts.len() > 1).and_then(|last| Lookup::parse(last));
    if last.is_some() {
        parts.pop();
    }
    last.unwrap_or(Lookup::Exact)
}

/// Returns the fields that a filter names, each of the resource that the one before it links to.
fn path(listed: &Resource, parts: &[&str]) -> Result<Vec<&'static Field>, String> {
    let mut current = listed;
    let mut path: Vec<&'static Field> = Vec::new();
    for (position, part) in parts.iter().enumerate() {
        let not_allowed = || format!("The '{part}' field does not allow filtering.");
        let filtering = current.filtering(part).ok_or_else(not_allowed)?;
        let field = current.field(part).ok_or_else(not_allowed)?;
        path.push(field);
        if position + 1 < parts.len() {
            let target = field.target();
            let target = target.ok_or_else(|| format!("The '{part}' field does not support relations."))?;
            if filtering != Filtering::AllWithRelations {
                return Err(format!(
                    "Lookups are not allowed more than one level deep on the '{part}' field."
                ));
            }
            current = resource(target);
        }
    }
    Ok(path)
}

/// Returns the values of a parameter: all of them for lookups that take many, else the last one.
fn values(pairs: &[(String, String)], name: &str, lookup: Lookup) -> Vec<String> {
    let mut all = pairs.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str());
    if lookup.takes_many() {
        return all.flat_map(|value| value.split(',')).map(str::to_owned).collect();
    }
    all.next_back().map(str::to_owned).into_iter().collect()
}

fn filter(
    listed: &Resource,
    path: &[&'static Field],
    lookup: Lookup,
    values: &[String],
) -> Result<Filter, String> {
    let mismatch = |_| MISMATCH.to_owned();
    let mut links: Vec<Link> = Vec::new();
    for field in path {
        if let Some(target) = field.target() {
            links.push(Link { attribute: field.name, target });
        }
    }
    if let Some((first, second)) = listed.shortcut
        && let [one, other, ..] = links[..]
        && (one.attribute, other.attribute) == (first, second)
    {
        links.remove(0);
    }
    let Some(last) = path.last() else { return Err(MISMATCH.to_owned()) };
    // The id of a linked row is the link itself, and is compared like a number.
    let names_id = last.name == "id" && !links.is_empty();
    if names_id || last.target().is_some() {
        let kind = if names_id { FieldKind::Integer } else { last.kind };
        let test = lookup.test(kind, values).map_err(mismatch)?;
        let link = links.pop().ok_or_else(|| MISMATCH.to_owned())?;
        return Ok(Filter { links, attribute: link.attribute, kind, test });
    }
    let test = lookup.test(last.kind, values).map_err(mismatch)?;
    Ok(Filter { links, attribute: last.name, kind: last.kind, test })
}

/// Fails with the documented text if the query asks for an order, which no resource supports.
pub fn check_order(listed: &Resource, pairs: &[(String, String)]) -> Result<(), String> {
    let order = |name: &str| pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    let Some(order) = order("order_by").or_else(|| order("sort_by")) else { return Ok(()) };
    let first = order.split("__").next().unwrap_or_default();
    let field = first.strip_prefix('-').unwrap_or(first);
    Err(match listed.field(field) {
        None => format!("No matching '{field}' field for ordering on."),
        Some(_) => format!("The '{field}' field does not allow ordering."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: Name, query: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let pairs: Vec<_> =
            query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let printed = |filter: Filter| {
            let links: Vec<_> = filter.links.iter().map(|link| link.attribute).collect();
            format!("{}|{}|{:?}", links.join("."), filter.attribute, filter.test.ids())
        };
        filters(resource(name), &pairs).map(|filters| filters.into_iter().map(printed).collect())
    }

    #[test]
    fn filters_follow_links_as_far_as_the_resources_allow() {
        for (name, query, expected) in [
            (Name::Role, ("foo", "bar"), Ok(vec![])),
            (Name::Role, ("limit", "1"), Ok(vec![])),
            (Name::Role, ("name", "dba"), Err("The 'name' field does not allow filtering.")),
            (Name::Role, ("name__foo", "x"), Err("The 'name' field does not allow filtering.")),
            (Name::DatabaseSchema, ("name__foo", "x"), Err("The 'name' field does not support relations.")),
            (Name::DatabaseSchema, ("id", "abc"), Err(MISMATCH)),
            (Name::DatabaseSchema, ("id__in", "1,2"), Ok(vec!["|id|Some([1, 2])"])),
            (Name::SchemaVersion, ("database_schema", "6"), Ok(vec!["|database_schema|Some([6])"])),
            (Name::SchemaVersion, ("database_schema__id", "6"), Ok(vec!["|database_schema|Some([6])"])),
            (Name::SchemaVersion, ("database_schema__name", "x"), Ok(vec!["database_schema|name|None"])),
            (
                Name::SchemaVersion,
                ("database_schema__created_at", "x"),
                Err("The 'created_at' field does not allow filtering."),
            ),
            (Name::SchemaVersion, ("checksum", "x"), Err("The 'checksum' field does not allow filtering.")),
            (
                Name::ChangesetDetail,
                ("changeset__review_status", "needs"),
                Ok(vec!["changeset|review_status|None"]),
            ),
            (
                Name::ChangesetDetail,
                ("apply_sql", "x"),
                Err("The 'apply_sql' field does not allow filtering."),
            ),
            (
                Name::ChangesetDetailApply,
                ("changeset_detail__changeset__id", "11"),
                Ok(vec!["|changeset|Some([11])"]),
            ),
            (
                Name::ChangesetTest,
                ("changeset_detail__changeset__review_status", "needs"),
                Ok(vec!["changeset|review_status|None"]),
            ),
            (
                Name::ChangesetTest,
                ("changeset_detail__id__in", "1,2"),
                Ok(vec!["|changeset_detail|Some([1, 2])"]),
            ),
            (
                Name::Event,
                ("user__name", "x"),
                Err("Lookups are not allowed more than one level deep on the 'user' field."),
            ),
            (Name::Server, ("environment", "1"), Err("The 'environment' field does not allow filtering.")),
            (Name::Changeset, ("database_schema__id", "1"), Ok(vec!["|database_schema|Some([1])"])),
        ] {
            let expected: Result<Vec<String>, String> =
                expected.map(|all| all.into_iter().map(str::to_owned).collect()).map_err(str::to_owned);
            assert_eq!(read(name, &[query]), expected, "{name} {query:?}");
        }
    }

    #[test]
    fn a_repeated_parameter_counts_once_and_many_values_are_joined() {
        let query = [("id__in", "1,2"), ("id__in", "3"), ("id", "4"), ("id", "5")];
        let expected = ["|id|Some([1, 2, 3])", "|id|Some([5])"];
        assert_eq!(read(Name::DatabaseSchema, &query).expect("filters"), expected);
    }

    #[test]
    fn no_field_allows_ordering() {
        for (value, expected) in [
            ("name", "The 'name' field does not allow ordering."),
            ("-name", "The 'name' field does not allow ordering."),
            ("x", "No matching 'x' field for ordering on."),
        ] {
            let pairs = [("order_by".to_owned(), value.to_owned())];
            assert_eq!(check_order(resource(Name::Role), &pairs), Err(expected.to_owned()));
        }
        assert_eq!(check_order(resource(Name::Role), &[]), Ok(()));
    }
}
