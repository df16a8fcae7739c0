//! Time and chance.

use std::time::Duration;

use hookdock_signature::EpochMillis;

/// Time and chance, so that tests can choose both. A clone is another handle to the same.
pub trait System: Clone + Send + Sync + 'static {
    /// The time of day.
    fn now(&self) -> EpochMillis;

    /// Waits that long.
    fn sleep(&self, wait: Duration) -> impl Future<Output = ()> + Send;

    /// 128 unpredictable bits.
    fn random(&self) -> u128;
}
