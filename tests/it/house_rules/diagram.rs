//! The generated diagram in `infra/architecture.md`: the crates, the modules of `domain`, and their imports.
//!
//! `UPDATE_DIAGRAM=1` makes the test rewrite the diagram instead of comparing it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::{dependencies, files, imports, layers, modules, root};

/// The document that contains the diagram.
const DOCUMENT: &str = "infra/architecture.md";
/// The first lines of the generated block.
const START: &str = "```mermaid\n%% generated: modules\n";
/// The last line of a block.
const END: &str = "```";

/// Dependent and dependency.
type Edge = (String, String);

/// Returns the dependencies among the workspace's crates, without this test crate, which depends on all of them.
fn crate_edges() -> BTreeSet<Edge> {
    let manifests = files("", &["Cargo.toml"]).into_iter();
    let crates: BTreeMap<String, Vec<String>> = manifests
        .filter(|file| !file.path.starts_with("tests/"))
        .filter_map(|file| {
            let name = file.text.lines().find_map(|line| line.strip_prefix("name = "))?;
            Some((name.trim_matches('"').to_owned(), dependencies(&file.text)))
        })
        .collect();
    let edges = crates.iter().flat_map(|(name, dependencies)| {
        dependencies.iter().map(move |dependency| (name.clone(), dependency.clone()))
    });
    edges.filter(|(_, dependency)| crates.contains_key(dependency)).collect()
}

/// Returns the imports among the top-level modules of `domain`.
fn module_edges() -> BTreeSet<Edge> {
    let top = |path: &str| path.split("::").next().unwrap_or_default().to_owned();
    let edges = modules().into_iter().flat_map(|(path, file)| {
        let module = top(&path);
        imports(&file).into_iter().map(move |import| (module.clone(), top(&import)))
    });
    edges.filter(|(module, import)| module != import).collect()
}

/// Returns one line per edge.
fn edge_lines(edges: &BTreeSet<Edge>) -> String {
    let lines: Vec<_> = edges.iter().map(|(from, to)| format!("        {from} --> {to}\n")).collect();
    lines.concat()
}

/// Returns the generated block.
fn diagram() -> String {
    let (crates, modules) = (edge_lines(&crate_edges()), edge_lines(&module_edges()));
    format!(
        "{START}flowchart TD\n    subgraph crates\n{crates}    end\n    \
         subgraph modules [modules of domain]\n{modules}    end\n{END}"
    )
}

/// Splits the document into the text before the generated block, the block, and the text after it.
fn split(document: &str) -> Option<(&str, &str, &str)> {
    let start = document.find(START)?;
    let end = start + START.len() + document[start + START.len()..].find(END)? + END.len();
    Some((&document[..start], &document[start..end], &document[end..]))
}

#[expect(clippy::disallowed_methods, reason = "a switch of this test, not a setting of Steward")]
fn is_update() -> bool {
    std::env::var_os("UPDATE_DIAGRAM").is_some_and(|value| value == "1")
}

#[test]
fn diagram_has_only_downward_edges() {
    let layers = layers();
    let layer = |module: &str| layers.iter().position(|modules| modules.iter().any(|name| name == module));
    let edges = module_edges();
    assert!(edges.len() > 10, "too few imports found: {edges:?}");
    for (module, import) in &edges {
        assert!(layer(import) < layer(module), "{module} --> {import}");
    }
}

#[test]
fn diagram_in_the_architecture_is_current() {
    let path = root().join(DOCUMENT);
    let document = fs::read_to_string(&path).expect("the document is readable");
    let (before, current, after) = split(&document).expect("the document has a generated block");
    let diagram = diagram();
    if is_update() {
        fs::write(&path, [before, &diagram, after].concat()).expect("the document is writable");
    } else {
        assert_eq!(current, diagram, "the diagram is outdated: run this test with UPDATE_DIAGRAM=1");
    }
}
