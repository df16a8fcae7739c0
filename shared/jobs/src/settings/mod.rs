//! The settings of all jobs, in one document.
//!
//! On AWS it is one secret in JSON, `{stack}/jobs`; for `hookdock dev --jobs FILE` it is TOML:
//!
//! ```toml
//! version = 1
//!
//! [fulfil_order]
//! seller = "Example Ltd, 1 High Street, Dublin"
//! crm = { url = "https://crm.example.com/api", token = "..." }
//!
//! [triage_ticket]
//! zendesk = { url = "https://example.zendesk.com", user = "bot@example.com", token = "..." }
//! slack = "https://hooks.slack.com/services/..."
//!
//! [sync_customer]
//! crm = { url = "https://crm.example.com/api", token = "..." }
//!
//! [send_notification.pushes]
//! endpoint = "github"
//! events = ["push"]
//! show = ["/repository/full_name", "/ref"]
//! to = { slack = "https://hooks.slack.com/services/..." }
//!
//! [deliver.orders]
//! endpoint = "stripe"
//! events = ["checkout.*"]
//! to = { http = "https://api.example.com/hooks", signing_secret = "whsec_..." }
//! ```
//!
//! A job without its settings is off. [`infra/jobs.example.toml`] shows every setting.
//!
//! [`infra/jobs.example.toml`]: https://github.com/hookdock/hookdock/blob/main/infra/jobs.example.toml

mod values;

use std::collections::BTreeMap;
use std::time::Duration;

use hookdock_pipeline::ledger::breaker::BreakerPolicy;
use hookdock_pipeline::model::misfit::reason;
use hookdock_pipeline::model::pattern::Pattern;
use serde::Deserialize;
pub use values::{JobPart, Token, Url};

/// The settings of all jobs.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The version of the document's form.
    version: Version,
    /// A paid checkout becomes an order. Without settings it is on, and sends nothing to a CRM.
    #[serde(default)]
    pub fulfil_order: FulfilOrder,
    /// A new ticket is sorted by a model.
    pub triage_ticket: Option<TriageTicket>,
    /// A customer that changed is written to a CRM.
    pub sync_customer: Option<SyncCustomer>,
    /// Events that people are told of, by the name of the notification.
    #[serde(default)]
    pub send_notification: BTreeMap<JobPart, Notification>,
    /// Events that are sent on to where the code already is, by the name of the destination.
    #[serde(default)]
    pub deliver: BTreeMap<JobPart, Destination>,
}

/// Version 1, which is all there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
struct Version;

/// The settings of `fulfil_order`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FulfilOrder {
    /// Who sells, as the invoice says it.
    #[serde(default)]
    pub seller: String,
    /// The CRM that is told of orders.
    pub crm: Option<Api>,
    /// Whether the CRM and the customer are told of an order in Stripe's test mode too, which
    /// nobody paid. It is kept in any case, among the `test-orders`.
    #[serde(default)]
    pub tell_of_test_orders: bool,
}

/// The settings of `triage_ticket`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriageTicket {
    /// Where the ticket is read.
    pub zendesk: Zendesk,
    /// The incoming webhook of the channel that is told.
    pub slack: Url,
    /// How sure the model has to be, from 0 to 1; what it is less sure of goes to people.
    #[serde(default = "default_confidence")]
    pub confidence: f64,
    /// How many tokens one ticket may cost.
    #[serde(default)]
    pub tokens: TokenBudget,
}

/// How many tokens one ticket may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenBudget {
    /// What is read of the ticket, reckoned at four bytes a token; the rest is cut off.
    pub read: u32,
    /// What the model may write.
    pub write: u32,
}

/// The settings of `sync_customer`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncCustomer {
    /// The CRM that customers are written to.
    pub crm: Api,
    /// How long nothing newer has to come for a customer before it is written.
    #[serde(default = "default_debounce")]
    pub quiet_seconds: u64,
    /// How long that goes on at most.
    #[serde(default = "default_longest_debounce")]
    pub longest_quiet_seconds: u64,
}

