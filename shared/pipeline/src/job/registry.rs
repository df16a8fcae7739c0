//! Which job runs for which event.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use derive_more::Debug;
use futures_util::future::BoxFuture;
use getset::{CopyGetters, Getters};
use hookdock_signature::catalog;

use crate::delivery::reference::Reference;
use crate::endpoint::Endpoint;
use crate::job::context::Context;
use crate::job::handler::{Handler, JobResult};
use crate::job::payload::Delivery;
use crate::model::names::{EndpointId, JobName};
use crate::model::pattern::Pattern;
use crate::model::retry::RetryPolicy;

type Erased = Box<dyn Fn(Context, &Delivery) -> BoxFuture<'static, JobResult> + Send + Sync>;

/// A condition on events: an endpoint or a provider, and an event type.
#[derive(Debug, Clone)]
pub struct On {
    source: Source,
    /// Any of these; without one, every event.
    events: Vec<Pattern>,
}

#[derive(Debug, Clone)]
enum Source {
    Endpoint(Pattern),
    Provider(Pattern),
}

impl On {
    /// Events of an endpoint; a pattern such as `stripe`, `shop-*` or `*`.
    ///
    /// # Panics
    ///
    /// The pattern has a `*` that is not at its end.
    #[must_use]
    pub fn endpoint(pattern: &str) -> Self {
        Self { source: Source::Endpoint(literal(pattern)), events: Vec::new() }
    }

    /// Events of a provider in the catalogue, whatever the endpoint is called.
    ///
    /// # Panics
    ///
    /// The pattern has a `*` that is not at its end.
    #[must_use]
    pub fn provider(pattern: &str) -> Self {
        Self { source: Source::Provider(literal(pattern)), events: Vec::new() }
    }

    /// Only events of this type, or of one given before; a pattern such as `checkout.*`.
    ///
    /// # Panics
    ///
    /// The pattern has a `*` that is not at its end.
    #[must_use]
    pub fn event(mut self, pattern: &str) -> Self {
        self.events.push(literal(pattern));
        self
    }

    fn covers(&self, endpoint: &EndpointId, provider: &str) -> bool {
        match &self.source {
            Source::Endpoint(pattern) => pattern.matches(endpoint.as_str()),
            Source::Provider(pattern) => pattern.matches(provider),
        }
    }

    fn matches(&self, reference: &Reference) -> bool {
        let event_type = reference.event_type.as_ref().map_or("", |event_type| event_type.as_str());
        let events = &self.events;
        let source = self.covers(&reference.endpoint, &reference.provider);
        source && (events.is_empty() || events.iter().any(|event| event.matches(event_type)))
    }
}

#[expect(clippy::expect_used, reason = "a registry is built from literals before any event comes")]
fn literal<T>(text: &str) -> T
where
    T: std::str::FromStr<Err: fmt::Debug>,
{
    text.parse().expect("a job is registered under valid names and patterns")
}

/// A registered job.
#[derive(Debug, Getters, CopyGetters)]
#[debug("Job({name}, {on:?})")]
pub struct Job {
    /// The name it is recorded under.
    #[getset(get = "pub")]
    name: JobName,
    on: On,
    /// When its failed attempts are followed by others, if it is particular about that.
    #[getset(get_copy = "pub")]
    policy: Option<RetryPolicy>,
    run: Erased,
}

impl Job {
    /// Whose events it wants, in words, such as `provider stripe`.
    #[must_use]
    pub fn source(&self) -> String {
        match &self.on.source {
            Source::Endpoint(pattern) => format!("endpoint {pattern}"),
            Source::Provider(pattern) => format!("provider {pattern}"),
        }
    }

    /// Starts an attempt.
    #[must_use]
    pub fn call(&self, cx: Context, delivery: &Delivery) -> BoxFuture<'static, JobResult> {
        (self.run)(cx, delivery)
    }
}

/// The jobs, in the order in which they run for an event.
#[derive(Debug, Default)]
pub struct Registry {
    jobs: Vec<Job>,
    /// The jobs that runs were found of and that are not here.
    missed: Mutex<BTreeSet<JobName>>,
}

