//! TLS to servers: always verified, with the server's name.

use std::fmt;
use std::fs;
use std::sync::Arc;

use mysql_async::SslOpts;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use domain::error::Error;

/// The variable with the file of further certificate authorities.
pub const CA_FILE: &str = "MARIADB_CA_FILE";

/// The certificate authorities that servers are verified against. Cheap to clone.
#[derive(Clone, Default)]
pub struct Roots {
    /// Certificates in PEM, beside the built-in ones.
    added: Option<Arc<[u8]>>,
}

impl Roots {
    /// The authorities that browsers trust, and those of a PEM file, if one is given. A managed server usually has an
    /// authority of its own.
    pub fn read(file: Option<&str>) -> Result<Self, Error> {
        let Some(file) = file else { return Ok(Self::default()) };
        let unusable = |reason: &dyn fmt::Display| Error::invalid(format!("{CA_FILE}: '{file}': {reason}"));
        let pem = fs::read(file).map_err(|cause| unusable(&cause))?;
        // The driver parses the certificates again, and only when it connects.
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|cause| unusable(&cause))?;
            roots.add(certificate).map_err(|cause| unusable(&cause))?;
        }
        if roots.is_empty() {
            return Err(unusable(&"no certificate in it"));
        }
        Ok(Self { added: Some(pem.into()) })
    }

    /// Returns the driver's options for a verified connection.
    pub(super) fn options(&self) -> SslOpts {
        let added = self.added.iter().map(|pem| pem.to_vec().into());
        SslOpts::default().with_root_certs(added.collect())
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Roots")
    }
}
