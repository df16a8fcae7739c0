//! What tells one kind of request from the others of its provider.

use crate::definition::handshake::{Condition, Test};
use crate::{Control, Provider, RequestView};

impl Condition {
    pub(crate) fn holds(&self, view: &RequestView<'_>) -> bool {
        let Self { at, test } = self;
        match test {
            Test::Present => at.finds_anything(view),
            Test::Absent => !at.finds_anything(view),
            Test::Empty => at.finds_an_empty_list(view),
            Test::Is(values) => {
                let found = at.select_from(view).ok().flatten();
                found.is_some_and(|found| values.contains(&found.value))
            }
        }
    }
}

impl Provider {
    /// What the request is, if it is about the subscription and not an event of it.
    ///
    /// ```
    /// use hookdock_signature::{Headers, Request, RequestView, catalog};
    ///
    /// let twitch = catalog::find("twitch").unwrap();
    /// let headers = Headers::from_iter([
    ///     ("Twitch-Eventsub-Message-Type", "revocation"),
    ///     ("Twitch-Eventsub-Subscription-Type", "channel.follow"),
    /// ]);
    /// let request =
    ///     Request { method: "POST", url: "https://hooks.example/", headers: &headers, body: b"{}" };
    /// let control = twitch.control(&RequestView::of(&request)).unwrap();
    /// assert_eq!(control.event_type(), "revocation");
    /// ```
    #[must_use]
    pub fn control(&self, view: &RequestView<'_>) -> Option<&Control> {
        self.controls()
            .iter()
            .find(|control| control.when.iter().all(|condition| condition.holds(view)))
    }
}