/// One notification.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notification {
    /// The endpoints; a pattern such as `shop-*`.
    pub endpoint: Pattern,
    /// The event types; every one where none is named.
    #[serde(default)]
    pub events: Vec<Pattern>,
    /// What is shown of a JSON body: JSON pointers such as `/repository/full_name`.
    #[serde(default)]
    pub show: Vec<String>,
    /// Whom it goes to.
    pub to: Target,
}

/// Whom a notification goes to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    /// The incoming webhook of a Slack channel.
    Slack(Url),
    /// An e-mail address.
    Email(String),
    /// The stack's topic: `to = { topic = {} }`.
    Topic {},
}

/// Where events are sent on to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// The endpoints; a pattern such as `shop-*`.
    pub endpoint: Pattern,
    /// The event types; every one where none is named.
    #[serde(default)]
    pub events: Vec<Pattern>,
    /// Who takes them.
    pub to: HttpTarget,
}

/// An HTTP server that takes events, signed as Standard Webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpTarget {
    /// Its URL.
    pub http: Url,
    /// What signs, such as `whsec_...`: base64 of 24 to 64 bytes.
    pub signing_secret: Token,
    /// What signed before, and still signs beside it while receivers change over.
    #[serde(default)]
    pub previous_secret: Option<Token>,
}

impl HttpTarget {
    /// What signs, the present secret first.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Token> {
        std::iter::once(&self.signing_secret).chain(&self.previous_secret)
    }
}

/// An API, and the token it is called with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Where its paths begin.
    pub url: Url,
    /// Its bearer token.
    pub token: Token,
    /// When it is left alone.
    #[serde(default)]
    pub breaker: BreakerPolicy,
}

/// A Zendesk account, and whom we are there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zendesk {
    /// The account's own address.
    pub url: Url,
    /// The agent's address.
    pub user: String,
    /// The agent's API token.
    pub token: Token,
    /// When it is left alone.
    #[serde(default)]
    pub breaker: BreakerPolicy,
}

/// Why the settings cannot be used. Neither form quotes a value: they hold secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the jobs' settings are not right at line {line}, column {column}: {key}: {reason}")]
pub struct UnusableSettings {
    line: usize,
    column: usize,
    /// From the document's top, which is a dot.
    key: String,
    reason: String,
}

impl UnusableSettings {
    fn at(key: &str, error: &serde_json::Error) -> Self {
        Self {
            line: error.line(),
            column: error.column(),
            key: key.escape_debug().to_string(),
            reason: reason(&error.to_string()),
        }
    }
}

impl Settings {
    /// Reads the document in JSON.
    ///
    /// # Errors
    ///
    /// Where it is not one that can be used.
    pub fn from_json(text: &str) -> Result<Self, UnusableSettings> {
        let mut json = serde_json::Deserializer::from_str(text);
        let settings = serde_path_to_error::deserialize(&mut json)
            .map_err(|error| UnusableSettings::at(&error.path().to_string(), error.inner()))?;
        json.end().map_err(|error| UnusableSettings::at(".", &error))?;
        Ok(settings)
    }
}

impl SyncCustomer {
    /// How long nothing newer has to come, and how long that goes on at most.
    #[must_use]
    pub fn debounce(&self) -> (Duration, Duration) {
        let seconds = Duration::from_secs;
        (seconds(self.quiet_seconds), seconds(self.longest_quiet_seconds))
    }
}

impl Default for TokenBudget {
    fn default() -> Self {
        Self { read: 8_000, write: 1_000 }
    }
}

fn default_debounce() -> u64 {
    5
}

fn default_longest_debounce() -> u64 {
    60
}

fn default_confidence() -> f64 {
    0.7
}

impl TryFrom<u32> for Version {
    type Error = &'static str;

    fn try_from(version: u32) -> Result<Self, Self::Error> {
        if version == 1 { Ok(Self) } else { Err("this code reads version 1") }
    }
}
