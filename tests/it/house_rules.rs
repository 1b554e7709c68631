//! Rules of the code that need a test. Clippy checks the others: see `clippy.toml` and the workspace's lints.

mod diagram;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Names of files and folders that say nothing about their contents.
const BANNED_NAMES: [&str; 10] =
    ["util", "utils", "common", "helper", "helpers", "misc", "manager", "core", "base", "types"];

/// Crates that talk to other databases, or parse their SQL.
const DRIVERS: [&str; 5] = ["tokio-postgres", "mysql_async", "mysql_common", "sqlx", "sqlparser"];

/// The crates that may depend on a driver.
const DRIVER_CRATES: [&str; 2] = ["shared/maintenance/", "shared/schemas/"];

/// Statuses that a handler may choose; the others belong into a function's `error.rs`.
const SUCCESS_STATUSES: [&str; 9] = [
    "OK",
    "CREATED",
    "ACCEPTED",
    "NO_CONTENT",
    "MOVED_PERMANENTLY",
    "FOUND",
    "SEE_OTHER",
    "NOT_MODIFIED",
    "TEMPORARY_REDIRECT",
];

/// A file of the repository.
struct File {
    /// Relative to the root directory.
    path: String,
    text: String,
}

impl File {
    /// Returns the lines of the code itself: without tests and comments.
    fn code(&self) -> impl Iterator<Item = &str> {
        let end = if self.is_test() { 0 } else { usize::MAX };
        let lines = self.text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).take(end);
        lines.filter(|line| !line.trim_start().starts_with("//"))
    }

    fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the repository").to_owned()
}

/// Returns the files below `directory` whose names have one of these endings, except those that `.gitignore` names.
fn files(directory: &str, endings: &[&str]) -> Vec<File> {
    let ignored = fs::read_to_string(root().join(".gitignore")).expect(".gitignore is readable");
    let ignored: Vec<&str> = ignored.lines().map(|line| line.trim_matches('/')).chain([".git"]).collect();
    let mut files = Vec::new();
    let mut open = vec![root().join(directory)];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).expect("the directory is readable") {
            let path = entry.expect("the directory is readable").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("names are UTF-8");
            if ignored.contains(&name) {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let relative = path.strip_prefix(root()).expect("the path is below the root");
                let text = fs::read_to_string(&path).expect("sources are UTF-8");
                files.push(File { path: relative.to_str().expect("paths are UTF-8").to_owned(), text });
            }
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(!files.is_empty(), "no {endings:?} in {directory:?}");
    files
}

fn sources() -> Vec<File> {
    files("", &[".rs"])
}

/// Returns the layers of `domain` in the table of its `lib.rs`: the modules of each, lowest layer first.
fn layers() -> Vec<Vec<String>> {
    let source = fs::read_to_string(root().join("shared/domain/src/lib.rs")).expect("domain has a lib.rs");
    let rows = source.lines().filter_map(|line| line.strip_prefix("//! | ")).skip(1);
    let modules = rows.map(|row| row.split('`').skip(1).step_by(2).map(str::to_owned).collect());
    modules.collect()
}

/// Returns the modules of `domain` that belong to a group, from `access` upwards.
fn groups() -> Vec<String> {
    layers().into_iter().skip_while(|layer| !layer.contains(&"access".to_owned())).flatten().collect()
}

/// Whether `text` contains `word` as a whole word.
fn has_word(text: &str, word: &str) -> bool {
    let part_of_word = |character: Option<char>| character.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word).any(|(start, _)| {
        !part_of_word(text[..start].chars().next_back())
            && !part_of_word(text[start + word.len()..].chars().next())
    })
}

/// Fails with the rule and its violations, if there are any.
fn assert_none(rule: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{rule}:\n  {}", violations.join("\n  "));
}

/// Returns the lines of code for which `is_violation` holds.
fn violations<'a>(
    files: impl IntoIterator<Item = &'a File>,
    is_violation: impl Fn(&str) -> bool,
) -> Vec<String> {
    let lines = files.into_iter().flat_map(|file| file.code().map(move |line| (file, line)));
    lines
        .filter(|(_, line)| is_violation(line))
        .map(|(file, line)| format!("{}: {}", file.path, line.trim()))
        .collect()
}

