//! Pure. The documented lines of errors in the logs of tests.

use crate::mysql::failure::Failure;

/// The documented text of a revert that leaves another structure.
pub(super) const NOT_REVERTED: &str =
    "Checksum after revert_sql was applied was not the same as before apply_sql was applied.";
/// The text of an application that has another result the second time.
pub(super) const NOT_REPEATABLE: &str =
    "Checksum after apply_sql was applied again was not the same as after the first time.";

/// The text about a scratch server that shows the loaded version in another form than the server it was dumped from.
pub(super) const OTHER_FORM: &str = "The scratch server shows the version of the schema in another form than the server \
                                     that it was dumped from. Applications compare checksums, so they need a scratch \
                                     server of the same version as the servers.";

/// Numbers of errors by the class that the original's driver raised for them. All others are operational errors.
const CLASSES: [(&str, &[u16]); 4] = [
    ("ProgrammingError", &[1007, 1064, 1102, 1103, 1110, 1111, 1112, 1113, 1146, 1149, 1179]),
    ("DataError", &[1171, 1230, 1263, 1264, 1265, 1406, 1441]),
    ("IntegrityError", &[1062, 1215, 1216, 1217, 1451, 1452]),
    ("NotSupportedError", &[1196, 1235, 1286, 1289]),
];

/// Returns the line of an error that no server reported.
pub(crate) fn line(text: &str) -> String {
    format!("ERROR <class 'utils.exceptions.Error'>: {text}")
}

/// Returns the line of an error that a server reported.
pub(crate) fn sql_line(failure: &Failure) -> String {
    let Some(report) = failure.report() else { return line(&failure.to_string()) };
    let class = CLASSES.iter().find(|(_, codes)| codes.contains(&report.code));
    let class = class.map_or("OperationalError", |(class, _)| class);
    format!("ERROR <class '_mysql_exceptions.{class}'>: {report}")
}

/// Returns the line of a failed verification.
pub(super) fn verification_line(what: &str, failure: &Failure) -> String {
    line(&format!("{what} verification failed (Error {failure})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::failure::Report;

    fn failure(code: u16) -> Failure {
        let (sqlstate, message) = ("42000".to_owned(), "why".to_owned());
        Failure::Statement(Report { code, sqlstate, message })
    }

    #[test]
    fn errors_have_the_documented_lines() {
        for (code, line) in [
            (1064, "ERROR <class '_mysql_exceptions.ProgrammingError'>: (1064, \"why\")"),
            (1062, "ERROR <class '_mysql_exceptions.IntegrityError'>: (1062, \"why\")"),
            (1406, "ERROR <class '_mysql_exceptions.DataError'>: (1406, \"why\")"),
            (1286, "ERROR <class '_mysql_exceptions.NotSupportedError'>: (1286, \"why\")"),
            (1050, "ERROR <class '_mysql_exceptions.OperationalError'>: (1050, \"why\")"),
        ] {
            assert_eq!(sql_line(&failure(code)), line);
        }
        assert_eq!(
            verification_line("Apply", &failure(1146)),
            "ERROR <class 'utils.exceptions.Error'>: Apply verification failed (Error (1146, \"why\"))"
        );
        assert_eq!(line("x"), "ERROR <class 'utils.exceptions.Error'>: x");
    }
}
