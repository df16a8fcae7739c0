//! Whether the request is another provider's.

use hookdock_signature::describe::Definition;
use hookdock_signature::{Headers, Provider, Rejection, Secret, catalog, verify};

use crate::explain::case::Case;
use crate::explain::finding::{Check, Finding, Fit};
use crate::explain::trial::Draft;
use crate::input::SecretFile;

/// More names than these help nobody.
const MOST: usize = 4;

/// The providers whose scheme many others use under their own names.
const FAMILIES: [&str; 2] = ["standard-webhooks", "svix"];

/// The providers whose signature holds, or else those whose headers are there.
pub(crate) fn that_fit(case: &Case<'_>, check: Check) -> anyhow::Result<Option<Finding>> {
    let secrets = case.secrets.iter().map(SecretFile::secret);
    let secrets = secrets.collect::<anyhow::Result<Vec<_>>>()?;
    let ids = catalog::ids().filter(|id| *id != case.provider.id());
    let others: Vec<Provider> = ids.filter_map(catalog::find).collect();
    let request = case.request.request();
    let draft = |provider| Draft { provider, secrets: &secrets, request };
    let verified = named(others.iter().filter(|other| draft(other).is_match(case.now)));
    if !verified.is_empty() {
        return Ok(Some(Finding::OtherProviders { providers: verified, fit: Fit::Verifies }));
    }
    let like = if check == Check::Parts { alike(case, &others, &secrets) } else { Vec::new() };
    let found = Finding::OtherProviders { providers: like.clone(), fit: Fit::Headers };
    Ok((!like.is_empty()).then_some(found))
}

/// Those that find every part in the request, and only lack the secret: the ones with the most
/// headers of their own there.
fn alike(case: &Case<'_>, others: &[Provider], secrets: &[Secret]) -> Vec<String> {
    let request = case.request.request();
    let complete = others.iter().filter(|other| {
        let rejection = verify(other, secrets, &request, case.now).err();
        matches!(rejection, Some(Rejection::Mismatch | Rejection::MalformedSecret { .. }))
    });
    let scored = complete.map(|other| (score(other, case.headers()), other));
    let mut scored: Vec<_> = scored.filter(|(score, _)| *score > 0).collect();
    let best = scored.iter().map(|(score, _)| *score).max().unwrap_or_default();
    scored.retain(|(score, _)| *score == best);
    named(scored.into_iter().map(|(_, other)| other))
}

/// How many headers are there that this provider looks at. A token in `Authorization` is
/// everybody's.
fn score(other: &Provider, headers: &Headers) -> usize {
    let definition = Definition::of(other);
    let own =
        definition.headers().into_iter().filter(|name| !name.eq_ignore_ascii_case("authorization"));
    own.filter(|name| headers.contains(name)).count()
}

/// Where many are alike, those whose scheme the others use come first.
fn named<'a>(providers: impl Iterator<Item = &'a Provider>) -> Vec<String> {
    let mut ids: Vec<String> = providers.map(|provider| provider.id().to_owned()).collect();
    ids.sort_by_key(|id| !FAMILIES.contains(&&**id));
    ids.truncate(MOST);
    ids
}
