//! An endpoint: one registered URL, its provider, its secrets and its policy.
//!
//! [`EndpointSpec`] is the written form, [`Endpoint`] the checked one. The check reports every
//! problem at once.

use std::collections::BTreeMap;

use hookdock_signature::{EpochMillis, Handshake, Provider, Secret, catalog};
use jiff::Timestamp;
use serde::Deserialize;

use crate::direct::{Direct, DirectSpec};
use crate::names::{EndpointId, EventType, TenantId};
use crate::pattern::Pattern;

/// The largest body any endpoint may take. A Lambda request holds 6 MB, and a binary body grows
/// by a third on the way in (AWS Lambda quotas, read 2026-11).
pub const BODY_CEILING_BYTES: usize = 4_500_000;

const DEFAULT_MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

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
    /// How an accepted delivery is answered.
    #[serde(default)]
    pub success: Success,
    /// Where an accepted delivery is until a worker has taken it.
    #[serde(default)]
    pub store: Store,
    /// A JSON pointer to the tenant inside the signed body.
    pub tenant_from: Option<String>,
    /// Light work that is done at once, instead of a job.
    pub direct: Option<DirectSpec>,
}

/// One secret.
#[derive(Clone, Deserialize)]
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

impl std::fmt::Debug for SecretSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretSpec").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Everything that is wrong with a written endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("endpoint {endpoint} is not usable: {}", problems.join("; "))]
pub struct EndpointProblems {
    /// Which endpoint.
    pub endpoint: EndpointId,
    /// What is wrong with it, one sentence each.
    pub problems: Vec<String>,
}

/// A checked endpoint.
#[derive(Debug, Clone)]
pub struct Endpoint {
    id: EndpointId,
    provider: Provider,
    secrets: Option<Vec<LiveSecret>>,
    capture: Capture,
    tenants: BTreeMap<TenantId, Vec<LiveSecret>>,
    accept: Vec<Pattern>,
    ignore: Vec<Pattern>,
    max_body_bytes: usize,
    success: Success,
    store: Store,
    tenant_from: Option<String>,
    direct: Option<Direct>,
}

