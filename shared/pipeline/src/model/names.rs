//! Names and identifiers: each is its own type and can only be made from text that fits its grammar.

use std::str::FromStr;

use derive_more::{Display, Into};
use hookdock_signature::EpochMillis;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Builder;

pub use crate::model::body_digest::BodyDigest;
pub use crate::model::invalid_name::InvalidName;

/// Makes a checked string type: private field, `FromStr`, serde through the same check.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $grammar:literal, $fits:expr) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Display, Into, Serialize, Deserialize,
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                let fits: fn(&str) -> bool = $fits;
                if fits(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidName { kind: $kind, grammar: $grammar })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                text.parse()
            }
        }
    };
}

name! {
    /// The name of one registered URL: the `{endpoint}` of `/webhooks/{endpoint}`.
    EndpointId,
    "an endpoint name",
    "1 to 63 lower-case letters, digits and dashes, starting with a letter or digit",
    |text| is_label(text, 63)
}

name! {
    /// The tenant of a delivery: the `{tenant}` of `/webhooks/{endpoint}/{tenant}`.
    TenantId,
    "a tenant name",
    "1 to 128 letters, digits, dots, dashes and underscores, and anything else percent-encoded",
    |text| bounded(text, 128) && is_percent_encoded(text)
}

/// What is written as `%` and two hexadecimal digits in a tenant name.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

impl TenantId {
    /// The tenant that a value of a body names, such as `wksp_1/acct_1`, which a URL would name as
    /// `wksp_1%2Facct_1`. `None`: it is empty, or longer than a name may be.
    #[must_use]
    pub fn of_value(value: &str) -> Option<Self> {
        utf8_percent_encode(value, ESCAPED).to_string().parse().ok()
    }
}

name! {
    /// The name of a job, as registered.
    JobName,
    "a job name",
    "1 to 63 lower-case letters, digits, dashes and underscores, starting with a letter or digit",
    |text| is_label(&text.replace('_', "-"), 63)
}

name! {
    /// The name of a step, unique within its job.
    StepName,
    "a step name",
    "1 to 63 lower-case letters, digits, dashes and underscores, starting with a letter or digit",
    |text| is_label(&text.replace('_', "-"), 63)
}

name! {
    /// The version of the code that makes attempts, as the operator calls it.
    CodeVersion,
    "a code version",
    "1 to 64 letters, digits, dots, dashes, underscores and pluses",
    |text| bounded(text, 64)
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_+".contains(&b))
}

name! {
    /// The provider's own id of an event.
    EventId,
    "an event id",
    "1 to 256 printable characters",
    |text| is_printable(text, 256)
}

name! {
    /// The provider's name for what happened, such as `checkout.session.completed`.
    EventType,
    "an event type",
    "1 to 256 printable characters",
    |text| is_printable(text, 256)
}

name! {
    /// The id of one delivery: `dlv_` and a time-ordered UUID without dashes.
    DeliveryId,
    "a delivery id",
    "dlv_ and 32 hexadecimal digits",
    |text| text.strip_prefix("dlv_").is_some_and(|rest| is_hex(rest, 32))
}

name! {
    /// The id of an operation, the things that a person did at once: `op_` and a time-ordered UUID.
    OperationId,
    "an operation's id",
    "op_ and 32 hexadecimal digits",
    |text| text.strip_prefix("op_").is_some_and(|rest| is_hex(rest, 32))
}

name! {
    /// What makes an event the same event: a digest over its tenant, its id and, where the
    /// provider does not sign the id, its body. Unique within an endpoint.
    EventKey,
    "an event key",
    "64 hexadecimal digits",
    |text| is_hex(text, 64)
}

name! {
    /// The token a worker claims a run with.
    Owner,
    "an owner token",
    "32 hexadecimal digits",
    |text| is_hex(text, 32)
}

name! {
    /// The name of something that jobs call and that can be down, such as `crm`.
    DependencyName,
    "a dependency's name",
    "1 to 63 lower-case letters, digits, dashes and underscores, starting with a letter or digit",
    |text| is_label(&text.replace('_', "-"), 63)
}

name! {
    /// The name of a cell: what kind it is, our own name for whose it is, and a digest of what it
    /// is about. Nothing a sender wrote is in it.
    CellName,
    "a cell's name",
    "a kind and a name of lower-case letters, digits, dashes and underscores, and 64 hexadecimal \
     digits, with # between them",
    is_cell_name
}

name! {
    /// What one write of a cell is told from all others by.
    CellTag,
    "a cell's tag",
    "32 hexadecimal digits",
    |text| is_hex(text, 32)
}

impl DeliveryId {
    /// An id for a delivery received at `at`; ids sort by that time.
    #[must_use]
    pub fn new(at: EpochMillis, random: u128) -> Self {
        Self(format!("dlv_{}", time_ordered(at, random)))
    }

    /// When the delivery was received, to the millisecond.
    #[must_use]
    pub fn received_at(&self) -> EpochMillis {
        time_of(&self.0)
    }
}

impl OperationId {
    /// An id for an operation that a person begins at `at`; ids sort by that time.
    #[must_use]
    pub fn new(at: EpochMillis, random: u128) -> Self {
        Self(format!("op_{}", time_ordered(at, random)))
    }

    /// When it began, to the millisecond.
    #[must_use]
    pub fn begun_at(&self) -> EpochMillis {
        time_of(&self.0)
    }
}

