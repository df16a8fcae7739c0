//! What retries are paid from.

use std::sync::atomic::{AtomicU32, Ordering};

const FULL: u32 = 500;
const RETRY: u32 = 14;

/// What retries are paid from. Each call that succeeds earns a little back, so that in an outage
/// a service does not meet three times the calls. The numbers are the SDK's (aws-smithy-runtime
/// 1.16, read 2026-11).
#[derive(Debug)]
pub(super) struct Budget(AtomicU32);

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicU32::new(FULL))
    }
}

impl Budget {
    /// Pays for a retry, if there is enough.
    pub(super) fn spend(&self) -> bool {
        let paid = |left: u32| left.checked_sub(RETRY);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, paid).is_ok()
    }

    /// A call succeeded.
    pub(super) fn earn(&self) {
        let earned = |left: u32| (left < FULL).then_some(left + 1);
        let _full = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, earned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_five_retries_are_paid_for_and_then_one_for_fourteen_successes() {
        let budget = Budget::default();
        let retries = (0..100).filter(|_| budget.spend()).count();
        assert_eq!(retries, 35);
        // Ten are left.
        (0..3).for_each(|_| budget.earn());
        assert!(!budget.spend());
        budget.earn();
        assert!(budget.spend());
        assert!(!budget.spend());
    }

    #[test]
    fn successes_fill_it_no_further_than_it_was() {
        let budget = Budget::default();
        (0..1000).for_each(|_| budget.earn());
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 35);
    }
}
