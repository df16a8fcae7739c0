//! How old a signature may be.

use super::provider::Provider;
use super::scheme::Scheme;

/// How late a retry may be on its way.
const RETRY_SLACK_SECONDS: u32 = 600;

impl Provider {
    /// Replaces the age window of every scheme whose sender states a time.
    ///
    /// There is no way to switch an enforced window off.
    #[must_use]
    pub fn with_tolerance_seconds(mut self, seconds: u32) -> Self {
        for scheme in self.schemes_mut() {
            if let Some(timestamp) = scheme.timestamp_mut() {
                timestamp.tolerance_seconds = Some(seconds);
            }
        }
        self
    }

    /// Widens every enforced age window to so many seconds, where it is narrower.
    #[must_use]
    pub fn with_window_of_at_least(mut self, seconds: u32) -> Self {
        for scheme in self.schemes_mut() {
            let window = scheme.timestamp_mut().and_then(|time| time.tolerance_seconds.as_mut());
            if let Some(window) = window {
                *window = seconds.max(*window);
            }
        }
        self
    }

    /// Widens the age windows of schemes whose retries carry the time of the first try, so that
    /// the last retry is inside. What a provider advises may be narrower than its own retries.
    ///
    /// ```
    /// use hookdock_signature::catalog;
    ///
    /// let linear = catalog::find("linear").unwrap();
    /// assert_eq!(linear.window_seconds(), Some(60));
    /// assert_eq!(linear.with_windows_for_retries().window_seconds(), Some(25_860));
    /// ```
    #[must_use]
    pub fn with_windows_for_retries(mut self) -> Self {
        let Some(last) = self.delivery.retried_for_seconds else { return self };
        let needed = last.saturating_add(RETRY_SLACK_SECONDS);
        for scheme in self.schemes_mut() {
            let renewed = scheme.time_is_renewed_on_retry();
            let window = scheme.timestamp_mut().and_then(|time| time.tolerance_seconds.as_mut());
            if let (Some(false), Some(window)) = (renewed, window) {
                *window = needed.max(*window);
            }
        }
        self
    }

    /// The widest age window that is enforced, in seconds.
    #[must_use]
    pub fn window_seconds(&self) -> Option<u32> {
        self.schemes().filter_map(Scheme::tolerance_seconds).max()
    }

    fn schemes_mut(&mut self) -> impl Iterator<Item = &mut Scheme> {
        std::iter::once(&mut self.scheme).chain(&mut self.alternatives)
    }
}
