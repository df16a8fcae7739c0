//! The configuration of the ingest function.

use std::collections::BTreeSet;

use aws_credential_types::Credentials;
use hookdock_pipeline::model::names::EndpointId;
use hookdock_pipeline::model::public_url::{NotPublicUrl, PublicUrl};

use super::environment::variable;
use super::reader::{ConfigProblems, Raw, any, region, stack, url};

/// What the ingest function needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestConfig {
    /// The beginning of the secrets' names.
    pub stack: String,
    /// Endpoints to read while starting.
    pub endpoints: BTreeSet<EndpointId>,
    /// The bucket of the deliveries.
    pub bucket: String,
    /// The queue of the references.
    pub queue_url: String,
    /// The beginning of the URLs that providers have, where a proxy or a CDN is in front.
    pub public_url: Option<PublicUrl>,
    /// As whom AWS is called, and where it is.
    pub(crate) access: Access,
}

/// As whom AWS is called, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) region: String,
    pub(crate) credentials: Credentials,
    /// Addresses other than AWS's own.
    pub(crate) s3: Option<String>,
    pub(crate) sqs: Option<String>,
    pub(crate) secrets: Option<String>,
}

impl IngestConfig {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// Everything that is missing or wrong.
    pub fn from_env() -> Result<Self, ConfigProblems> {
        Self::read(variable)
    }

    /// Reads variables wherever they come from.
    ///
    /// # Errors
    ///
    /// Everything that is missing or wrong.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigProblems> {
        let mut raw = Raw::new(variable);
        let config = Self {
            stack: raw.required("HOOKDOCK_STACK", stack),
            endpoints: raw.optional("HOOKDOCK_ENDPOINTS", endpoints).unwrap_or_default(),
            bucket: raw.required("HOOKDOCK_BUCKET", any),
            queue_url: raw.required("HOOKDOCK_QUEUE_URL", url),
            public_url: raw.optional("HOOKDOCK_PUBLIC_URL", public_url),
            access: Access::read(&mut raw),
        };
        raw.checked(config)
    }
}

impl Access {
    fn read<F: Fn(&str) -> Option<String>>(raw: &mut Raw<F>) -> Self {
        let region = raw.required("AWS_REGION", region);
        let id = raw.required("AWS_ACCESS_KEY_ID", any);
        let secret = raw.required("AWS_SECRET_ACCESS_KEY", any);
        let token = raw.optional("AWS_SESSION_TOKEN", any);
        let everywhere = raw.optional("AWS_ENDPOINT_URL", url);
        let mut named = |variable| raw.optional(variable, url).or_else(|| everywhere.clone());
        Self {
            region,
            credentials: Credentials::new(id, secret, token, None, "environment"),
            s3: named("AWS_ENDPOINT_URL_S3"),
            sqs: named("AWS_ENDPOINT_URL_SQS"),
            secrets: named("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
        }
    }
}

fn public_url(value: &str) -> Result<PublicUrl, String> {
    value.parse().map_err(|error: NotPublicUrl| format!("is no public URL: {error}"))
}

fn endpoints(value: &str) -> Result<BTreeSet<EndpointId>, String> {
    let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
    let (good, bad): (Vec<_>, Vec<_>) = names
        .map(|name| name.parse().map_err(|error| format!("{name:?}: {error}")))
        .partition(Result::is_ok);
    let bad: Vec<String> = bad.into_iter().filter_map(Result::err).collect();
    if bad.is_empty() {
        Ok(good.into_iter().filter_map(Result::ok).collect())
    } else {
        Err(format!("has names that no endpoint can have: {}", bad.join(", ")))
    }
}

#[cfg(test)]
impl Access {
    pub(crate) fn of(id: &str, secret: &str, token: Option<&str>) -> Self {
        let credentials = Credentials::new(id, secret, token.map(str::to_owned), None, "a test");
        let region = "us-east-1".to_owned();
        Self { region, credentials, s3: None, sqs: None, secrets: None }
    }
}
