//! The rules of the house that a machine can see. Clippy holds the others: see `clippy.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What a name may not be: if a thing has no better noun, it is not understood yet.
const BANNED_NAMES: [&str; 10] =
    ["util", "utils", "common", "helper", "helpers", "misc", "manager", "core", "base", "types"];

/// Statuses that a handler may choose; the others are chosen in a function's `error.rs`.
const GOOD_STATUSES: [&str; 9] = [
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

/// One file of the project.
struct File {
    /// From the project's directory.
    path: String,
    text: String,
}

impl File {
    /// The lines that are compiled into the program: before the inline tests, without comments.
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
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands in the project").to_owned()
}

/// Every text of the project below `directory` whose name ends so, without what `.gitignore` names.
fn files(directory: &str, endings: &[&str]) -> Vec<File> {
    let ignored = fs::read_to_string(root().join(".gitignore")).expect("there is a .gitignore");
    let ignored: Vec<&str> = ignored.lines().map(|line| line.trim_matches('/')).chain([".git"]).collect();
    let mut found = Vec::new();
    let mut open = vec![root().join(directory)];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).expect("directories can be listed") {
            let path = entry.expect("it can be listed").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("names are texts");
            if ignored.contains(&name) {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let below = path.strip_prefix(root()).expect("it is in the project");
                let text = fs::read_to_string(&path).expect("sources are texts");
                found.push(File { path: below.to_str().expect("paths are texts").to_owned(), text });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(!found.is_empty(), "there are files to hold to the rules");
    found
}

fn sources() -> Vec<File> {
    files("", &[".rs"])
}

/// The layers of `domain`, as the table in its `lib.rs` lists them: the modules of each, the lowest layer first.
fn layers() -> Vec<Vec<String>> {
    let listed = fs::read_to_string(root().join("shared/domain/src/lib.rs")).expect("domain has a lib.rs");
    let rows = listed.lines().filter_map(|line| line.strip_prefix("//! | ")).skip(1);
    let modules = rows.map(|row| row.split('`').skip(1).step_by(2).map(str::to_owned).collect());
    modules.collect()
}

/// The modules of `domain` that hold a group's records and rules; what is below them knows no group.
fn groups() -> Vec<String> {
    layers().into_iter().skip_while(|layer| !layer.contains(&"access".to_owned())).flatten().collect()
}

/// Whether `text` has `word` as a word of its own.
fn has_word(text: &str, word: &str) -> bool {
    let part_of_word = |character: Option<char>| character.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word).any(|(start, _)| {
        !part_of_word(text[..start].chars().next_back())
            && !part_of_word(text[start + word.len()..].chars().next())
    })
}

/// Fails with every line that breaks a rule.
fn none(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

/// The lines of these files' code for which `bad` holds.
fn bad_lines<'a>(files: impl IntoIterator<Item = &'a File>, bad: impl Fn(&str) -> bool) -> Vec<String> {
    let lines = files.into_iter().flat_map(|file| file.code().map(move |line| (file, line)));
    lines
        .filter(|(_, line)| bad(line))
        .map(|(file, line)| format!("{}: {}", file.path, line.trim()))
        .collect()
}

/// The names in a manifest's `[dependencies]`.
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
fn every_module_of_domain_has_a_layer() {
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
fn no_name_says_nothing() {
    let broken: Vec<String> = sources()
        .iter()
        .filter(|file| {
            let mut parts = file.path.trim_end_matches(".rs").split('/');
            parts.any(|part| BANNED_NAMES.contains(&part))
        })
        .map(|file| file.path.clone())
        .collect();
    none("a file or folder is named after what it is", &broken);
}

/// What a file takes from its crate, one path each: `crate::a::{B, c::D}` is `a::B` and `a::c::D`.
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
fn a_module_imports_only_from_layers_below_its_own() {
    let mut below: BTreeSet<String> = BTreeSet::new();
    let mut broken = Vec::new();
    for layer in layers() {
        for module in &layer {
            let folder = format!("shared/domain/src/{module}/");
            let file = format!("shared/domain/src/{module}.rs");
            let sources = files("shared/domain/src", &[".rs"]);
            for source in sources.iter().filter(|s| s.path.starts_with(&folder) || s.path == file) {
                let foreign = imports(source).into_iter().filter(|import| {
                    let other = import.split("::").next().unwrap_or_default();
                    other != module && !below.contains(other)
                });
                broken.extend(foreign.map(|import| format!("{}: {import}", source.path)));
            }
        }
        below.extend(layer);
    }
    none("a module imports only from layers below its own", &broken);
}

/// The files of `domain` by the paths of their modules, such as `usage::verify::nova`.
fn modules() -> BTreeMap<String, File> {
    let path = |file: &File| {
        let path = file.path.strip_prefix("shared/domain/src/")?.trim_end_matches(".rs");
        Some(path.trim_end_matches("/mod").replace('/', "::"))
    };
    let sources = files("shared/domain/src", &[".rs"]).into_iter().filter(|file| !file.is_test());
    sources.filter_map(|file| Some((path(&file)?, file))).filter(|(path, _)| path != "lib").collect()
}

#[test]
fn no_files_import_each_other_in_a_circle() {
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
    // Take away what imports nothing that is left, until only circles are left.
    loop {
        let left: BTreeSet<String> = open.keys().map(|path| (*path).clone()).collect();
        open.retain(|_, others| others.iter().any(|other| left.contains(other)));
        if open.len() == left.len() {
            break;
        }
    }
    let circle: Vec<String> = open.into_keys().cloned().collect();
    none("files import each other in a circle, or import one that does", &circle);
}

#[test]
fn what_every_group_may_use_knows_no_group_but_access() {
    let groups = groups();
    let edge = files("shared/edge", &[".rs"]);
    let broken = bad_lines(&edge, |line| {
        groups
            .iter()
            .filter(|group| *group != "access")
            .any(|group| line.contains(&format!("domain::{group}::")))
    });
    none("the edge authenticates requests, and names no other group", &broken);
}

#[test]
fn a_pure_file_waits_for_nothing_and_touches_nothing() {
    let sources = sources();
    let pure: Vec<&File> = sources.iter().filter(|file| file.text.starts_with("//! Pure.")).collect();
    assert!(pure.len() > 5, "there are pure files");
    let broken =
        bad_lines(pure, |line| ["async", "await", "Table", "Queue"].iter().any(|word| has_word(line, word)));
    none("a file that begins `//! Pure.` has no async, no Table, no Queue", &broken);
}

#[test]
fn in_a_group_only_its_store_touches_the_table() {
    let groups = groups();
    let sources = files("shared/domain/src", &[".rs"]);
    let verbs = sources.iter().filter(|file| {
        let in_group =
            groups.iter().any(|group| file.path.starts_with(&format!("shared/domain/src/{group}/")));
        in_group && !["mod.rs", "store.rs"].contains(&file.name()) && !file.path.contains("/store/")
    });
    let broken = bad_lines(verbs, |line| has_word(line, "Table") || line.contains("self.table"));
    none("a use case asks its group's store", &broken);
}

#[test]
fn keys_are_built_in_key_rs() {
    let sources = files("shared", &[".rs"]);
    let elsewhere = sources.iter().filter(|file| !["key.rs", "item.rs"].contains(&file.name()));
    let named = |line: &str| line.contains("\"pk\"") || line.contains("\"sk\"");
    let broken = bad_lines(elsewhere, |line| named(line) && !line.contains("key::"));
    none("a key is built by key.rs, and what one says is asked of key.rs", &broken);
}

#[test]
fn a_failing_status_is_chosen_in_error_rs() {
    let sources = files("functions", &[".rs"]);
    let handlers = sources.iter().filter(|file| file.name() != "error.rs");
    let broken = bad_lines(handlers, |line| {
        let mut named = line.split("StatusCode::").skip(1);
        named.any(|rest| {
            let name = rest.split(|c: char| !(c.is_ascii_uppercase() || c == '_')).next().unwrap_or_default();
            let constructed = rest.starts_with("from_u16") || rest.starts_with("try_from");
            let looked_at = rest[name.len()..].trim_start().starts_with(['=', '|']);
            constructed || (!name.is_empty() && !GOOD_STATUSES.contains(&name) && !looked_at)
        })
    });
    none("a status of 400 or more is chosen in the function's error.rs", &broken);
}

#[test]
fn functions_do_not_depend_on_functions_nor_the_domain_on_transport() {
    let manifests = files("functions", &["Cargo.toml"]);
    let package = |file: &File| {
        let name = file.text.lines().find_map(|line| line.strip_prefix("name = ")).unwrap_or_default();
        name.trim_matches('"').to_owned()
    };
    let functions: Vec<String> = manifests.iter().map(package).collect();
    for manifest in &manifests {
        let of = dependencies(&manifest.text);
        assert!(of.contains(&"domain".to_owned()), "{}: {of:?}", manifest.path);
        let crossed: Vec<String> = of.into_iter().filter(|name| functions.contains(name)).collect();
        none(&format!("{} depends on no function", manifest.path), &crossed);
    }

    let transport = |name: &&String| {
        let exact = ["axum", "edge", "http", "http-body-util", "hyper", "aws_lambda_events", "tower"];
        exact.contains(&name.as_str()) || name.starts_with("lambda_")
    };
    let domain = fs::read_to_string(root().join("shared/domain/Cargo.toml")).expect("domain has a manifest");
    let of = dependencies(&domain);
    assert!(of.contains(&"aws-sdk-dynamodb".to_owned()), "{of:?}");
    let crossed: Vec<String> = of.iter().filter(transport).cloned().collect();
    none("domain cannot name a status", &crossed);
}

#[test]
fn no_file_is_longer_than_five_hundred_lines() {
    let sources = sources();
    let long = sources.iter().map(|file| (file, file.text.lines().count())).filter(|(_, lines)| *lines > 500);
    let broken: Vec<String> = long.map(|(file, lines)| format!("{}: {lines}", file.path)).collect();
    none("no file is longer than 500 lines", &broken);
}

#[test]
fn no_file_names_a_place_on_somebodys_machine() {
    // Written in halves, or this file would be the first.
    let places =
        [["/wo", "rk/"], ["/tm", "p/"], ["/ro", "ot/"], ["/ho", "me/"]].map(|halves| halves.concat());
    let texts =
        files("", &[".rs", ".toml", ".yaml", ".yml", ".md", ".py", ".sh", ".json", "Makefile", "run"]);
    let broken: Vec<String> = texts
        .iter()
        // Samples and documents hold addresses of APIs and places in JSON.
        .filter(|file| !["events/", "tests/documents/"].iter().any(|data| file.path.starts_with(data)))
        .filter(|file| !file.path.ends_with("Cargo.lock"))
        .flat_map(|file| file.text.lines().map(move |line| (file, line)))
        .filter(|(_, line)| places.iter().any(|place| line.contains(place.as_str())))
        .map(|(file, line)| format!("{}: {}", file.path, line.trim()))
        .collect();
    none("the project works wherever it stands", &broken);
}