/// Returns the names in a manifest's `[dependencies]`.
fn dependencies(manifest: &str) -> Vec<String> {
    let section = manifest.split("[dependencies]").nth(1).unwrap_or_default();
    let lines = section.lines().skip(1).take_while(|line| !line.starts_with('['));
    lines
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_module_of_domain_is_in_one_layer() {
    let listed: BTreeSet<String> = layers().into_iter().flatten().collect();
    let modules: BTreeSet<String> = files("shared/domain/src", &[".rs"])
        .iter()
        .filter_map(|file| file.path.strip_prefix("shared/domain/src/"))
        .filter_map(|path| path.split('/').next())
        .map(|name| name.trim_end_matches(".rs").to_owned())
        .filter(|name| name != "lib")
        .collect();
    assert_eq!(listed, modules);
}

#[test]
fn files_and_folders_have_specific_names() {
    let unspecific: Vec<String> = sources()
        .iter()
        .filter(|file| {
            let mut parts = file.path.trim_end_matches(".rs").split('/');
            parts.any(|part| BANNED_NAMES.contains(&part))
        })
        .map(|file| file.path.clone())
        .collect();
    assert_none("a file or folder must be named after its contents", &unspecific);
}

/// Returns the paths that a file imports from its crate: `a::B` and `a::c::D` for `crate::a::{B, c::D}`.
fn imports(file: &File) -> Vec<String> {
    let code = file.code().collect::<Vec<_>>().join("\n");
    let import = |rest: &str| {
        let path: String = rest.chars().take_while(|c| c.is_alphanumeric() || "_:".contains(*c)).collect();
        let Some(list) = rest[path.len()..].strip_prefix('{') else { return vec![path] };
        let names = list.split('}').next().unwrap_or_default().split(',').map(str::trim);
        names.filter(|name| !name.is_empty()).map(|name| format!("{path}{name}")).collect()
    };
    code.split("crate::").skip(1).flat_map(import).collect()
}

#[test]
fn modules_import_only_from_lower_layers() {
    let mut lower: BTreeSet<String> = BTreeSet::new();
    let mut upward = Vec::new();
    for layer in layers() {
        for module in &layer {
            let folder = format!("shared/domain/src/{module}/");
            let file = format!("shared/domain/src/{module}.rs");
            let sources = files("shared/domain/src", &[".rs"]);
            for source in sources.iter().filter(|s| s.path.starts_with(&folder) || s.path == file) {
                let imports = imports(source).into_iter().filter(|import| {
                    let other = import.split("::").next().unwrap_or_default();
                    other != module && !lower.contains(other)
                });
                upward.extend(imports.map(|import| format!("{}: {import}", source.path)));
            }
        }
        lower.extend(layer);
    }
    assert_none("a module may import only from lower layers", &upward);
}

/// Returns the files of `domain` by module path, such as `usage::verify::nova`.
fn modules() -> BTreeMap<String, File> {
    let path = |file: &File| {
        let path = file.path.strip_prefix("shared/domain/src/")?.trim_end_matches(".rs");
        Some(path.trim_end_matches("/mod").replace('/', "::"))
    };
    let sources = files("shared/domain/src", &[".rs"]).into_iter().filter(|file| !file.is_test());
    sources.filter_map(|file| Some((path(&file)?, file))).filter(|(path, _)| path != "lib").collect()
}

#[test]
fn imports_have_no_cycles() {
    let modules = modules();
    let imported = |import: &String| {
        let mut path = import.as_str();
        while !modules.contains_key(path) {
            path = path.rsplit_once("::")?.0;
        }
        Some(path.to_owned())
    };
    let mut open: BTreeMap<&String, BTreeSet<String>> = modules
        .iter()
        .map(|(path, file)| {
            let mut others: BTreeSet<_> = imports(file).iter().filter_map(imported).collect();
            others.remove(path);
            (path, others)
        })
        .collect();
    // Remove modules that import none of the remaining ones, until only cycles and their importers remain.
    loop {
        let left: BTreeSet<String> = open.keys().map(|path| (*path).clone()).collect();
        open.retain(|_, others| others.iter().any(|other| left.contains(other)));
        if open.len() == left.len() {
            break;
        }
    }
    let cycles: Vec<String> = open.into_keys().cloned().collect();
    assert_none("modules must not import each other in a cycle; these do, or import one that does", &cycles);
}

#[test]
fn edge_uses_no_group_but_access() {
    let groups = groups();
    let edge = files("shared/edge", &[".rs"]);
    let uses = violations(&edge, |line| {
        groups
            .iter()
            .filter(|group| *group != "access")
            .any(|group| line.contains(&format!("domain::{group}::")))
    });
    assert_none("edge may use no group but access", &uses);
}

#[test]
fn pure_files_have_no_side_effects() {
    let sources = sources();
    let pure: Vec<&File> = sources.iter().filter(|file| file.text.starts_with("//! Pure.")).collect();
    assert!(pure.len() > 5, "too few pure files: {}", pure.len());
    let effects = violations(pure, |line| {
        // A table of a database is a variant of several enums, and a word in texts.
        let code: String = line.split('"').step_by(2).collect();
        let line = code.replace("::Table(", "").replace("Kind::Table", "");
        if line.trim() == "Table," {
            return false;
        }
        ["async", "await", "Table", "Queue"].iter().any(|word| has_word(&line, word))
    });
    assert_none(
        "a file that starts with `//! Pure.` must not contain async, await, Table or Queue",
        &effects,
    );
}

#[test]
fn only_a_groups_store_uses_the_table() {
    let groups = groups();
    let sources = files("shared/domain/src", &[".rs"]);
    let use_cases = sources.iter().filter(|file| {
        let in_group =
            groups.iter().any(|group| file.path.starts_with(&format!("shared/domain/src/{group}/")));
        in_group && !["mod.rs", "store.rs"].contains(&file.name()) && !file.path.contains("/store/")
    });
    let uses = violations(use_cases, |line| has_word(line, "Table") || line.contains("self.table"));
    assert_none("a use case must access the table through its group's store", &uses);
}

#[test]
fn only_key_rs_builds_keys() {
    let sources = files("shared", &[".rs"]);
    let elsewhere = sources.iter().filter(|file| !["key.rs", "item.rs"].contains(&file.name()));
    let names_key = |line: &str| line.contains("\"pk\"") || line.contains("\"sk\"");
    let uses = violations(elsewhere, |line| names_key(line) && !line.contains("key::"));
    assert_none("keys must be built and read by key.rs", &uses);
}

#[test]
fn only_error_rs_chooses_error_statuses() {
    let sources = files("functions", &[".rs"]);
    let handlers = sources.iter().filter(|file| file.name() != "error.rs");
    let statuses = violations(handlers, |line| {
        let mut statuses = line.split("StatusCode::").skip(1);
        statuses.any(|rest| {
            let name = rest.split(|c: char| !(c.is_ascii_uppercase() || c == '_')).next().unwrap_or_default();
            let constructed = rest.starts_with("from_u16") || rest.starts_with("try_from");
            let is_compared = rest[name.len()..].trim_start().starts_with(['=', '|']);
            constructed || (!name.is_empty() && !SUCCESS_STATUSES.contains(&name) && !is_compared)
        })
    });
    assert_none("a status of 400 or more must be chosen in the function's error.rs", &statuses);
}

#[test]
fn functions_do_not_depend_on_functions_nor_domain_on_transport() {
    let manifests = files("functions", &["Cargo.toml"]);
    let package = |file: &File| {
        let name = file.text.lines().find_map(|line| line.strip_prefix("name = ")).unwrap_or_default();
        name.trim_matches('"').to_owned()
    };
    let functions: Vec<String> = manifests.iter().map(package).collect();
    for manifest in &manifests {
        let names = dependencies(&manifest.text);
        assert!(names.contains(&"domain".to_owned()), "{}: {names:?}", manifest.path);
        let forbidden: Vec<String> = names.into_iter().filter(|name| functions.contains(name)).collect();
        assert_none(&format!("{} must not depend on functions", manifest.path), &forbidden);
    }

    let transport = |name: &&String| {
        let exact = ["axum", "edge", "http", "http-body-util", "hyper", "aws_lambda_events", "tower"];
        exact.contains(&name.as_str()) || name.starts_with("lambda_")
    };
    let domain = fs::read_to_string(root().join("shared/domain/Cargo.toml")).expect("domain has a manifest");
    let names = dependencies(&domain);
    assert!(names.contains(&"aws-sdk-dynamodb".to_owned()), "{names:?}");
    let forbidden: Vec<String> = names.iter().filter(transport).cloned().collect();
    assert_none("domain must not depend on transport", &forbidden);
}

/// Whether a line of a manifest names a driver, or a crate of its family such as `sqlx-core`.
fn names_driver(line: &str) -> bool {
    let code = line.split('#').next().unwrap_or_default();
    let mut names = code.split(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c)));
    names.any(|name| {
        DRIVERS.iter().any(|driver| {
            name.strip_prefix(driver).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        })
    })
}

