//! Tries one change after the other, and pairs of them, until the signature matches.

use hookdock_signature::describe::{Definition, Scheme};
use hookdock_signature::{EpochMillis, Provider, Rejection, Request, Secret, verify};

use crate::explain::case::Case;
use crate::explain::changes::Change;
use crate::explain::variant::{Part, Variant};
use crate::explain::{body, secret, time, url};

/// Pairs of changes are many; over a large body they would take too long.
const LARGEST_BODY_FOR_PAIRS: usize = 256 * 1024;

/// What is verified, part by part.
#[derive(Clone, Copy)]
pub(crate) struct Draft<'a> {
    pub(crate) provider: &'a Provider,
    pub(crate) secrets: &'a [Secret],
    pub(crate) request: Request<'a>,
}

/// The first change, or pair of changes, with which the signature matches.
pub(crate) fn first_match(
    case: &Case<'_>,
    definition: &Definition,
) -> anyhow::Result<Option<Vec<Change>>> {
    let secrets = case.secrets.iter().map(crate::input::SecretFile::secret);
    let secrets = secrets.collect::<anyhow::Result<Vec<_>>>()?;
    let draft =
        Draft { provider: case.provider, secrets: &secrets, request: case.request.request() };
    let variants = variants(case, definition);
    let is_match = |draft: Draft<'_>| draft.is_match(case.now);
    if let Some(one) = variants.iter().find(|one| is_match(draft.with(&one.part))) {
        return Ok(Some(vec![one.change.clone()]));
    }
    if case.request.body.len() > LARGEST_BODY_FOR_PAIRS {
        return Ok(None);
    }
    let both = |(one, two): &(&Variant, &Variant)| is_match(draft.with(&one.part).with(&two.part));
    let found = pairs(&variants).find(both);
    Ok(found.map(|(one, two)| vec![one.change.clone(), two.change.clone()]))
}

fn variants(case: &Case<'_>, definition: &Definition) -> Vec<Variant> {
    let mut variants = Vec::new();
    if definition.schemes().any(Scheme::covers_body) {
        variants.extend(body::variants(&case.request.body));
    }
    variants.extend(secret::variants(case, definition));
    if case.provider.signs_url() {
        variants.extend(url::forwarded(&case.request.url, case.headers()));
        variants.extend(url::variants(&case.request.url));
    }
    variants.extend(time::variant(case, definition));
    variants
}

/// Every two variants that change different things.
fn pairs(variants: &[Variant]) -> impl Iterator<Item = (&Variant, &Variant)> {
    variants.iter().enumerate().flat_map(move |(index, one)| {
        let later = variants.iter().skip(index + 1);
        let apart =
            |two: &&Variant| std::mem::discriminant(&one.part) != std::mem::discriminant(&two.part);
        later.filter(move |two| apart(two)).map(move |two| (one, two))
    })
}

impl<'a> Draft<'a> {
    fn with(mut self, part: &'a Part) -> Self {
        match part {
            Part::Body(body) => self.request.body = body,
            Part::Url(url) => self.request.url = url,
            Part::Headers(headers) => self.request.headers = headers,
            Part::Secret(provider, secret) => {
                self.provider = provider;
                self.secrets = std::slice::from_ref(secret);
            }
        }
        self
    }

    /// Whether the signature is right, whatever its age.
    pub(crate) fn is_match(&self, now: EpochMillis) -> bool {
        matches!(
            verify(self.provider, self.secrets, &self.request, now),
            Ok(_) | Err(Rejection::Stale { .. } | Rejection::FromTheFuture { .. })
        )
    }
}
