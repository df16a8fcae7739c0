//! What became of a conditional write.

/// What became of a write that is made only if a condition holds in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conditional<T> {
    /// The condition held, or the write found itself: its answer had been lost before.
    Written,
    /// The condition did not hold, and this is what is there.
    Refused(T),
}

impl<T> Conditional<T> {
    /// What stood in the way, if something did.
    pub fn refused(self) -> Option<T> {
        match self {
            Self::Written => None,
            Self::Refused(there) => Some(there),
        }
    }

    /// The same, with something else made of what stood in the way.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Conditional<U> {
        match self {
            Self::Written => Conditional::Written,
            Self::Refused(there) => Conditional::Refused(change(there)),
        }
    }
}
