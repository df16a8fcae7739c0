//! The check of a written endpoint, which reports all that is wrong with it at once.

use std::collections::BTreeMap;

use hookdock_signature::{EpochMillis, Handshake, Provider, Secret, catalog, secret_fits};
use jiff::Timestamp;

use crate::endpoint::direct::{Direct, DirectSpec};
use crate::endpoint::secrets::LiveSecret;
use crate::endpoint::spec::{EndpointSpec, EventsSpec, SecretSpec, Store, TenantSpec};
use crate::model::names::{EndpointId, TenantId};
use crate::model::pattern::Pattern;
use crate::model::public_url::PublicUrl;

/// The largest body any endpoint may take. A Lambda request holds 6 MB, and a binary body grows
/// by a third on the way in (AWS Lambda quotas, read 2026-11).
pub const BODY_CEILING_BYTES: usize = 4_500_000;

/// The widest window for the age of a signature: the longest that a provider of the catalogue
/// tries again, and a day.
pub const WIDEST_WINDOW_SECONDS: u32 = 4 * 24 * 60 * 60;

const DEFAULT_MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// Everything that is wrong with a written endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("endpoint {endpoint} is not usable: {}", problems.join("; "))]
pub struct EndpointProblems {
    /// Which endpoint.
    pub endpoint: EndpointId,
    /// What is wrong with it, one sentence each.
    pub problems: Vec<String>,
}

/// The parser's own message can quote the text, and the text holds secrets.
pub(super) fn unreadable(error: &serde_json::Error) -> String {
    let class = match error.classify() {
        serde_json::error::Category::Data => "it has an unknown, missing or mistyped field",
        _ => "it is not JSON",
    };
    format!("{class} (line {}, column {})", error.line(), error.column())
}

/// Collects problems while the parts are read.
pub(super) struct Problems<'a> {
    endpoint: &'a EndpointId,
    pub(super) found: Vec<String>,
    /// The secrets that cannot be used. Another may do, so they are no reason to refuse all.
    pub(super) unusable: Vec<String>,
}

impl<'a> Problems<'a> {
    pub(super) fn with(endpoint: &'a EndpointId) -> Self {
        Self { endpoint, found: Vec::new(), unusable: Vec::new() }
    }

    pub(super) fn all(self) -> EndpointProblems {
        EndpointProblems { endpoint: self.endpoint.clone(), problems: self.found }
    }

    pub(super) fn add(&mut self, problem: impl Into<String>) {
        self.found.push(problem.into());
    }

