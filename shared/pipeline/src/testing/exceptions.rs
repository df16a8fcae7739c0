//! What a step may do that others may not, and why.

use std::collections::BTreeMap;

/// By step: why it may do what others may not.
#[derive(Debug, Default)]
pub(super) struct Exceptions {
    pub(super) repeats: BTreeMap<&'static str, &'static str>,
    pub(super) differs: BTreeMap<&'static str, &'static str>,
}