#[derive(Debug, Clone)]
struct LiveSecret {
    secret: Secret,
    not_after: Option<EpochMillis>,
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
            tenant_from: problems.pointer(spec.tenant_from.as_deref()),
            provider: match problems.provider(spec) {
                Some(provider) => provider,
                None => return Err(problems.all()),
            },
            direct: None,
        };
        let direct = problems.direct(spec.direct.as_ref(), &endpoint.provider);
        problems.store(spec);
        let endpoint = Self { direct, ..endpoint };
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

    /// The endpoint's name.
    #[must_use]
    pub fn id(&self) -> &EndpointId {
        &self.id
    }

    /// Who sends to it.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Whether it takes the secret that the provider hands over.
    #[must_use]
    pub fn capture(&self) -> &Capture {
        &self.capture
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

    /// The largest body it takes, in bytes.
    #[must_use]
    pub fn max_body_bytes(&self) -> usize {
        self.max_body_bytes
    }

    /// How it answers.
    #[must_use]
    pub fn success(&self) -> Success {
        self.success
    }

    /// Where its deliveries are until a worker has taken them.
    #[must_use]
    pub fn store(&self) -> Store {
        self.store
    }

    /// Where the signed body names the tenant.
    #[must_use]
    pub fn tenant_from(&self) -> Option<&str> {
        self.tenant_from.as_deref()
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

    /// Whether the URL with this tenant is registered.
    #[must_use]
    pub fn has(&self, tenant: Option<&TenantId>) -> bool {
        self.registered(tenant).is_some()
    }

    /// The secrets that are live at `at` for this tenant. `None`: the URL is not registered.
    #[must_use]
    pub fn secrets(&self, tenant: Option<&TenantId>, at: EpochMillis) -> Option<Vec<Secret>> {
        let registered = self.registered(tenant)?;
        let live = registered.iter().filter(|secret| secret.not_after.is_none_or(|end| at <= end));
        Some(live.map(|secret| secret.secret.clone()).collect())
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

/// The parser's own message can quote the text, and the text holds secrets.
fn unreadable(error: &serde_json::Error) -> String {
    let class = match error.classify() {
        serde_json::error::Category::Data => "it has an unknown, missing or mistyped field",
        _ => "it is not JSON",
    };
    format!("{class} (line {}, column {})", error.line(), error.column())
}

/// Collects problems while the parts are read.
struct Problems<'a> {
    endpoint: &'a EndpointId,
    found: Vec<String>,
}

impl<'a> Problems<'a> {
    fn with(endpoint: &'a EndpointId) -> Self {
        Self { endpoint, found: Vec::new() }
    }

    fn all(self) -> EndpointProblems {
        EndpointProblems { endpoint: self.endpoint.clone(), problems: self.found }
    }

    fn add(&mut self, problem: impl Into<String>) {
        self.found.push(problem.into());
    }

    fn keep<T, E: std::fmt::Display>(&mut self, what: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(format!("{what}: {error}"))).ok()
    }

    fn version(&mut self, version: u32) {
        if version != 1 {
            self.add(format!("version {version} is not known, only 1 is"));
        }
    }

    fn provider(&mut self, spec: &EndpointSpec) -> Option<Provider> {
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
        let configured = configured?;
        let missing = configured.settings().filter(|(_, one)| one.value.is_none() && !one.optional);
        for (name, setting) in missing {
            self.add(format!("setting {name:?} is missing: {}", setting.description));
        }
        Some(configured)
    }

    fn secrets(&mut self, place: &str, specs: &[SecretSpec]) -> Vec<LiveSecret> {
        specs.iter().filter_map(|spec| self.secret(place, spec)).collect()
    }

    fn secret(&mut self, place: &str, spec: &SecretSpec) -> Option<LiveSecret> {
        let what = format!("{place}, secret {:?}", spec.id);
        let not_after = spec.not_after.as_deref().and_then(|text| self.instant(&what, text));
        // An empty secret is no secret: anyone could sign with it. The others still count.
        match Secret::new(spec.id.as_str(), spec.value.as_str()) {
            Ok(secret) => Some(LiveSecret { secret, not_after }),
            Err(empty) => {
                tracing::error!(endpoint = %self.endpoint, place, error = %empty, "a secret is skipped");
                None
            }
        }
    }

    fn instant(&mut self, what: &str, text: &str) -> Option<EpochMillis> {
        let instant = text.parse::<Timestamp>();
        Some(EpochMillis::new(self.keep(what, instant)?.as_millisecond()))
    }

    fn tenants(
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

    fn accept(&mut self, events: &EventsSpec) -> Vec<Pattern> {
        match &events.accept {
            Some(listed) => self.patterns(listed),
            None => vec![Pattern::any()],
        }
    }

    fn patterns(&mut self, texts: &[String]) -> Vec<Pattern> {
        texts.iter().filter_map(|text| self.keep("event pattern", text.parse())).collect()
    }

    fn max_body_bytes(&mut self, asked: Option<usize>) -> usize {
        let limit = asked.unwrap_or(DEFAULT_MAX_BODY_BYTES);
        if limit == 0 || limit > BODY_CEILING_BYTES {
            self.add(format!("max_body_bytes must be from 1 to {BODY_CEILING_BYTES}"));
        }
        limit
    }

    fn direct(&mut self, spec: Option<&DirectSpec>, provider: &Provider) -> Option<Direct> {
        let checked = Direct::check(spec?, provider);
        let problems = |found: Vec<String>| {
            self.found.extend(found.into_iter().map(|problem| format!("direct: {problem}")));
        };
        checked.map_err(problems).ok()
    }

    fn store(&mut self, spec: &EndpointSpec) {
        if spec.store == Store::Inline && spec.direct.is_some() {
            self.add("store: a direct endpoint queues no message that could hold a delivery");
        }
    }

    fn pointer(&mut self, pointer: Option<&str>) -> Option<String> {
        if pointer.is_some_and(|pointer| !pointer.starts_with('/')) {
            self.add("tenant_from must be a JSON pointer such as \"/account\"");
        }
        pointer.map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> Result<Endpoint, Vec<String>> {
        let id = "stripe".parse().expect("a name");
        Endpoint::from_json(&id, json.as_bytes()).map_err(|problems| problems.problems)
    }

    #[test]
    fn the_documented_secret_is_a_usable_endpoint() {
        let endpoint = check(
            r#"{"version": 1, "provider": "github", "secrets": [{"id": "s1", "value": "..."}]}"#,
        )
        .expect("usable");
        assert_eq!(endpoint.provider().id(), "github");
        assert_eq!(endpoint.max_body_bytes(), 4_194_304);
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let problems = check(
            r#"{"version": 2, "provider": "nobody", "max_body_bytes": 99000000,
                "secrets": [{"id": "s1", "value": "x", "not_after": "soon"}],
                "tenants": {"a/b": {"secrets": []}}, "events": {"ignore": ["a*b"]}, "tenant_from": "account"}"#,
        )
        .expect_err("problems");
        assert_eq!(problems.len(), 8, "{problems:#?}");
    }

    #[test]
    fn what_a_provider_leaves_open_has_to_be_set_and_nothing_else() {
        let problems = |settings: &str| {
            let json = r#"{"version": 1, "provider": "generic-hmac", "settings": SETTINGS,
                "secrets": [{"id": "s1", "value": "x"}]}"#;
            check(&json.replace("SETTINGS", settings)).err().unwrap_or_default()
        };
        assert_eq!(problems(r#"{"header": "X-Signature"}"#), [""; 0]);
        let missing = problems("{}");
        assert!(missing[0].starts_with("setting \"header\" is missing"), "{missing:?}");
        let unknown = problems(r#"{"header": "X-Signature", "colour": "red"}"#);
        assert!(unknown[0].contains("has no setting colour"), "{unknown:?}");
    }

    #[test]
    fn a_secret_is_awaited_only_from_a_provider_that_hands_one_over() {
        let json = r#"{"version": 1, "provider": "asana", "capture": true}"#;
        assert!(matches!(check(json).expect("usable").capture(), Capture::Awaited));
        let problems = check(&json.replace("asana", "github")).expect_err("a problem");
        assert_eq!(problems, ["capture: the provider hands no secret over"]);
    }

    #[test]
    fn deliveries_are_objects_unless_their_endpoint_says_inline() {
        let store = |store: &str| {
            let json = r#"{"version": 1, "provider": "github", STORE
                "secrets": [{"id": "s1", "value": "x"}]}"#;
            check(&json.replace("STORE", store)).map(|endpoint| endpoint.store())
        };
        assert_eq!(store(""), Ok(Store::Object));
        assert_eq!(store(r#""store": "object","#), Ok(Store::Object));
        assert_eq!(store(r#""store": "inline","#), Ok(Store::Inline));
        assert!(store(r#""store": "queue","#).is_err());
        assert_eq!(
            store(r#""store": "inline", "direct": {"kind": "log"},"#),
            Err(vec![
                "store: a direct endpoint queues no message that could hold a delivery".to_owned()
            ])
        );
    }

    #[test]
    fn an_unreadable_endpoint_never_quotes_its_secret() {
        for json in [
            r#"{"version": 1, "provider": "github", "secrets": "hunter2"}"#,
            r#"{"version": 1, "provider": "github", "hunter2": 1}"#,
            "hunter2",
        ] {
            let problems = check(json).expect_err("not usable");
            assert!(!format!("{problems:?}").contains("hunter2"), "{problems:?}");
        }
    }

    #[test]
    fn an_empty_secret_is_no_secret() {
        let endpoint = check(
            r#"{"version": 1, "provider": "github", "secrets": [
                {"id": "s1", "value": " "}, {"id": "s2", "value": "x"}]}"#,
        )
        .expect("usable");
        let live = endpoint.secrets(None, EpochMillis::new(0)).expect("registered");
        assert_eq!(live.iter().map(Secret::id).collect::<Vec<_>>(), ["s2"]);
    }

    #[test]
    fn an_endpoint_without_own_secrets_serves_its_tenants_only() {
        let endpoint = check(
            r#"{"version": 1, "provider": "shopify",
                "tenants": {"acme": {"secrets": [{"id": "s1", "value": "x"}]}}}"#,
        )
        .expect("usable");
        let at = EpochMillis::new(0);
        assert!(endpoint.secrets(None, at).is_none());
        assert!(endpoint.secrets(Some(&"acme".parse().expect("a name")), at).is_some());
        assert!(endpoint.secrets(Some(&"other".parse().expect("a name")), at).is_none());
    }

    #[test]
    fn a_secret_is_not_tried_after_its_end() {
        let endpoint = check(
            r#"{"version": 1, "provider": "github", "secrets": [
                {"id": "old", "value": "x", "not_after": "2026-11-21T00:00:00Z"},
                {"id": "new", "value": "y"}]}"#,
        )
        .expect("usable");
        let live = |millis| endpoint.secrets(None, EpochMillis::new(millis)).expect("some").len();
        assert_eq!(live(1_795_219_200_000), 2);
        assert_eq!(live(1_795_219_200_001), 1);
    }

    #[test]
    fn the_ignore_list_wins_over_the_accept_list() {
        let endpoint = check(
            r#"{"version": 1, "provider": "github", "secrets": [{"id": "s1", "value": "x"}],
                "events": {"accept": ["push", "issues.*"], "ignore": ["issues.deleted"]}}"#,
        )
        .expect("usable");
        for (event_type, expected) in [
            ("push", Expected::Yes),
            ("issues.opened", Expected::Yes),
            ("issues.deleted", Expected::Ignored),
            ("star", Expected::No),
        ] {
            assert_eq!(endpoint.expects(&event_type.parse().expect("a type")), expected);
        }
    }
}
