//! Tries one change after the other, and pairs of them, until the signature matches.

use hookdock_signature::describe::{Definition, Scheme};
use hookdock_signature::{Headers, Provider, Rejection, Request, Secret, verify};

use crate::explain::{Case, Change, body, secret, time, url};

/// Pairs of changes are many; over a large body they would take too long.
const LARGEST_BODY_FOR_PAIRS: usize = 256 * 1024;

/// A change, and what it makes of a part of the request or of the secrets.
pub(crate) struct Variant {
    pub(crate) change: Change,
    pub(crate) part: Part,
}

/// What replaces a part.
pub(crate) enum Part {
    Body(Vec<u8>),
    /// The provider is the same but for how it reads a secret.
    Secret(Box<Provider>, Secret),
    Url(String),
    Headers(Headers),
}

/// What is verified, part by part.
#[derive(Clone, Copy)]
struct Draft<'a> {
    provider: &'a Provider,
    secrets: &'a [Secret],
    request: Request<'a>,
}

/// The first change, or pair of changes, with which the signature matches.
pub(crate) fn first_match(
    case: &Case<'_>,
    definition: &Definition,
) -> anyhow::Result<Option<Vec<Change>>> {
    let secrets = case.secrets.iter().map(crate::given::SecretFile::secret);
    let secrets = secrets.collect::<anyhow::Result<Vec<_>>>()?;
    let draft =
        Draft { provider: case.provider, secrets: &secrets, request: case.request.request() };
    let variants = variants(case, definition);
    let is_match = |draft: Draft<'_>| draft.is_match(case);
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
    if definition.schemes().any(|scheme| scheme.signs("{url")) {
        variants.extend(url::variants(&case.request.url));
    }
    variants.extend(time::in_the_right_unit(case, definition).map(|(from, to, headers)| Variant {
        change: Change::Time { from, to },
        part: Part::Headers(headers),
    }));
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
    fn is_match(&self, case: &Case<'_>) -> bool {
        signature_holds(self.provider, self.secrets, &self.request, case)
    }
}

/// Whether a signature is right, whatever its age.
pub(crate) fn signature_holds(
    provider: &Provider,
    secrets: &[Secret],
    request: &Request<'_>,
    case: &Case<'_>,
) -> bool {
    matches!(
        verify(provider, secrets, request, case.now),
        Ok(_) | Err(Rejection::Stale { .. } | Rejection::FromTheFuture { .. })
    )
}
