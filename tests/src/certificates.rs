//! Certificates of test servers, made by `openssl`, a dependency of the servers' packages on Debian.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

/// Writes the certificate of an authority, `ca.pem`, and a certificate of `localhost` by it with its key, `server.pem` and
/// `server.key`, into a folder. They belong to the owner of the folder.
pub fn write_certificates(folder: &Path) -> Result<()> {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(folder, &format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=authority -days 2"))?;
    let name = "-subj /CN=localhost -addext subjectAltName=DNS:localhost";
    openssl(folder, &format!("req {key} -keyout server.key -out server.csr {name}"))?;
    openssl(
        folder,
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 2 -copy_extensions copy -out server.pem",
    )?;
    let owner = fs::metadata(folder)?;
    for file in ["server.key", "server.pem"] {
        chown(folder.join(file), Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

fn openssl(folder: &Path, arguments: &str) -> Result<()> {
    let output = Command::new("openssl").args(arguments.split_whitespace()).current_dir(folder).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
