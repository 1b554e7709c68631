//! Pure. Differences between two dumps as text.

use similar::TextDiff;

/// Lines around each difference.
const CONTEXT: usize = 3;

/// Returns the unified diff between two texts with a label for each. Empty if they are equal.
pub fn unified(before: (&str, &str), after: (&str, &str)) -> String {
    let ((before_label, before), (after_label, after)) = (before, after);
    TextDiff::from_lines(before, after)
        .unified_diff()
        .context_radius(CONTEXT)
        .missing_newline_hint(false)
        .header(before_label, after_label)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diff_shows_the_lines_that_differ() {
        let before = "CREATE TABLE `t` (\n  `a` int(11)\n)";
        let after = before.replace("int(11)", "bigint(20)");
        let shown = unified(("expected", before), ("actual", &after));
        assert_eq!(
            shown,
            "--- expected\n+++ actual\n@@ -1,3 +1,3 @@\n CREATE TABLE `t` (\n-  `a` int(11)\n+  `a` bigint(20)\n )\n"
        );
    }

    #[test]
    fn equal_texts_have_no_diff() {
        assert_eq!(unified(("expected", "a"), ("actual", "a")), "");
        assert_eq!(unified(("expected", ""), ("actual", "")), "");
    }
}
