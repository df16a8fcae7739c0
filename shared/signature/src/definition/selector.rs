//! Where an event's id and type are.

use derive_more::Display;

use super::error::DefinitionError;
use super::jwt::JwtRule;
use super::path::JsonPath;
use super::scheme::Scheme;
use super::sns;
use super::template::{Segment, Template};

/// Where a provider puts an event's id or type.
///
/// A list of parts, joined by dots: GitHub's type is a header and, where the
/// body has one, an action. The first part has to be there. Later parts of a type
/// may be missing; those of an id may not, because different events would share
/// what is left.
#[derive(Clone, Debug, Display)]
// As in the definition, the parts joined by ` + `.
#[display("{}", self.texts().join(" + "))]
pub struct Selector {
    pub(crate) parts: Vec<Part>,
    pub(crate) needs: Needs,
}

/// Which parts have to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    First,
    Every,
}

#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Tried in order.
    pub(crate) places: Vec<Place>,
}

#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) origin: Origin,
    pub(crate) covered: bool,
}

#[derive(Clone, Debug, Display)]
pub(crate) enum Origin {
    #[display("header:{_0}")]
    Header(String),
    #[display("query:{_0}")]
    Query(String),
    #[display("json:{_0}")]
    Json(JsonPath),
    #[display("form:{_0}")]
    Form(String),
    /// In the item that is read, where a request carries several.
    #[display("item:{_0}")]
    Item(JsonPath),
    /// In the element of an array that the item is in.
    #[display("outer:{_0}")]
    Outer(JsonPath),
    /// Not a value, but the name of a member of the body.
    #[display("member:{_0}")]
    Member(Which),
    /// In the token that the body is.
    #[display("claim:{_0}")]
    Claim(JsonPath),
}

/// Which member of the body: the first that fits, by name.
#[derive(Clone, Debug, Display, PartialEq, Eq)]
pub(crate) enum Which {
    #[display("*{_0}")]
    EndsWith(String),
    #[display("!{_0}")]
    Not(String),
}

/// What a selector may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    Request,
    Item,
    Outer,
}

impl Selector {
    /// Whether the provider's signature covers every place the value is looked for in.
    ///
    /// ```
    /// use hookdock_signature::catalog;
    ///
    /// assert!(catalog::find("stripe").unwrap().event_id().unwrap().is_covered());
    /// assert!(!catalog::find("github").unwrap().event_id().unwrap().is_covered());
    /// ```
    #[must_use]
    pub fn is_covered(&self) -> bool {
        self.parts.iter().flat_map(|part| &part.places).all(|place| place.covered)
    }

    /// Whether every place the value is looked for in is in the body, so that it is the same
    /// wherever the bytes are.
    #[must_use]
    pub fn is_in_body(&self) -> bool {
        self.origins().all(|origin| !matches!(origin, Origin::Header(_) | Origin::Query(_)))
    }

    pub(crate) fn origins(&self) -> impl Iterator<Item = &Origin> {
        self.parts.iter().flat_map(|part| &part.places).map(|place| &place.origin)
    }

    /// The parts, as in the definition.
    pub(crate) fn texts(&self) -> Vec<String> {
        let parts = self.parts.iter().map(|part| {
            let places: Vec<_> = part.places.iter().map(|place| place.origin.to_string()).collect();
            places.join(" or ")
        });
        parts.collect()
    }

    /// Reads the text form: `header:NAME`, `json:PATH`, `form:NAME`, `query:NAME`,
    /// `member:*SUFFIX`, `member:!NAME`, for items also `item:PATH` and `outer:PATH`;
    /// several of them tried in order with ` or ` between them.
    pub(crate) fn parse(
        parts: &[String],
        needs: Needs,
        reach: Reach,
        schemes: &[&Scheme],
        field: &str,
    ) -> Result<Self, DefinitionError> {
        if parts.is_empty() {
            return Err(DefinitionError::new(field, "no place is named"));
        }
        let parts = parts.iter().map(|part| Part::parse(part, reach, schemes, field));
        parts.collect::<Result<_, _>>().map(|parts| Self { parts, needs })
    }
}

