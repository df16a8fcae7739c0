//! The Lambda function that answers the providers.
//!
//! It translates an HTTP API event into a request for [`hookdock_pipeline::ingest::http`], and the
//! answer back; every decision is made there.

mod answer;
mod body;
mod event;

pub use answer::HttpAnswer;
pub use event::{HttpEvent, UnusableEvent};
use hookdock_aws::log;
use hookdock_pipeline::ingest::{Ingest, http};
use hookdock_pipeline::model::system::System;
use hookdock_pipeline::ports::{Captures, Endpoints, Intake};
use lambda_runtime::{Context, LambdaEvent};
use tracing::Instrument as _;

/// Answers one event.
///
/// # Errors
///
/// The event is not what API Gateway sends, so that the request in it cannot be told. The gateway
/// then answers 500, and the provider sends again.
pub async fn handle<E: Endpoints + Captures, I: Intake, S: System>(
    ingest: &Ingest<E, I, S>,
    event: LambdaEvent<HttpEvent>,
) -> Result<HttpAnswer, UnusableEvent> {
    let LambdaEvent { payload, context } = event;
    let Context { request_id, xray_trace_id: trace, .. } = context;
    let span = log::request(&request_id, trace.as_deref());
    let incoming = payload.into_incoming(trace.as_deref()).inspect_err(|error| {
        span.in_scope(|| tracing::error!(%error, "the event is not a request"));
    })?;
    // Boxed, since the compiler gives up on futures that are nested as deep as the SDK's.
    let response = Box::pin(http::answer(ingest, incoming)).instrument(span).await;
    Ok(response.into())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use bytes::Bytes;
    use hookdock_embedded::{Embedded, EndpointFile, KeepingEndpoints, QueueSettings, TestSystem};
    use hookdock_https::{Client, HttpsProviders, Limits, Reach, Trust};
    use hookdock_pipeline::delivery::sealed::SealedDelivery;
    use hookdock_pipeline::delivery::stored::StoredDelivery;
    use hookdock_pipeline::model::port_error::{PortError, PortErrorKind};
    use hookdock_pipeline::ports::{ArchiveThenQueue, WorkQueue as _};
    use hookdock_pipeline::testing::{Intercepted, Interceptor};
    use hookdock_signature::EpochMillis;
    use serde_json::{Value, json};

    use super::*;

    type Local = Embedded<TestSystem>;

    /// The pair of GitHub's documentation, "Validating webhook deliveries" (read 2026-11).
    const ENDPOINTS: &str =
        "[endpoints.github]\nprovider = 'github'\nsecrets = [\"It's a Secret to Everybody\"]\n";

    /// Notes the traces of what is queued.
    #[derive(Clone, Default)]
    struct Traces {
        seen: Arc<Mutex<Vec<Option<String>>>>,
        down: bool,
    }

    impl Interceptor<Local> for Traces {
        async fn send(
            &self,
            queue: &Arc<Local>,
            delivery: &SealedDelivery,
        ) -> Result<(), PortError> {
            if self.down {
                return Err(PortError::new("queue the reference", PortErrorKind::Unavailable));
            }
            self.seen
                .lock()
                .expect("a lock")
                .push(delivery.trace().map(|trace| trace.as_str().to_owned()));
            queue.send(delivery).await
        }
    }

    /// The function at noon, with one endpoint.
    struct Scene {
        local: Local,
        system: TestSystem,
        traces: Traces,
    }

    impl Scene {
        fn new(down: bool) -> Self {
            let system = TestSystem::starting_at(EpochMillis::new(1_795_262_400_000));
            let local = Local::in_memory(system.clone(), QueueSettings::default());
            let traces = Traces { down, ..Traces::default() };
            Self { local: local.expect("memory"), system, traces }
        }

        async fn answers(&self, payload: HttpEvent) -> Value {
            let endpoints = EndpointFile::parse(ENDPOINTS).expect("usable");
            let web = Client::new(Limits::OF_DIRECT_WORK, Reach::Public, Trust::platform());
            let ingest = Ingest {
                endpoints: KeepingEndpoints::new(endpoints, self.local.clone()),
                intake: ArchiveThenQueue {
                    archive: self.local.clone(),
                    queue: Intercepted::new(self.local.clone(), self.traces.clone()),
                },
                providers: Arc::new(HttpsProviders::new(self.system.clone())),
                web: Arc::new(web),
                public_url: None,
                system: self.system.clone(),
            };
            let mut context = Context::default();
            context.xray_trace_id = Some(format!("{TRACE};Lineage=a87bd80c:1"));
            let answer = handle(&ingest, LambdaEvent::new(payload, context)).await;
            serde_json::to_value(answer.expect("an answer")).expect("JSON")
        }

        async fn post(&self, path: &str, body: &str, is_base64: bool) -> Value {
            let event = json!({
                "rawPath": path,
                "rawQueryString": "from=test",
                "headers": {
                    "host": "hooks.example",
                    "x-github-event": "ping",
                    "x-hub-signature-256": SIGNATURE,
                },
                "requestContext": {"http": {"method": "POST"}},
                "body": body,
                "isBase64Encoded": is_base64,
            });
            self.answers(serde_json::from_value(event).expect("an event")).await
        }

        /// The object of the only delivery there is.
        fn object(&self) -> Bytes {
            let names = self.local.objects().expect("memory");
            self.local.named(&names[0]).expect("memory").expect("listed")
        }
    }

    /// As Lambda hands it on, but for what it adds.
    const TRACE: &str = "Root=1-5e6b4b01-1d92d9c0b4e5b1a7b4c5d6e7;Sampled=1";

    /// Of `Hello, World!`, under the secret of the endpoint.
    const SIGNATURE: &str =
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    #[tokio::test]
    async fn a_signed_delivery_is_stored_and_queued_with_its_bytes_its_url_and_its_trace() {
        for (body, is_base64) in [("Hello, World!", false), ("SGVsbG8sIFdvcmxkIQ==", true)] {
            let scene = Scene::new(false);
            let answer = scene.post("/webhooks/github", body, is_base64).await;
            assert_eq!(answer["statusCode"], 200, "{answer}");
            let object = scene.object();
            let stored = StoredDelivery::parse(&object).expect("a delivery");
            assert_eq!(stored.body, "Hello, World!");
            assert_eq!(stored.url, "https://hooks.example/webhooks/github?from=test");
            let traces = scene.traces.seen.lock().expect("a lock");
            assert_eq!(*traces, [Some(TRACE.to_owned())]);
        }
    }

    #[tokio::test]
    async fn headers_are_stored_in_the_order_with_the_repeats_and_the_names_of_the_event() {
        // A map would sort the names and drop the repeat.
        let event = format!(
            r#"{{"rawPath": "/webhooks/github", "requestContext": {{"http": {{"method": "POST"}}}},
                "headers": {{"X-A": "1", "x-b": "2", "X-A": "3", "x-joined": "1,2",
                    "x-hub-signature-256": "{SIGNATURE}"}},
                "body": "Hello, World!"}}"#
        );
        let scene = Scene::new(false);
        let answer = scene.answers(serde_json::from_str(&event).expect("an event")).await;
        assert_eq!(answer["statusCode"], 200, "{answer}");
        let object = scene.object();
        let stored = StoredDelivery::parse(&object).expect("a delivery");
        let headers = stored.headers();
        let headers: Vec<_> = headers.iter().collect();
        let sent = [("X-A", "1"), ("x-b", "2"), ("X-A", "3"), ("x-joined", "1,2")];
        assert_eq!(headers, [&sent[..], &[("x-hub-signature-256", SIGNATURE)]].concat());
    }

    #[tokio::test]
    async fn refusals_reach_the_gateway_as_they_were_decided() {
        for (path, body, down, status, text) in [
            ("/webhooks/github", "Hello, World?", false, 401, r#"{"error":"signature refused"}"#),
            ("/webhooks/gitlab", "Hello, World!", false, 404, r#"{"error":"not found"}"#),
            ("/webhooks/github?x", "Hello, World!", false, 404, r#"{"error":"not found"}"#),
            ("/webhooks/github", "Hello, World!", true, 503, r#"{"error":"try again later"}"#),
        ] {
            let scene = Scene::new(down);
            let answer = scene.post(path, body, false).await;
            assert_eq!(answer["statusCode"], status, "{path}");
            assert_eq!(answer["body"], text);
            assert_eq!(answer["headers"]["content-type"], "application/json");
            assert!(scene.traces.seen.lock().expect("a lock").is_empty());
        }
    }
}