impl Registry {
    /// A registry without jobs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a job.
    ///
    /// ```
    /// use hookdock_pipeline::job::{Context, Delivery, JobResult, Json, On, Outcome, Registry};
    ///
    /// async fn ship(_: Context, Json(order): Json<serde_json::Value>) -> JobResult {
    ///     Ok(match order["paid"].as_bool() {
    ///         Some(true) => Outcome::Done,
    ///         _ => Outcome::Ignored("it is not paid".to_owned()),
    ///     })
    /// }
    ///
    /// async fn count(_: Context, _: Delivery) -> JobResult {
    ///     Ok(Outcome::Done)
    /// }
    ///
    /// let jobs = Registry::new().job("ship", On::endpoint("shop-*").event("orders/*"), ship).job(
    ///     "count",
    ///     On::provider("*"),
    ///     count,
    /// );
    /// # assert_eq!(jobs.jobs().count(), 2);
    /// ```
    ///
    /// The name is what its runs are recorded under. A renamed job is a new one: it runs for
    /// events that are still under way, and runs of the old name wait for a job of that name;
    /// [`Registry::formerly`] tells that both are one.
    ///
    /// # Panics
    ///
    /// The name does not fit the grammar of a [`JobName`], or is taken.
    #[must_use]
    pub fn job<P, H: Handler<P>>(mut self, name: &str, on: On, handler: H) -> Self {
        let name: JobName = literal(name);
        assert!(self.jobs.iter().all(|job| job.name != name), "job {name} is registered twice");
        let run = Box::new(move |cx: Context, delivery: &Delivery| handler.call(cx, delivery));
        self.jobs.push(Job { name, on, policy: None, run });
        self
    }

    /// Gives the job that was added last a retry policy of its own.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use hookdock_pipeline::job::{Context, JobResult, On, Outcome, Registry};
    /// use hookdock_pipeline::model::retry::RetryPolicy;
    /// # async fn page(_: Context, (): ()) -> JobResult { Ok(Outcome::Done) }
    ///
    /// let soon = RetryPolicy {
    ///     max_attempts: 3,
    ///     longest_wait: Duration::from_secs(60),
    ///     ..RetryPolicy::default()
    /// };
    /// let jobs = Registry::new().job("page", On::provider("pagerduty"), page).retrying(soon);
    /// # assert_eq!(jobs.jobs().next().unwrap().policy(), Some(soon));
    /// ```
    ///
    /// # Panics
    ///
    /// There is no job, or the policy grants no attempt or more than a hundred.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a registry is built before any event comes")]
    pub fn retrying(mut self, policy: RetryPolicy) -> Self {
        assert!((1..=100).contains(&policy.max_attempts), "a job gets 1 to 100 attempts");
        let job = self.jobs.last_mut().expect("a policy belongs to the job before it");
        job.policy = Some(policy);
        self
    }

    /// Tells that the job that was added last had another name before.
    ///
    /// Its runs stay recorded under that name, new ones too. So those that wait go on, and an
    /// event that ran before or runs on a worker of the version before does not run again. To
    /// drop the old name, wait until no record of it is left, which takes 30 days.
    ///
    /// ```
    /// # use hookdock_pipeline::job::{Context, JobResult, On, Outcome, Registry};
    /// # async fn fulfil(_: Context, (): ()) -> JobResult { Ok(Outcome::Done) }
    /// let jobs =
    ///     Registry::new().job("fulfil", On::provider("stripe"), fulfil).formerly("fulfil_order");
    /// # assert_eq!(jobs.jobs().next().map(|job| job.name().as_str()), Some("fulfil_order"));
    /// ```
    ///
    /// # Panics
    ///
    /// There is no job, or the name does not fit the grammar of a [`JobName`], or is taken.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a registry is built before any event comes")]
    pub fn formerly(mut self, name: &str) -> Self {
        let name: JobName = literal(name);
        assert!(self.jobs.iter().all(|job| job.name != name), "job {name} is registered twice");
        self.jobs.last_mut().expect("a former name belongs to the job before it").name = name;
        self
    }

    /// Notes that runs were found of a job that is not here. Whether it is the first time.
    pub(crate) fn is_first_miss(&self, job: &JobName) -> bool {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner).insert(job.clone())
    }

    /// All jobs.
    pub fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter()
    }

    /// The jobs that are registered for this endpoint, whatever the event's type.
    pub fn registered_at<'a>(&'a self, endpoint: &'a Endpoint) -> impl Iterator<Item = &'a Job> {
        let covers = |job: &&Job| job.on.covers(endpoint.id(), endpoint.provider().id());
        self.jobs.iter().filter(covers)
    }

    /// The jobs that want events of none of these endpoints.
    pub fn idle<'a>(&'a self, endpoints: &'a [&'a Endpoint]) -> impl Iterator<Item = &'a Job> {
        let wanted =
            |job: &&Job| !endpoints.iter().any(|one| job.on.covers(one.id(), one.provider().id()));
        self.jobs.iter().filter(wanted)
    }

    /// The jobs that want a provider that is not in the catalogue. They never run.
    pub fn of_unknown_providers(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(|job| match &job.on.source {
            Source::Provider(pattern) => !catalog::ids().any(|id| pattern.matches(id)),
            Source::Endpoint(_) => false,
        })
    }

    /// The jobs that run for the event of this reference.
    pub fn matching(&self, reference: &Reference) -> impl Iterator<Item = &Job> {
        let named = reference.job.as_ref();
        let wanted = move |job: &&Job| named.is_none_or(|name| *name == job.name);
        self.jobs.iter().filter(wanted).filter(|job| job.on.matches(reference))
    }
}
