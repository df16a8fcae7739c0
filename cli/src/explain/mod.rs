//! Why a request does not verify: findings as data, and their words.
//!
//! Nothing here holds a secret, an expected signature, a header's value or a part of the body:
//! only names, shapes, and which change would make the signature match.

mod body;
mod case;
mod changes;
mod finding;
mod form;
mod headers;
mod json;
mod others;
mod secret;
mod time;
mod trial;
mod url;
mod usual;
mod variant;
mod words;

use hookdock_signature::Rejection;
use hookdock_signature::describe::{Definition, Scheme};

pub(crate) use crate::explain::case::Case;
pub(crate) use crate::explain::finding::Finding;
use crate::explain::finding::{Check, Suspects};

/// What there is to say about a refusal, the surest first.
///
/// # Errors
///
/// A secret has no value.
pub(crate) fn explain(case: &Case<'_>, rejection: &Rejection) -> anyhow::Result<Vec<Finding>> {
    let definition = Definition::of(case.provider);
    let scheme = definition.scheme_of(case.headers());
    let check = Check::of(rejection, scheme);
    let mut findings = vec![Finding::Check { failed: check }];
    findings.extend(headers::facts(case, &definition));
    findings.extend(time::clock(case, &definition));
    findings.extend(headers::instead(case, &definition));
    if check != Check::Age {
        findings.extend(causes(case, &definition, check)?);
    }
    if !findings.iter().any(Finding::is_certain) {
        findings.push(Finding::UsualCause { cause: usual::cause(case.provider, rejection.code()) });
    }
    Ok(findings)
}

/// Changes that make the signature match, or else another provider, or else what looks odd.
fn causes(case: &Case<'_>, definition: &Definition, check: Check) -> anyhow::Result<Vec<Finding>> {
    if let Some(changes) = trial::first_match(case, definition)? {
        return Ok(vec![Finding::Match { changes }]);
    }
    let other = others::that_fit(case, check)?;
    if other.is_some() || check == Check::Parts {
        return Ok(other.into_iter().collect());
    }
    if check == Check::Secret {
        return Ok(secret::looks(case, definition));
    }
    let suspects = suspects(definition.scheme_of(case.headers()));
    let mut findings = vec![Finding::NoMatch { suspects }];
    findings.extend(url::tried(case));
    findings.extend(secret::looks(case, definition));
    findings.extend(body::looks(case).filter(|_| suspects == Suspects::SecretOrBody));
    Ok(findings)
}

fn suspects(scheme: &Scheme) -> Suspects {
    match (scheme.is_credential(), scheme.covers_whole_body()) {
        (true, _) => Suspects::Secret,
        (false, true) => Suspects::SecretOrBody,
        (false, false) => Suspects::SecretOrSigned,
    }
}
