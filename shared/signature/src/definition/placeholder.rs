//! Texts with placeholders in them, such as `{challenge}`.

use super::error::DefinitionError;

/// A part of such a text.
pub(super) enum Piece<'t> {
    /// As it stands, and never empty.
    Literal(&'t str),
    /// What is between two braces.
    Name(&'t str),
}

/// The parts of the text, each as `read` takes it.
pub(super) fn pieces<'t, P>(
    text: &'t str,
    field: &str,
    read: impl FnMut(Piece<'t>) -> Result<P, DefinitionError>,
) -> Result<Vec<P>, DefinitionError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((literal, after)) = rest.split_once('{') {
        let closed = after.split_once('}');
        let (name, tail) =
            closed.ok_or_else(|| DefinitionError::new(field, "a { is not closed"))?;
        pieces.extend([Piece::Literal(literal), Piece::Name(name)]);
        rest = tail;
    }
    pieces.push(Piece::Literal(rest));
    pieces.retain(|piece| !matches!(piece, Piece::Literal("")));
    pieces.into_iter().map(read).collect()
}

/// That no placeholder is called so.
pub(super) fn unknown(name: &str, field: &str) -> DefinitionError {
    DefinitionError::new(field, format!("{{{name}}} is not a placeholder"))
}
