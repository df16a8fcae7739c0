//! Whose certificates are trusted.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

/// Whose certificates are trusted: the platform's authorities, others, or both.
#[derive(Debug, Clone)]
pub struct Trust {
    platform: bool,
    others: Vec<CertificateDer<'static>>,
}

impl Trust {
    /// The authorities of the platform, as the AWS SDK's client trusts them: the system's
    /// store, or what `SSL_CERT_FILE` names.
    #[must_use]
    pub fn platform() -> Self {
        Self { platform: true, others: Vec::new() }
    }

    /// Nobody, until [`Trust::and`].
    #[must_use]
    pub fn nobody() -> Self {
        Self { platform: false, others: Vec::new() }
    }

    /// This authority too.
    #[must_use]
    pub fn and(mut self, root: CertificateDer<'static>) -> Self {
        self.others.push(root);
        self
    }

    /// The certificates of the authorities. Reads files where the platform's authorities are trusted.
    #[must_use]
    pub fn roots(&self) -> Vec<CertificateDer<'static>> {
        let mut roots = self.others.clone();
        if self.platform {
            let found = rustls_native_certs::load_native_certs();
            for error in &found.errors {
                tracing::warn!(%error, "an authority of the platform could not be read");
            }
            roots.extend(found.certs);
        }
        roots
    }

    /// Some platforms list certificates that cannot be read; those are left out.
    pub(crate) fn store(&self) -> RootCertStore {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(self.roots());
        store
    }
}
