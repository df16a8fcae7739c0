//! Checks of `[[alternatives]]`.

use crate::definition::check::place::Place;
use crate::definition::error::DefinitionError;
use crate::definition::file::{AlternativeToml, RenameToml, SchemeToml, WhenToml};
use crate::definition::scheme::{Kind, Scheme, When, WhenTest};

type Result<T> = std::result::Result<T, DefinitionError>;

/// `kind` reads the scheme of one.
pub(super) fn alternatives(
    raw: Vec<AlternativeToml>,
    main: &SchemeToml,
    kind: fn(&SchemeToml, Place) -> Result<Kind>,
) -> Result<Vec<Scheme>> {
    raw.into_iter()
        .enumerate()
        .map(|(index, raw)| {
            let place = Place::new(format!("alternatives[{index}]"));
            let scheme = raw.scheme.or(main);
            let scheme = match &raw.rename {
                Some(rename) => renamed(scheme, rename, &place)?,
                None => scheme,
            };
            let kind = kind(&scheme, place.at("scheme"))?;
            let when = when(raw.when, raw.rename, &place)?;
            Ok(Scheme { alternative: Some(raw.name), when, kind })
        })
        .collect()
}

/// The same scheme under other headers.
fn renamed(mut scheme: SchemeToml, rename: &RenameToml, place: &Place) -> Result<SchemeToml> {
    let RenameToml { from, to } = rename;
    let name = |text: &str| text.strip_prefix(&**from).map(|rest| format!("{to}{rest}"));
    let signature = scheme.signature.as_mut().and_then(|signature| signature.name.as_mut());
    match signature.and_then(|signature| Some((name(signature)?, signature))) {
        Some((renamed, signature)) => *signature = renamed,
        None => return Err(place.error("rename", "renames nothing")),
    }
    let time = scheme.timestamp.as_mut().map(|timestamp| &mut timestamp.name);
    if let Some((renamed, time)) = time.and_then(|time| Some((name(time)?, time))) {
        *time = renamed;
    }
    let header = |prefix: &str| format!("{{header:{prefix}");
    scheme.message = scheme.message.map(|message| message.replace(&header(from), &header(to)));
    Ok(scheme)
}

fn when(raw: Option<WhenToml>, rename: Option<RenameToml>, place: &Place) -> Result<Option<When>> {
    match (raw, rename) {
        (None, None) => Ok(None),
        (Some(raw), None) => on_header(raw, place).map(Some),
        // Else a captured request could be sent with the other names beside the signed ones.
        (None, Some(rename)) => Ok(Some(When { header: rename.from, test: WhenTest::NoneWith })),
        (Some(_), Some(_)) => Err(place.error("when", "rename has a condition of its own")),
    }
}

fn on_header(raw: WhenToml, place: &Place) -> Result<When> {
    let test = match (raw.equals, raw.starts_with) {
        (None, None) => WhenTest::Present,
        (Some(text), None) => WhenTest::Equals(text),
        (None, Some(text)) => WhenTest::StartsWith(text),
        (Some(_), Some(_)) => {
            return Err(place.error("when", "equals or starts_with, not both"));
        }
    };
    Ok(When { header: raw.header, test })
}