/// A UUID, version 7: its first 48 bits are milliseconds since the epoch.
fn time_ordered(at: EpochMillis, random: u128) -> uuid::fmt::Simple {
    let [a, b, c, d, e, f, g, h, i, j, ..] = random.to_be_bytes();
    let millis = u64::try_from(at.get()).unwrap_or_default();
    let id = Builder::from_unix_timestamp_millis(millis, &[a, b, c, d, e, f, g, h, i, j]);
    id.into_uuid().simple()
}

/// The time in an id of some letters, `_` and such a UUID.
fn time_of(id: &str) -> EpochMillis {
    let digits = id.split_once('_').and_then(|(_, digits)| digits.get(..12));
    let millis = digits.and_then(|digits| i64::from_str_radix(digits, 16).ok());
    EpochMillis::new(millis.unwrap_or_default())
}

impl EventKey {
    /// The key of an event whose id the provider signs.
    #[must_use]
    pub fn of_signed_id(tenant: Option<&TenantId>, id: &EventId) -> Self {
        let tenant = tenant.map_or("", TenantId::as_str);
        Self::of(&[tenant.as_bytes(), id.as_str().as_bytes()])
    }

    /// The key of an event that is told from others by these parts.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            // The length keeps ("ab", "c") and ("a", "bc") apart.
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        Self(hex::encode(digest.finalize()))
    }
}

impl CodeVersion {
    /// The version of this package, for builds that nobody has given another name.
    #[must_use]
    pub fn of_this_package() -> Self {
        Self(env!("CARGO_PKG_VERSION").to_owned())
    }
}

impl Owner {
    /// A token nobody else holds, given 128 random bits.
    #[must_use]
    pub fn new(random: u128) -> Self {
        Self(format!("{random:032x}"))
    }
}

impl CellName {
    /// The cell that says how far an operation is.
    #[must_use]
    pub fn of_operation(id: &OperationId) -> Self {
        Self::of("operation", "replay", id.as_str())
    }

    /// The cell of the holds.
    #[must_use]
    pub fn of_holds() -> Self {
        Self::of("hold", "all", "")
    }

    pub(super) fn of(kind: &'static str, name: &str, about: &str) -> Self {
        Self(format!("{kind}#{name}#{}", hex::encode(Sha256::digest(about))))
    }
}

impl CellTag {
    /// A tag that no other write has, given 128 random bits.
    #[must_use]
    pub fn new(random: u128) -> Self {
        Self(format!("{random:032x}"))
    }
}

fn bounded(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
}

fn is_label(text: &str, longest: usize) -> bool {
    bounded(text, longest)
        && !text.starts_with('-')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether nothing in the text is to be escaped that is not, or is and does not have to be.
fn is_percent_encoded(text: &str) -> bool {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.is_ok_and(|decoded| utf8_percent_encode(&decoded, ESCAPED).to_string() == text)
}

fn is_cell_name(text: &str) -> bool {
    let mut parts = text.split('#');
    let mut label = || parts.next().is_some_and(|part| is_label(&part.replace('_', "-"), 63));
    let labels = label() && label();
    labels && parts.next().is_some_and(|digest| is_hex(digest, 64)) && parts.next().is_none()
}

fn is_printable(text: &str, longest: usize) -> bool {
    bounded(text, longest) && text.chars().all(is_sendable)
}

/// Whether the character can be in a message attribute: SQS takes neither control characters nor
/// the two that Unicode leaves unused (SQS, `SendMessage`, read 2026-11).
pub(crate) fn is_sendable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')
}

pub(super) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoint_names_have_a_strict_grammar() {
        for good in ["stripe", "a", "github-2", "0"] {
            assert!(good.parse::<EndpointId>().is_ok(), "{good}");
        }
        let long = "a".repeat(64);
        for bad in ["", "-a", "Stripe", "a/b", "a.b", "../etc", "a b", "ä", &long] {
            assert!(bad.parse::<EndpointId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn tenant_names_cannot_hold_a_separator() {
        assert!("acme.Example_1-x".parse::<TenantId>().is_ok());
        for bad in ["", "a/b", "a#b", "a b", "%41"] {
            assert!(bad.parse::<TenantId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn delivery_ids_sort_by_the_time_of_receipt() {
        let earlier = DeliveryId::new(EpochMillis::new(1_700_000_000_000), u128::MAX);
        let later = DeliveryId::new(EpochMillis::new(1_700_000_000_001), 0);
        assert!(earlier < later);
        assert_eq!(earlier.as_str().parse(), Ok(earlier));
    }

    #[test]
    fn event_keys_keep_neighbouring_parts_apart() {
        assert_ne!(EventKey::of(&[b"ab", b"c"]), EventKey::of(&[b"a", b"bc"]));
    }

    #[test]
    fn a_cells_name_holds_our_own_names_and_a_digest() {
        let name = CellName::of("entity", "sync_customer", "../x#y");
        assert_eq!(name.as_str().parse(), Ok(name.clone()));
        assert!(name.as_str().starts_with("entity#sync_customer#"), "{name}");
        assert!(!name.as_str().contains("../x"), "{name}");
        for bad in ["entity#a", "entity#a#b", "entity##b", &format!("{name}#"), &format!("#{name}")]
        {
            assert!(bad.parse::<CellName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_event_type_cannot_carry_control_characters() {
        assert!("checkout.session.completed".parse::<EventType>().is_ok());
        assert!("a\nb".parse::<EventType>().is_err());
        assert!("a\u{ffff}".parse::<EventType>().is_err());
        assert!("x".repeat(257).parse::<EventType>().is_err());
    }
}
