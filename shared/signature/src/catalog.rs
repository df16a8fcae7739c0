//! The providers that come with the crate.

use crate::Provider;

/// One definition per file, sorted by id; see `build.rs`.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/catalog.rs"));

/// Looks a provider up and parses its definition, and no other one.
///
/// ```
/// use hookdock_signature::catalog;
///
/// assert_eq!(catalog::find("stripe").unwrap().name(), "Stripe");
/// assert!(catalog::find("nobody").is_none());
/// ```
#[must_use]
pub fn find(id: &str) -> Option<Provider> {
    // A file that does not parse is caught by a test, so it cannot be shipped.
    text(id)?.parse().ok()
}

/// The text of a definition, comments included.
#[must_use]
pub fn text(id: &str) -> Option<&'static str> {
    let index = FILES.binary_search_by_key(&id, |(id, _)| id).ok()?;
    FILES.get(index).map(|(_, text)| *text)
}

/// The ids of all definitions, sorted.
///
/// ```
/// use hookdock_signature::catalog;
///
/// let named: Vec<_> = catalog::ids().filter(|id| id.starts_with("standard-")).collect();
/// assert_eq!(named, ["standard-webhooks", "standard-webhooks-asym"]);
/// ```
pub fn ids() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(id, _)| *id)
}
