//! Definitions of the shapes that the first providers of the catalogue do not have.

/// Every scheme part of a definition, with its name.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let schemes = include_str!("schemes.toml").split("\n## ").skip(1);
    schemes.map(|scheme| scheme.split_once('\n').expect("a name on a line of its own"))
}

/// The scheme part of a definition.
pub(crate) fn scheme(name: &str) -> &'static str {
    let found = all().find(|(candidate, _)| *candidate == name);
    found.unwrap_or_else(|| panic!("no scheme {name}")).1
}