    fn keep<T, E: std::fmt::Display>(&mut self, what: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(format!("{what}: {error}"))).ok()
    }

    pub(super) fn version(&mut self, version: u32) {
        if version != 1 {
            self.add(format!("version {version} is not known, only 1 is"));
        }
    }

    pub(super) fn provider(&mut self, spec: &EndpointSpec) -> Option<Provider> {
        if spec.secrets.is_empty() && spec.tenants.is_empty() && !spec.capture {
            self.add("it has no secret");
        }
        let Some(found) = catalog::find(&spec.provider) else {
            self.add(format!("provider {:?} is not in the catalogue", spec.provider));
            return None;
        };
        let hands_over = |one: &Handshake| one.kind() == "capture-secret";
        if spec.capture && !found.handshakes().iter().any(hands_over) {
            self.add("capture: the provider hands no secret over");
        }
        let mut configured = Some(found);
        for (name, value) in &spec.settings {
            let with_setting = configured?.configure(name, value.as_str());
            configured = self.keep("settings", with_setting);
        }
        let configured = configured?.with_windows_for_retries();
        let configured = self.window(configured, spec.window_seconds);
        let missing = configured.settings().filter(|(_, one)| one.value.is_none() && !one.optional);
        for (name, setting) in missing {
            self.add(format!("setting {name:?} is missing: {}", setting.description));
        }
        Some(configured)
    }

    fn window(&mut self, provider: Provider, asked: Option<u32>) -> Provider {
        let Some(seconds) = asked else { return provider };
        match provider.window_seconds() {
            None => self.add("window_seconds: the provider states no time that is checked"),
            Some(own) if !(own..=WIDEST_WINDOW_SECONDS).contains(&seconds) => self.add(format!(
                "window_seconds must be from {own}, the provider's own, to {WIDEST_WINDOW_SECONDS}"
            )),
            Some(_) => return provider.with_window_of_at_least(seconds),
        }
        provider
    }

    pub(super) fn secrets(&mut self, place: &str, specs: &[SecretSpec]) -> Vec<LiveSecret> {
        specs.iter().filter_map(|spec| self.secret(place, spec)).collect()
    }

    fn secret(&mut self, place: &str, spec: &SecretSpec) -> Option<LiveSecret> {
        let what = format!("{place}, secret {:?}", spec.id);
        let not_after = spec.not_after.as_deref().and_then(|text| self.instant(&what, text));
        // An empty secret is no secret: anyone could sign with it. The others still count.
        match Secret::new(spec.id.as_str(), spec.value.as_str()) {
            Ok(secret) => Some(LiveSecret { secret, not_after }),
            Err(_) => {
                self.unusable.push(format!("{what} is empty"));
                None
            }
        }
    }

    /// Notes the secrets that have not the form of the provider's.
    pub(super) fn forms(&mut self, place: &str, secrets: &[LiveSecret], provider: &Provider) {
        let form = provider.secret_notes().format.as_deref();
        let form = form.map(|form| format!(" ({form})")).unwrap_or_default();
        let unfit = secrets.iter().filter(|live| !secret_fits(provider, &live.secret));
        self.unusable.extend(unfit.map(|live| {
            let id = live.secret.id();
            format!("{place}, secret {id:?} does not have the form of the provider's{form}")
        }));
    }

    /// The secrets that cannot be used, which are logged.
    pub(super) fn unusable_secrets(&self) -> Vec<String> {
        for problem in &self.unusable {
            tracing::error!(endpoint = %self.endpoint, problem, "a secret cannot be used");
        }
        self.unusable.clone()
    }

    fn instant(&mut self, what: &str, text: &str) -> Option<EpochMillis> {
        let instant = text.parse::<Timestamp>();
        Some(EpochMillis::new(self.keep(what, instant)?.as_millisecond()))
    }

    pub(super) fn tenants(
        &mut self,
        specs: &BTreeMap<String, TenantSpec>,
    ) -> BTreeMap<TenantId, Vec<LiveSecret>> {
        let mut tenants = BTreeMap::new();
        for (name, spec) in specs {
            let place = format!("tenant {name:?}");
            if spec.secrets.is_empty() {
                self.add(format!("{place} has no secret"));
            }
            let secrets = self.secrets(&place, &spec.secrets);
            if let Some(id) = self.keep(&place, name.parse()) {
                tenants.insert(id, secrets);
            }
        }
        tenants
    }

    pub(super) fn accept(&mut self, events: &EventsSpec) -> Vec<Pattern> {
        match &events.accept {
            Some(listed) => self.patterns(listed),
            None => vec![Pattern::any()],
        }
    }

    pub(super) fn patterns(&mut self, texts: &[String]) -> Vec<Pattern> {
        texts.iter().filter_map(|text| self.keep("event pattern", text.parse())).collect()
    }

    pub(super) fn max_body_bytes(&mut self, asked: Option<usize>) -> usize {
        let limit = asked.unwrap_or(DEFAULT_MAX_BODY_BYTES);
        if limit == 0 || limit > BODY_CEILING_BYTES {
            self.add(format!("max_body_bytes must be from 1 to {BODY_CEILING_BYTES}"));
        }
        limit
    }

    pub(super) fn direct(
        &mut self,
        spec: Option<&DirectSpec>,
        provider: &Provider,
    ) -> Option<Direct> {
        let checked = Direct::check(spec?, provider);
        let problems = |found: Vec<String>| {
            self.found.extend(found.into_iter().map(|problem| format!("direct: {problem}")));
        };
        checked.map_err(problems).ok()
    }

    pub(super) fn store(&mut self, spec: &EndpointSpec) {
        if spec.store == Store::Inline && spec.direct.is_some() {
            self.add("store: a direct endpoint queues no message that could hold a delivery");
        }
    }

    pub(super) fn public_url(&mut self, url: Option<&str>) -> Option<PublicUrl> {
        self.keep("public_url", url?.parse())
    }

    pub(super) fn pointer(&mut self, pointer: Option<&str>) -> Option<String> {
        if pointer.is_some_and(|pointer| !pointer.starts_with('/')) {
            self.add("tenant_from must be a JSON pointer such as \"/account\"");
        }
        pointer.map(str::to_owned)
    }
}
