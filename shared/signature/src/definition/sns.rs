//! The fields of an SNS message that are signed.

/// In the order in which they are signed.
pub(crate) const FIELDS: [(&str, bool); 8] = [
    ("Message", true),
    ("MessageId", true),
    ("SubscribeURL", false),
    ("Subject", false),
    ("Timestamp", true),
    ("Token", false),
    ("TopicArn", true),
    ("Type", true),
];

pub(crate) const TYPES: [&str; 3] =
    ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"];

pub(crate) fn is_signed(field: &str) -> bool {
    FIELDS.iter().any(|(name, _)| *name == field)
}
