//! What `hookdock verify` found, for a person and for a program.

use hookdock_signature::{EpochMillis, Proof, Provider, Rejection};
use serde::Serialize;

use crate::explain::Finding;
use crate::input::rfc3339;
use crate::output;

/// Whether a request verifies, and why it does not.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    valid: bool,
    provider: String,
    scheme: &'static str,
    alternative: Option<String>,
    now: String,
    secret: Option<String>,
    signed_at: Option<String>,
    tolerance_seconds: Option<u32>,
    reason: Option<Reason>,
    /// What would be refused all the same, whatever the signature says.
    warnings: Vec<String>,
    findings: Vec<Told>,
}

#[derive(Debug, Serialize)]
struct Reason {
    code: &'static str,
    text: String,
}

/// A finding, and the words for it.
#[derive(Debug, Serialize)]
struct Told {
    label: &'static str,
    text: String,
    finding: Finding,
}

impl Told {
    fn of(finding: Finding) -> Self {
        Self { label: finding.label(), text: finding.to_string(), finding }
    }
}

impl Report {
    pub(crate) fn valid(provider: &Provider, proof: &Proof, now: EpochMillis) -> Self {
        Self {
            valid: true,
            scheme: proof.scheme(),
            alternative: proof.alternative().map(str::to_owned),
            secret: Some(proof.secret_id().to_owned()),
            signed_at: proof.provider_timestamp().map(rfc3339),
            tolerance_seconds: proof.tolerance_seconds(),
            ..Self::about(provider, now)
        }
    }

    /// Of a request that is signed in part it cannot be said that it is signed.
    pub(crate) fn partly_valid(provider: &Provider, proof: &Proof, now: EpochMillis) -> Self {
        let text = "the signature covers the first event of the batch alone; \
            ingest takes that one, and the others never run";
        let reason = Reason { code: "signed_in_part", text: text.to_owned() };
        Self { valid: false, reason: Some(reason), ..Self::valid(provider, proof, now) }
    }

    pub(crate) fn not_valid(
        provider: &Provider,
        rejection: &Rejection,
        now: EpochMillis,
        findings: Vec<Finding>,
    ) -> Self {
        let findings = findings.into_iter();
        Self {
            reason: Some(Reason { code: rejection.code(), text: rejection.to_string() }),
            findings: findings.map(Told::of).collect(),
            ..Self::about(provider, now)
        }
    }

    fn about(provider: &Provider, now: EpochMillis) -> Self {
        Self {
            valid: false,
            provider: provider.id().to_owned(),
            scheme: provider.scheme().name(),
            alternative: None,
            now: rfc3339(now),
            secret: None,
            signed_at: None,
            tolerance_seconds: provider.scheme().tolerance_seconds(),
            reason: None,
            warnings: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// The report on a request that came with this method.
    pub(crate) fn by(self, method: &str, provider: &Provider) -> Self {
        Self { warnings: warning(method, provider).into_iter().collect(), ..self }
    }

    /// The code of the refusal, if it is refused.
    pub(crate) fn code(&self) -> Option<&str> {
        self.reason.as_ref().map(|reason| reason.code)
    }

    pub(crate) const fn is_valid(&self) -> bool {
        self.valid
    }

    pub(crate) fn print(&self, json: bool) -> anyhow::Result<()> {
        if json { output::print_json(self) } else { output::print(&self.text()) }
    }

    pub(crate) fn text(&self) -> String {
        let lines = self.findings.iter().map(|told| format!("  {:<8} {}", told.label, told.text));
        let warnings = self.warnings.iter().map(|text| format!("  {:<8} {text}", "warning"));
        std::iter::once(self.verdict()).chain(warnings).chain(lines).collect::<Vec<_>>().join("\n")
    }

    fn verdict(&self) -> String {
        let (provider, scheme) = (&self.provider, self.scheme);
        match &self.reason {
            Some(reason) => {
                format!("not valid: {} ({}; {provider}, {scheme})", reason.text, reason.code)
            }
            None => {
                let secret = self.secret.as_deref().unwrap_or_default();
                let at = self.signed_at.as_ref().map(|at| format!(", signed at {at}"));
                let way = self.alternative.as_ref().map(|name| format!(" ({name})"));
                format!(
                    "valid: {provider}{}, {scheme}, secret {secret}{}",
                    way.unwrap_or_default(),
                    at.unwrap_or_default()
                )
            }
        }
    }
}

/// A method that Hookdock answers with a refusal before it looks at a signature.
fn warning(method: &str, provider: &Provider) -> Option<String> {
    let (methods, name) = (provider.methods(), provider.name());
    let method = method.escape_debug();
    let used = methods.join(", ");
    if !methods.iter().any(|used| *used == method.to_string()) {
        return Some(format!(
            "the method is {method}, and {name} uses {used}: Hookdock answers 405 and checks nothing"
        ));
    }
    (!provider.sends_events_by(&method.to_string())).then(|| {
        format!("with {method}, {name} sends handshakes only: Hookdock answers another request 400")
    })
}
