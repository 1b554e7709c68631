//! TLS to PostgreSQL: always verified, with the server's name.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use domain::error::Error;

/// The certificate authorities that servers are verified against. Cheap to clone.
#[derive(Clone)]
pub struct Roots(Arc<ClientConfig>);

impl Roots {
    /// The authorities that browsers trust, and those of a PEM file, if one is given. A managed PostgreSQL usually has an
    /// authority of its own.
    pub fn read(file: Option<&str>) -> Result<Self, Error> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(file) = file {
            let unusable =
                |reason: &dyn fmt::Display| Error::invalid(format!("POSTGRES_CA_FILE: '{file}': {reason}"));
            let certificates = CertificateDer::pem_file_iter(file).map_err(|cause| unusable(&cause))?;
            let mut added = 0;
            for certificate in certificates {
                let certificate = certificate.map_err(|cause| unusable(&cause))?;
                roots.add(certificate).map_err(|cause| unusable(&cause))?;
                added += 1;
            }
            if added == 0 {
                return Err(unusable(&"no certificate in it"));
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|cause| Error::bug("TLS cannot be set up").because(cause))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    pub(super) fn config(&self) -> ClientConfig {
        ClientConfig::clone(&self.0)
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Roots")
    }
}
