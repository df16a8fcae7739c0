//! Endpoints from a TOML file.
//!
//! ```toml
//! [endpoints.stripe]
//! provider = "stripe"
//! secrets = ["whsec_..."]
//!
//! [endpoints.orders]
//! provider = "shopify"
//! secrets = ["..."]
//! tenants.acme.secrets = ["..."]
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hookdock_pipeline::endpoint::direct::DirectSpec;
use hookdock_pipeline::endpoint::{
    Endpoint, EndpointProblems, EndpointSpec, EventsSpec, SecretSpec, Store, Success, TenantSpec,
};
use hookdock_pipeline::model::names::EndpointId;
use hookdock_pipeline::model::port_error::PortError;
use hookdock_pipeline::ports::Endpoints;
use serde::Deserialize;

use crate::document::{Misfit, from_toml};

/// Checked endpoints, as a file names them.
#[derive(Debug, Clone, Default)]
pub struct EndpointFile {
    endpoints: BTreeMap<EndpointId, Arc<Endpoint>>,
}

/// Why a file's endpoints cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EndpointFileError {
    /// The file cannot be read.
    #[error("failed to read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML, or has keys that are not known.
    #[error("the endpoints file is not right: {0}")]
    Parse(Misfit),
    /// Endpoints are not usable.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Endpoints(Vec<EndpointProblems>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    endpoints: BTreeMap<EndpointId, Written>,
}

/// An endpoint as the file writes it: secrets are plain texts, named by their place.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    provider: String,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    #[serde(default)]
    secrets: Vec<String>,
    #[serde(default)]
    tenants: BTreeMap<String, WrittenTenant>,
    #[serde(default)]
    capture: bool,
    #[serde(default)]
    events: EventsSpec,
    max_body_bytes: Option<usize>,
    window_seconds: Option<u32>,
    #[serde(default)]
    success: Success,
    #[serde(default)]
    store: Store,
    public_url: Option<String>,
    tenant_from: Option<String>,
    direct: Option<DirectSpec>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTenant {
    secrets: Vec<String>,
}

impl EndpointFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// It cannot be read, or its endpoints cannot be used.
    pub fn read(path: &Path) -> Result<Self, EndpointFileError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| EndpointFileError::Read { path: path.to_owned(), source })?;
        Self::parse(&text)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    ///
    /// What does not parse, or everything that is wrong with any endpoint.
    pub fn parse(text: &str) -> Result<Self, EndpointFileError> {
        let file: File = from_toml(text).map_err(EndpointFileError::Parse)?;
        let mut endpoints = BTreeMap::new();
        let mut problems = Vec::new();
        for (id, written) in file.endpoints {
            match Endpoint::check(&id, &written.into()) {
                Ok(endpoint) => drop(endpoints.insert(id, Arc::new(endpoint))),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() {
            Ok(Self { endpoints })
        } else {
            Err(EndpointFileError::Endpoints(problems))
        }
    }

    /// All endpoints, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Endpoint> {
        self.endpoints.values().map(Arc::as_ref)
    }
}

impl Endpoints for EndpointFile {
    async fn find(&self, id: &EndpointId) -> Result<Option<Arc<Endpoint>>, PortError> {
        Ok(self.endpoints.get(id).map(Arc::clone))
    }

    async fn refresh(&self, _: &EndpointId) -> Result<Option<Arc<Endpoint>>, PortError> {
        Ok(None)
    }
}

impl From<Written> for EndpointSpec {
    fn from(written: Written) -> Self {
        let tenants = written.tenants.into_iter();
        Self {
            version: 1,
            provider: written.provider,
            settings: written.settings,
            secrets: named(written.secrets),
            tenants: tenants
                .map(|(name, tenant)| (name, TenantSpec { secrets: named(tenant.secrets) }))
                .collect(),
            capture: written.capture,
            events: written.events,
            max_body_bytes: written.max_body_bytes,
            window_seconds: written.window_seconds,
            success: written.success,
            store: written.store,
            public_url: written.public_url,
            tenant_from: written.tenant_from,
            direct: written.direct,
        }
    }
}

fn named(secrets: Vec<String>) -> Vec<SecretSpec> {
    let numbered = (1_u32..).zip(secrets);
    numbered
        .map(|(number, value)| SecretSpec { id: format!("s{number}"), value, not_after: None })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_file_is_readable() {
        let file = EndpointFile::parse(
            r#"
            [endpoints.stripe]
            provider = "stripe"
            secrets = ["whsec_a", "whsec_b"]

            [endpoints.orders]
            provider = "shopify"
            secrets = ["x"]
            tenants.acme.secrets = ["y"]
            "#,
        )
        .expect("readable");
        let names: Vec<_> = file.iter().map(|endpoint| endpoint.id().as_str()).collect();
        assert_eq!(names, ["orders", "stripe"]);
    }

    #[test]
    fn every_bad_endpoint_is_named_at_once() {
        let error = EndpointFile::parse(
            "[endpoints.a]\nprovider = \"nobody\"\nsecrets = [\"x\"]\n[endpoints.b]\nprovider = \"github\"\n",
        )
        .expect_err("two bad endpoints");
        assert_eq!(
            error.to_string(),
            "endpoint a is not usable: provider \"nobody\" is not in the catalogue\n\
             endpoint b is not usable: it has no secret"
        );
    }

    #[test]
    fn an_unreadable_file_names_the_line_and_quotes_no_secret() {
        let error =
            EndpointFile::parse("[endpoints.a]\nprovider = \"github\"\nsecrets = \"hunter2\"\n")
                .expect_err("a list is wanted");
        assert_eq!(
            error.to_string(),
            "the endpoints file is not right: line 3: endpoints.a.secrets: a list is expected here, \
             and a string is there"
        );
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}
