//! An endpoint: one registered URL, its provider, its secrets and its policy.
//!
//! [`EndpointSpec`] is the written form, [`Endpoint`] the checked one. The check reports every
//! problem at once.

mod check;
pub mod direct;
mod direct_check;
mod secrets;
mod spec;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use check::{BODY_CEILING_BYTES, EndpointProblems, WIDEST_WINDOW_SECONDS};
use check::{Problems, unreadable};
use getset::{CopyGetters, Getters};
use hookdock_signature::{EpochMillis, Provider, Secret};
use secrets::{LiveSecret, live};
pub use spec::{EndpointSpec, EventsSpec, SecretSpec, Store, Success, TenantSpec};

use crate::endpoint::direct::Direct;
use crate::model::names::{EndpointId, EventType, TenantId};
use crate::model::pattern::Pattern;
use crate::model::public_url::PublicUrl;

/// A checked endpoint.
#[derive(Debug, Clone, Getters, CopyGetters)]
pub struct Endpoint {
    /// The endpoint's name.
    #[getset(get = "pub")]
    id: EndpointId,
    /// Who sends to it.
    #[getset(get = "pub")]
    provider: Provider,
    secrets: Option<Vec<LiveSecret>>,
    /// Whether it takes the secret that the provider hands over.
    #[getset(get = "pub")]
    capture: Capture,
    tenants: BTreeMap<TenantId, Vec<LiveSecret>>,
    accept: Vec<Pattern>,
    ignore: Vec<Pattern>,
    /// The largest body it takes, in bytes.
    #[getset(get_copy = "pub")]
    max_body_bytes: usize,
    /// How it answers.
    #[getset(get_copy = "pub")]
    success: Success,
    /// Where its deliveries are until a worker has taken them.
    #[getset(get_copy = "pub")]
    store: Store,
    public_url: Option<PublicUrl>,
    tenant_from: Option<String>,
    direct: Option<Direct>,
    /// The secrets that are empty or do not have the form of the provider's, one sentence each. They
    /// are named by their place and never quoted.
    #[getset(get = "pub")]
    unusable_secrets: Vec<String>,
}

/// Whether the provider hands its secret over, and whether it has.
#[derive(Debug, Clone)]
pub enum Capture {
    /// It does not, or the operator does not want it to.
    Never,
    /// It will, and the first one counts.
    Awaited,
    /// It has. Another one is refused.
    Done(Secret),
}

/// What an endpoint expects of an event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It is on the list.
    Yes,
    /// It is not on the list.
    No,
    /// It is on the list of types that never run.
    Ignored,
}

impl Endpoint {
    /// Checks a written endpoint.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn check(id: &EndpointId, spec: &EndpointSpec) -> Result<Self, EndpointProblems> {
        let mut problems = Problems::with(id);
        problems.version(spec.version);
        let endpoint = Self {
            id: id.clone(),
            secrets: (spec.capture || !spec.secrets.is_empty())
                .then(|| problems.secrets("secrets", &spec.secrets)),
            capture: if spec.capture { Capture::Awaited } else { Capture::Never },
            tenants: problems.tenants(&spec.tenants),
            accept: problems.accept(&spec.events),
            ignore: problems.patterns(&spec.events.ignore),
            max_body_bytes: problems.max_body_bytes(spec.max_body_bytes),
            success: spec.success,
            store: spec.store,
            public_url: problems.public_url(spec.public_url.as_deref()),
            tenant_from: problems.pointer(spec.tenant_from.as_deref()),
            provider: match problems.provider(spec) {
                Some(provider) => provider,
                None => return Err(problems.all()),
            },
            direct: None,
            unusable_secrets: Vec::new(),
        };
        let direct = problems.direct(spec.direct.as_ref(), &endpoint.provider);
        problems.store(spec);
        let own = endpoint.secrets.as_deref().unwrap_or_default();
        problems.forms("secrets", own, &endpoint.provider);
        for (tenant, secrets) in &endpoint.tenants {
            let place = format!("tenant {:?}", tenant.as_str());
            problems.forms(&place, secrets, &endpoint.provider);
        }
        let unusable_secrets = problems.unusable_secrets();
        let endpoint = Self { direct, unusable_secrets, ..endpoint };
        if problems.found.is_empty() { Ok(endpoint) } else { Err(problems.all()) }
    }

    /// Reads and checks the JSON form.
    ///
    /// # Errors
    ///
    /// What does not parse, or everything that is wrong.
    pub fn from_json(id: &EndpointId, json: &[u8]) -> Result<Self, EndpointProblems> {
        let spec = serde_json::from_slice(json).map_err(|error| {
            let mut problems = Problems::with(id);
            problems.add(unreadable(&error));
            problems.all()
        })?;
        Self::check(id, &spec)
    }

    /// The endpoint with the secret that the provider handed over among its own. An endpoint that
    /// does not wait for one stays as it is.
    #[must_use]
    pub fn with_captured(mut self, secret: Secret) -> Self {
        if let (Capture::Awaited, Some(secrets)) = (&self.capture, &mut self.secrets) {
            secrets.push(LiveSecret { secret: secret.clone(), not_after: None });
            self.capture = Capture::Done(secret);
        }
        self
    }

    /// Where the signed body names the tenant.
    #[must_use]
    pub fn tenant_from(&self) -> Option<&str> {
        self.tenant_from.as_deref()
    }

    /// The URL that the provider has, where it was stated.
    #[must_use]
    pub fn public_url(&self) -> Option<&PublicUrl> {
        self.public_url.as_ref()
    }

    /// What is done with its events at once. `None`: they go through the queue, to jobs.
    #[must_use]
    pub fn direct(&self) -> Option<&Direct> {
        self.direct.as_ref()
    }

    fn registered(&self, tenant: Option<&TenantId>) -> Option<&Vec<LiveSecret>> {
        match tenant {
            None => self.secrets.as_ref(),
            Some(tenant) => self.tenants.get(tenant),
        }
    }

    /// The secrets that are live at `at` for this tenant. `None`: the URL is not registered.
    #[must_use]
    pub fn secrets(&self, tenant: Option<&TenantId>, at: EpochMillis) -> Option<Vec<Secret>> {
        self.registered(tenant).map(|secrets| live(secrets, at))
    }

    /// The live secrets of one URL of the endpoint. Checking with them costs a request for
    /// another, unregistered URL what it would cost there; it must never be accepted.
    pub(crate) fn decoys(&self, at: EpochMillis) -> Vec<Secret> {
        let any = self.secrets.as_ref().or_else(|| self.tenants.values().next());
        any.map(|secrets| live(secrets, at)).unwrap_or_default()
    }

    /// Whether the endpoint expects this type of event.
    #[must_use]
    pub fn expects(&self, event_type: &EventType) -> Expected {
        let on = |list: &[Pattern]| list.iter().any(|pattern| pattern.matches(event_type.as_str()));
        if on(&self.ignore) {
            Expected::Ignored
        } else if on(&self.accept) {
            Expected::Yes
        } else {
            Expected::No
        }
    }

    /// The first expected type, as the operator wrote it, that this one fits; else `other`. A
    /// sender cannot invent one.
    #[must_use]
    pub fn listed(&self, event_type: Option<&EventType>) -> String {
        let fits = |pattern: &&Pattern| pattern.matches(event_type.map_or("", EventType::as_str));
        let listed = event_type.and_then(|_| self.accept.iter().find(fits));
        listed.map_or_else(|| "other".to_owned(), ToString::to_string)
    }
}
