//! A sample, signed and sent.

use anyhow::{Context as _, ensure};
use hookdock_console::{Trigger, Triggered};
use hookdock_embedded::SystemClock;
use hookdock_https::{Client, Limits, Reach, Trust};
use hookdock_pipeline::ingest::http::DELIVERY_HEADER;
use hookdock_pipeline::model::system::System as _;
use hookdock_pipeline::ports::Web as _;
use hookdock_signature::{EpochMillis, Provider, Secret};
use http::Request;

use crate::saved_request::SavedRequest;
use crate::sign::trouble;
use crate::trigger::draft::Draft;
use crate::trigger::sample::{self, Sample};

/// How often one event is sent at the most.
const MOST: u32 = 1000;

/// The version of what is answered.
const VERSION: u32 = 1;

/// With what a sample is signed, and for which URL.
pub(crate) struct Signing {
    pub(crate) provider: Provider,
    pub(crate) secret: Option<Secret>,
    /// The URL, as the sender knows it.
    pub(crate) url: String,
}

/// What sends samples.
pub(crate) struct Sender {
    web: Client,
    pub(crate) signing: Signing,
}

impl Sender {
    pub(crate) fn of(signing: Signing) -> Self {
        Self { web: Client::new(Limits::OF_JOBS, Reach::AlsoPrivate, Trust::platform()), signing }
    }

    /// Sends the sample as often as it is asked for. It is signed once, as a provider's retry is
    /// not in every case.
    pub(crate) async fn send(
        &self,
        asked: &Trigger,
        endpoint: &str,
        to: &str,
    ) -> anyhow::Result<Triggered> {
        let (times, now) = (asked.times.unwrap_or(1), SystemClock.now());
        ensure!((1..=MOST).contains(&times), "an event is sent 1 to {MOST} times");
        let draft =
            Draft::of(&sample_of(asked)?, &asked.edits, self.signing.signed_at(asked, now)?)?;
        let id = draft.id.clone();
        let request = self.signing.signed(draft, asked, now)?;
        let (mut statuses, mut delivery) = (Vec::new(), None);
        for _ in 0..times {
            let (status, named) = self.once(&request, to).await?;
            statuses.push(status);
            delivery = delivery.or(named);
        }
        let (endpoint, url) = (endpoint.to_owned(), to.to_owned());
        Ok(Triggered { version: VERSION, endpoint, url, id, statuses, delivery })
    }

    /// The answer's status, and the delivery that it names.
    async fn once(
        &self,
        request: &SavedRequest,
        to: &str,
    ) -> anyhow::Result<(u16, Option<String>)> {
        let headers = request.headers.iter();
        let post = headers.fold(Request::post(to), |post, (name, value)| post.header(name, value));
        let post = post.body(request.body.clone().into())?;
        let answer = self.web.call(post).await.with_context(|| format!("{to} does not answer"))?;
        let delivery = answer.headers().get(DELIVERY_HEADER);
        let delivery = delivery.and_then(|value| Some(value.to_str().ok()?.to_owned()));
        Ok((answer.status().as_u16(), delivery))
    }
}

fn sample_of(asked: &Trigger) -> anyhow::Result<Sample> {
    match &asked.event {
        Some(event) => sample::find(&asked.provider, event),
        None => Ok(Sample::default()),
    }
}

impl Signing {
    /// The request, as it is sent at a time.
    pub(crate) fn request(
        &self,
        asked: &Trigger,
        now: EpochMillis,
    ) -> anyhow::Result<SavedRequest> {
        let draft = Draft::of(&sample_of(asked)?, &asked.edits, self.signed_at(asked, now)?)?;
        self.signed(draft, asked, now)
    }

    /// The time that is signed.
    fn signed_at(&self, asked: &Trigger, now: EpochMillis) -> anyhow::Result<EpochMillis> {
        let (seconds, name) = (i64::from(asked.stale_seconds), self.provider.name());
        ensure!(
            seconds == 0 || self.provider.scheme().tolerance_seconds().is_some(),
            "{name} signs no time, or its age is not checked, so nothing of it is stale"
        );
        Ok(EpochMillis::new(now.get().saturating_sub(seconds.saturating_mul(1000))))
    }

    fn signed(
        &self,
        draft: Draft,
        asked: &Trigger,
        now: EpochMillis,
    ) -> anyhow::Result<SavedRequest> {
        let request = SavedRequest {
            method: "POST".to_owned(),
            url: self.url.clone(),
            headers: draft.headers,
            body: draft.body,
        };
        let Some(secret) = &self.secret else { return Ok(request) };
        let at = self.signed_at(asked, now)?;
        let signed = hookdock_signature::sign(&self.provider, secret, &request.request(), at);
        let mut signature = signed.map_err(|error| trouble::explained(&self.provider, &error))?;
        if asked.bad_signature {
            signature.last_mut().into_iter().for_each(|(_, value)| *value = spoiled(value));
        }
        Ok(request.with(signature))
    }
}

/// The value with one character changed, of the same kind and near its end, where no scheme has
/// anything but the signature itself.
fn spoiled(value: &str) -> String {
    let last = value.char_indices().rev().filter(|(_, c)| c.is_ascii_alphanumeric()).nth(5);
    let (at, old) = last.or(value.char_indices().next()).unwrap_or_default();
    let new = if old == '1' { '2' } else { '1' };
    let changed = value.char_indices().map(|(place, c)| if place == at { new } else { c });
    changed.collect()
}