#[test]
fn driver_names_are_recognized_in_manifests() {
    for (line, expected) in [
        ("sqlx.workspace = true", true),
        ("[dependencies.tokio-postgres]", true),
        ("postgres = { package = \"tokio-postgres\", version = \"0.7\" }", true),
        ("sqlx-core = \"0.8\"", true),
        ("maintenance.workspace = true # brings tokio-postgres", false),
        ("sqlxyz = \"1\"", false),
    ] {
        assert_eq!(names_driver(line), expected, "{line}");
    }
}

#[test]
fn only_driver_crates_depend_on_drivers() {
    // The root manifest only sets versions; a crate depends on a driver by naming it itself.
    let manifests = files("", &["Cargo.toml"]).into_iter().filter(|file| file.path != "Cargo.toml");
    let others = manifests.filter(|file| !DRIVER_CRATES.iter().any(|folder| file.path.starts_with(folder)));
    let named: Vec<String> = others
        .flat_map(|file| {
            let lines = file.text.lines().filter(|line| names_driver(line));
            lines.map(|line| format!("{}: {line}", file.path)).collect::<Vec<_>>()
        })
        .collect();
    assert_none(&format!("only {DRIVER_CRATES:?} may depend on a driver"), &named);
}

#[test]
fn files_have_at_most_500_lines() {
    let sources = sources();
    let long = sources.iter().map(|file| (file, file.text.lines().count())).filter(|(_, lines)| *lines > 500);
    let long: Vec<String> = long.map(|(file, lines)| format!("{}: {lines}", file.path)).collect();
    assert_none("a file may have at most 500 lines", &long);
}

#[test]
fn files_contain_no_machine_specific_paths() {
    // Split in halves, so that this file does not contain them.
    let prefixes =
        [["/wo", "rk/"], ["/tm", "p/"], ["/ro", "ot/"], ["/ho", "me/"]].map(|halves| halves.concat());
    let texts =
        files("", &[".rs", ".toml", ".yaml", ".yml", ".md", ".py", ".sh", ".json", "Makefile", "run"]);
    let paths: Vec<String> = texts
        .iter()
        // Samples and documents contain URL paths and JSON pointers.
        .filter(|file| !["events/", "tests/documents/"].iter().any(|data| file.path.starts_with(data)))
        .filter(|file| !file.path.ends_with("Cargo.lock"))
        .flat_map(|file| file.text.lines().map(move |line| (file, line)))
        .filter(|(_, line)| prefixes.iter().any(|prefix| line.contains(prefix.as_str())))
        .map(|(file, line)| format!("{}: {}", file.path, line.trim()))
        .collect();
    assert_none("files must not contain absolute paths of a machine", &paths);
}
