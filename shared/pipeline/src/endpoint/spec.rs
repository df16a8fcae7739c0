//! The written form of an endpoint.

use std::collections::BTreeMap;

use derive_more::Debug;
use serde::Deserialize;

use crate::endpoint::direct::DirectSpec;

/// How an accepted delivery is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Success {
    /// What the provider expects, else 200 with an empty body.
    #[default]
    Ok,
    /// 202 with the delivery id as JSON.
    Accepted,
}

/// Where an accepted delivery is until a worker has taken it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Store {
    /// In an object of its own; the message refers to it.
    #[default]
    Object,
    /// In its message, if it fits; a worker packs it with others into one object before it does
    /// anything else.
    Inline,
}

/// The written form of an endpoint, version 1, as it stands in the secret store.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointSpec {
    /// The version of this form: 1.
    pub version: u32,
    /// An id from the provider catalogue.
    pub provider: String,
    /// What the provider's definition leaves to the operator, such as the name of a header.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// The live secrets of the endpoint itself.
    #[serde(default)]
    pub secrets: Vec<SecretSpec>,
    /// Secrets by tenant, for `/webhooks/{endpoint}/{tenant}`.
    #[serde(default)]
    pub tenants: BTreeMap<String, TenantSpec>,
    /// Whether it takes the secret that the provider hands over, once.
    #[serde(default)]
    pub capture: bool,
    /// Which event types are expected.
    #[serde(default)]
    pub events: EventsSpec,
    /// The largest body taken, in bytes.
    pub max_body_bytes: Option<usize>,
    /// How old the time in a signature may be, in seconds, where the provider's own window is
    /// narrower.
    pub window_seconds: Option<u32>,
    /// How an accepted delivery is answered.
    #[serde(default)]
    pub success: Success,
    /// Where an accepted delivery is until a worker has taken it.
    #[serde(default)]
    pub store: Store,
    /// The URL that the provider has, without its query, where a proxy or a CDN is in front and the
    /// provider signs the URL. A tenant's has `/{tenant}` after it.
    pub public_url: Option<String>,
    /// A JSON pointer to the tenant inside the signed body.
    pub tenant_from: Option<String>,
    /// Light work that is done at once, instead of a job.
    pub direct: Option<DirectSpec>,
}

/// One secret.
#[derive(Clone, Deserialize, Debug)]
#[debug("SecretSpec({id})")]
#[serde(deny_unknown_fields)]
pub struct SecretSpec {
    /// A name for the secret; it is recorded with each delivery it verified.
    pub id: String,
    /// The secret itself, as the provider shows it.
    pub value: String,
    /// RFC 3339; deliveries received later are not checked against it.
    pub not_after: Option<String>,
}

/// The secrets of one tenant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantSpec {
    /// The live secrets.
    pub secrets: Vec<SecretSpec>,
}

/// Which event types an endpoint expects; patterns such as `checkout.*`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsSpec {
    /// Expected types. Others are stored and flagged. Without the list all are expected.
    pub accept: Option<Vec<String>>,
    /// Types that are stored and never run.
    #[serde(default)]
    pub ignore: Vec<String>,
}
