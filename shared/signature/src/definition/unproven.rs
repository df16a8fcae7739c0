//! How weak each scheme is.

use super::error::DefinitionError;
use super::jwt::{JwtRule, TokenPlace};
use super::provider::Provider;
use super::scheme::{Kind, Scheme};
use super::template::{Segment, Template};
use super::weakness::Weakness;

impl Provider {
    /// What the weakest of its schemes leaves unproven, since the sender chooses among them.
    /// Nothing: the body is proven, to the byte or by all that it says.
    ///
    /// ```
    /// use hookdock_signature::{Weakness, catalog};
    ///
    /// let weakness = |id| catalog::find(id).unwrap().weakness();
    /// assert_eq!(weakness("paypal"), Some(Weakness::Checksum));
    /// assert_eq!(weakness("gitlab"), Some(Weakness::UnsignedBody));
    /// assert_eq!(weakness("stripe"), None);
    /// ```
    #[must_use]
    pub fn weakness(&self) -> Option<Weakness> {
        self.schemes().filter_map(Scheme::weakness).max()
    }

    /// A definition may leave out how weak it is, and may not say it wrong.
    pub(super) fn check_weakness(&self, stated: Option<Weakness>) -> Result<(), DefinitionError> {
        let found = self.weakness();
        if stated.is_none() || stated == found {
            return Ok(());
        }
        let found = found.map_or("none", Weakness::as_str);
        Err(DefinitionError::new("weakness", format!("that of the schemes is {found}")))
    }
}

impl Scheme {
    /// What it leaves unproven.
    pub(crate) fn weakness(&self) -> Option<Weakness> {
        match &self.kind {
            Kind::Token(_) | Kind::Basic(_) => Some(Weakness::UnsignedBody),
            Kind::Jwt(rule) => rule.weakness(),
            Kind::Code(code) => code.module.weakness(),
            Kind::Shared(_) | Kind::Public(_) => self.template().and_then(Template::weakness),
        }
    }
}

impl JwtRule {
    fn weakness(&self) -> Option<Weakness> {
        let binds_body = match &self.place {
            TokenPlace::Header { .. } => self.claims.body_hash.is_some(),
            TokenPlace::Body | TokenPlace::Detached { .. } => true,
        };
        (!binds_body).then_some(Weakness::UnsignedBody)
    }
}

impl Template {
    fn weakness(&self) -> Option<Weakness> {
        let each = self.segments().iter().map(|segment| match segment {
            Segment::Body | Segment::BodySha256 => None,
            Segment::BodyCrc32 => Some(Weakness::Checksum),
            Segment::FirstItem
            | Segment::Sns
            | Segment::Json(_)
            | Segment::Form(_)
            | Segment::SortedForm => Some(Weakness::PartsOfBody),
            _ => Some(Weakness::UnsignedBody),
        });
        each.reduce(Option::min).flatten()
    }
}
