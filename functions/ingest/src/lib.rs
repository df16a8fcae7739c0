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
use hookdock_pipeline::ports::{Archive, Captures, Endpoints, WorkQueue};
use lambda_runtime::{Context, LambdaEvent};
use tracing::Instrument as _;

/// Answers one event.
///
/// # Errors
///
/// The event is not what API Gateway sends, so that the request in it cannot be told. The gateway
/// then answers 500, and the provider sends again.
pub async fn handle<E: Endpoints + Captures, A: Archive, Q: WorkQueue, S: System>(
    ingest: &Ingest<E, A, Q, S>,
    event: LambdaEvent<HttpEvent>,
) -> Result<HttpAnswer, UnusableEvent> {
    let LambdaEvent { payload, context } = event;
    let Context { request_id, xray_trace_id: trace, .. } = context;
    let span = log::request(&request_id, trace.as_deref());
    let incoming = payload.into_incoming(trace).inspect_err(|error| {
        span.in_scope(|| tracing::error!(%error, "the event is not a request"));
    })?;
    // Boxed, since the compiler gives up on futures that are nested as deep as the SDK's.
    let response = Box::pin(http::answer(ingest, incoming)).instrument(span).await;
    Ok(response.into())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use ::http::{Request, Response};
    use bytes::Bytes;
    use futures_util::future::BoxFuture;
    use hookdock_pipeline::delivery::sealed::SealedDelivery;
    use hookdock_pipeline::delivery::stored::StoredDelivery;
    use hookdock_pipeline::endpoint::Endpoint;
    use hookdock_pipeline::model::names::EndpointId;
    use hookdock_pipeline::model::port_error::{FaultKind, PortError};
    use hookdock_pipeline::model::scope::Scope;
    use hookdock_pipeline::ports;
    use hookdock_pipeline::ports::{Captured, Providers, Web};
    use hookdock_signature::{EpochMillis, Key, KeyRequest, Secret};
    use serde_json::{Value, json};

    use super::*;

    /// Knows one endpoint, and keeps what it is given.
    #[derive(Debug, Clone, Default)]
    struct Kept {
        objects: Arc<Mutex<Vec<Vec<u8>>>>,
        traces: Arc<Mutex<Vec<Option<String>>>>,
        down: bool,
    }

    impl Endpoints for Kept {
        async fn find(&self, id: &EndpointId) -> Result<Option<Arc<Endpoint>>, PortError> {
            // The pair of GitHub's documentation, "Validating webhook deliveries" (read 2026-11).
            let json = br#"{"version": 1, "provider": "github",
                "secrets": [{"id": "s1", "value": "It's a Secret to Everybody"}]}"#;
            let endpoint = Endpoint::from_json(id, json).expect("usable");
            Ok((id.as_str() == "github").then(|| Arc::new(endpoint)))
        }

        async fn refresh(&self, _: &EndpointId) -> Result<Option<Arc<Endpoint>>, PortError> {
            Ok(None)
        }
    }

    impl Captures for Kept {
        async fn capture(&self, _: &EndpointId, _: &Secret) -> Result<Captured, PortError> {
            Ok(Captured::Other)
        }
    }

    impl Archive for Kept {
        async fn put(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
            self.objects.lock().expect("a lock").push(delivery.object().to_vec());
            Ok(())
        }

        async fn put_once(
            &self,
            delivery: &SealedDelivery,
        ) -> Result<ports::Conditional<()>, PortError> {
            self.put(delivery).await.map(|()| ports::Conditional::Written)
        }
    }

    impl WorkQueue for Kept {
        async fn send(&self, delivery: &SealedDelivery) -> Result<(), PortError> {
            if self.down {
                return Err(PortError::new("queue the reference", FaultKind::Unavailable));
            }
            self.traces.lock().expect("a lock").push(delivery.trace().map(str::to_owned));
            Ok(())
        }
    }

    impl Providers for Kept {
        fn key<'a>(
            &'a self,
            _: &'a Scope,
            _: &'a KeyRequest,
        ) -> BoxFuture<'a, Result<Option<Key>, PortError>> {
            Box::pin(async { Ok(None) })
        }

        fn visit<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), PortError>> {
            Box::pin(async { Ok(()) })
        }
    }

    impl Web for Kept {
        fn call(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, PortError>> {
            Box::pin(async { Err(PortError::new("call", FaultKind::Unavailable)) })
        }
    }

    #[derive(Clone)]
    struct Noon;

    impl System for Noon {
        fn now(&self) -> EpochMillis {
            EpochMillis::new(1_795_262_400_000)
        }

        async fn sleep(&self, _: Duration) {
            std::future::pending::<()>().await;
        }

        fn random(&self) -> u128 {
            7
        }
    }

    /// Of `Hello, World!`, under the secret of the endpoint.
    const SIGNATURE: &str =
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    async fn post(kept: &Kept, path: &str, body: &str, is_base64: bool) -> Value {
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
        answered(kept, serde_json::from_value(event).expect("an event")).await
    }

    async fn answered(kept: &Kept, payload: HttpEvent) -> Value {
        let mut context = Context::default();
        context.xray_trace_id = Some("Root=1-2-3;Sampled=1".to_owned());
        let [endpoints, archive, queue] = [(); 3].map(|()| kept.clone());
        let providers = Arc::new(kept.clone());
        let web = Arc::new(kept.clone());
        let ingest = Ingest { endpoints, archive, queue, providers, web, system: Noon };
        let answer = handle(&ingest, LambdaEvent::new(payload, context)).await.expect("an answer");
        serde_json::to_value(answer).expect("JSON")
    }

    #[tokio::test]
    async fn a_signed_delivery_is_stored_and_queued_with_its_bytes_its_url_and_its_trace() {
        for (body, is_base64) in [("Hello, World!", false), ("SGVsbG8sIFdvcmxkIQ==", true)] {
            let kept = Kept::default();
            let answer = post(&kept, "/webhooks/github", body, is_base64).await;
            assert_eq!(answer["statusCode"], 200, "{answer}");
            let objects = kept.objects.lock().expect("a lock");
            let stored = StoredDelivery::parse(&objects[0]).expect("a delivery");
            assert_eq!(stored.body, "Hello, World!");
            assert_eq!(stored.url, "https://hooks.example/webhooks/github?from=test");
            let traces = kept.traces.lock().expect("a lock");
            assert_eq!(*traces, [Some("Root=1-2-3;Sampled=1".to_owned())]);
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
        let kept = Kept::default();
        let answer = answered(&kept, serde_json::from_str(&event).expect("an event")).await;
        assert_eq!(answer["statusCode"], 200, "{answer}");
        let objects = kept.objects.lock().expect("a lock");
        let stored = StoredDelivery::parse(&objects[0]).expect("a delivery");
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
            let kept = Kept { down, ..Kept::default() };
            let answer = post(&kept, path, body, false).await;
            assert_eq!(answer["statusCode"], status, "{path}");
            assert_eq!(answer["body"], text);
            assert_eq!(answer["headers"]["content-type"], "application/json");
            assert!(kept.traces.lock().expect("a lock").is_empty());
        }
    }
}