impl Part {
    fn parse(
        text: &str,
        reach: Reach,
        schemes: &[&Scheme],
        field: &str,
    ) -> Result<Self, DefinitionError> {
        let origins = text.split(" or ").map(|place| {
            let origin = Origin::parse(place.trim(), field)?;
            if origin.reach() > reach {
                return Err(DefinitionError::new(field, format!("{origin} means nothing here")));
            }
            Ok(origin)
        });
        let origins = origins.collect::<Result<Vec<_>, _>>()?;
        let covered: Vec<bool> = (0..origins.len())
            .map(|index| {
                schemes.iter().all(|scheme| {
                    let before = origins.iter().take(index);
                    origins.get(index).is_some_and(|origin| origin.is_safe(scheme, before))
                })
            })
            .collect();
        let places = origins.into_iter().zip(covered);
        let places = places.map(|(origin, covered)| Place { origin, covered }).collect();
        Ok(Self { places })
    }
}

impl Origin {
    fn parse(text: &str, field: &str) -> Result<Self, DefinitionError> {
        let unknown = || DefinitionError::new(field, format!("{text:?} names no place"));
        match text.split_once(':').ok_or_else(unknown)? {
            (_, "") => Err(unknown()),
            ("header", name) => Ok(Self::Header(name.to_owned())),
            ("query", name) => Ok(Self::Query(name.to_owned())),
            ("json", path) => Ok(Self::Json(JsonPath::single(path, field)?)),
            ("form", name) => Ok(Self::Form(name.to_owned())),
            ("item", path) => Ok(Self::Item(JsonPath::single(path, field)?)),
            ("outer", path) => Ok(Self::Outer(JsonPath::single(path, field)?)),
            ("member", which) => Which::parse(which).map(Self::Member).ok_or_else(unknown),
            ("claim", path) => Ok(Self::Claim(JsonPath::single(path, field)?)),
            _ => Err(unknown()),
        }
    }

    pub(crate) const fn reach(&self) -> Reach {
        match self {
            Self::Header(_)
            | Self::Query(_)
            | Self::Json(_)
            | Self::Form(_)
            | Self::Claim(_)
            | Self::Member(_) => Reach::Request,
            Self::Item(_) => Reach::Item,
            Self::Outer(_) => Reach::Outer,
        }
    }

    /// Whether a request that the scheme accepts cannot have been given another value here: it is
    /// signed, or it cannot be there, or a place before it is always there.
    fn is_safe<'o>(&'o self, scheme: &Scheme, mut before: impl Iterator<Item = &'o Self>) -> bool {
        self.is_covered_by(scheme)
            || self.is_excluded_by(scheme)
            || before
                .any(|origin| matches!(origin, Self::Header(_)) && origin.is_covered_by(scheme))
    }

    fn is_excluded_by(&self, scheme: &Scheme) -> bool {
        match self {
            Self::Header(name) => scheme.when.as_ref().is_some_and(|when| when.excludes(name)),
            _ => false,
        }
    }

    /// A token that is the body is signed with all that it says.
    fn is_covered_by(&self, scheme: &Scheme) -> bool {
        match self {
            Self::Claim(_) => scheme.token().is_some_and(JwtRule::is_body),
            _ => self.is_covered(scheme.template()),
        }
    }

    /// `{sorted_form}` does not count: names and values run together in it, so
    /// the same signed bytes can be cut into other fields.
    fn is_covered(&self, message: Option<&Template>) -> bool {
        let Some(message) = message else { return false };
        message.segments().iter().any(|segment| match (self, segment) {
            (Self::Header(name), Segment::Header(signed)) => signed.eq_ignore_ascii_case(name),
            (Self::Header(_), _) => false,
            (Self::Query(_), segment) => matches!(segment, Segment::Url),
            (_, Segment::Body | Segment::BodySha256) => true,
            // Other items do not count as signed where only the first is.
            (Self::Json(_) | Self::Item(_), Segment::FirstItem) => true,
            (Self::Json(path), Segment::Json(signed)) => signed == path,
            (Self::Json(path), Segment::Sns) => sns::is_signed(&path.to_string()),
            (Self::Form(name), Segment::Form(signed)) => signed == name,
            _ => false,
        })
    }
}

impl Which {
    fn parse(text: &str) -> Option<Self> {
        let end = text.strip_prefix('*').map(|end| Self::EndsWith(end.to_owned()));
        end.or_else(|| Some(Self::Not(text.strip_prefix('!')?.to_owned())))
    }
}
