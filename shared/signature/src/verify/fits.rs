//! Whether a secret can be used at all, before any request comes.

#[cfg(feature = "public-key")]
use crate::definition::scheme::KeyFrom;
use crate::definition::scheme::{Kind, Public};
#[cfg(feature = "public-key")]
use crate::verify::public_key::PublicKey;
use crate::{Provider, Scheme, Secret};

/// Whether one of the provider's schemes could use the secret: whether it has the form of a key.
/// It says nothing about whether it is the right one.
///
/// ```
/// use hookdock_signature::{Secret, catalog, secret_fits};
///
/// let svix = catalog::find("svix").unwrap();
/// assert!(secret_fits(&svix, &Secret::new("s1", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?));
/// assert!(!secret_fits(&svix, &Secret::new("s2", "whsec_not base64")?));
/// # Ok::<(), hookdock_signature::EmptySecret>(())
/// ```
#[must_use]
pub fn secret_fits(provider: &Provider, secret: &Secret) -> bool {
    provider.schemes().any(|scheme| fits(scheme, secret.expose()))
}

fn fits(scheme: &Scheme, text: &str) -> bool {
    match &scheme.kind {
        Kind::Shared(shared) => shared.key.key(text).is_some(),
        Kind::Code(code) => code.module.key().key(text).is_some(),
        Kind::Public(public) => is_public_key(public, text),
        // A token says itself which of the pinned algorithms it is signed with.
        Kind::Jwt(_) | Kind::Token(_) | Kind::Basic(_) => true,
    }
}

#[cfg(feature = "public-key")]
fn is_public_key(public: &Public, text: &str) -> bool {
    match &public.key {
        KeyFrom::Secret(rule) => PublicKey::from_text(public.algorithm, rule, text).is_some(),
        KeyFrom::Provider(_) => true,
    }
}

#[cfg(not(feature = "public-key"))]
fn is_public_key(_: &Public, _: &str) -> bool {
    true
}
