use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hookdock_https::testing::Server;
use hookdock_pipeline::model::port_error::PortErrorKind;
use hookdock_pipeline::ports::Conditional;
use http::{Request, Response};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::call::backoff;
use super::{CallError, Services};
use crate::config::Access;
use crate::limits::{INGEST, INGEST_S3};

type Answer = BoxFuture<'static, Response<Bytes>>;

/// What the service does with a call.
#[derive(Debug, Clone, Copy)]
enum Does {
    Answer(u16, &'static str),
    Hang,
}

use Does::{Answer as Says, Hang};

const OK: Does = Says(200, r#"{"said":"yes"}"#);

/// A service that does one thing after the other, and from then on the last.
struct Scene {
    server: Server,
    services: Services,
}

impl Scene {
    async fn new(script: &[Does]) -> Self {
        let mut script = script.to_vec();
        script.reverse();
        let script = Mutex::new(script);
        let server = Server::plain(move |_: &Request<Bytes>| -> Answer {
            let mut script = script.lock().expect("a lock");
            let does = if script.len() > 1 { script.pop() } else { script.first().copied() };
            match does.expect("something to do") {
                Says(status, body) => {
                    let mut answer = Response::new(Bytes::from_static(body.as_bytes()));
                    *answer.status_mut() = status.try_into().expect("a status");
                    std::future::ready(answer).boxed()
                }
                Hang => std::future::pending().boxed(),
            }
        })
        .await;
        let url = || Some(format!("http://{}", server.address()));
        let access = Access {
            s3: url(),
            sqs: url(),
            secrets: url(),
            ..Access::of("AKIDEXAMPLE", "secret", Some("token"))
        };
        let services = Services::new(&access, "kept");
        Self { server, services }
    }

    async fn ask(&self) -> Result<String, PortErrorKind> {
        let question = json!({"how": "are you"});
        let asked =
            self.services.queue.ask::<Value>("A.Question", "application/x-amz-json-1.0", &question);
        let answer = asked.await.map_err(CallError::port_error("ask"));
        answer.map(|answer| answer["said"].to_string()).map_err(|error| error.kind())
    }

    async fn put(&self) -> Result<(), PortErrorKind> {
        let put = self.services.bucket.put_new("a/b.json", "application/json", "{}".into()).await;
        put.map(drop).map_err(CallError::port_error("put")).map_err(|error| error.kind())
    }

    fn calls(&self) -> usize {
        self.server.requests().len()
    }
}

async fn check(script: &[Does], expected: Result<(), PortErrorKind>, calls: usize) {
    let scene = Scene::new(script).await;
    assert_eq!(scene.put().await, expected, "{script:?}");
    assert_eq!(scene.calls(), calls, "{script:?}");
}

#[tokio::test]
async fn a_question_is_one_signed_request_with_its_operation_and_its_json() {
    let scene = Scene::new(&[OK]).await;
    assert_eq!(scene.ask().await, Ok(r#""yes""#.to_owned()));
    let [request] = &scene.server.requests()[..] else { panic!("one request") };
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/"));
    assert_eq!(request.headers()["x-amz-target"], "A.Question");
    assert_eq!(request.headers()["content-type"], "application/x-amz-json-1.0");
    assert_eq!(request.headers()["x-amz-security-token"], "token");
    let authorization = request.headers()["authorization"].to_str().expect("text");
    assert!(authorization.contains("us-east-1/sqs/aws4_request"), "{authorization}");
    for signed in ["content-type", "host", "x-amz-target"] {
        assert!(authorization.contains(signed), "{authorization}");
    }
    assert_eq!(request.body(), r#"{"how":"are you"}"#);
}

#[tokio::test]
async fn an_object_is_put_under_its_name_with_the_digest_of_its_bytes() {
    let scene = Scene::new(&[Says(200, "")]).await;
    assert_eq!(scene.put().await, Ok(()));
    let [request] = &scene.server.requests()[..] else { panic!("one request") };
    assert_eq!((request.method().as_str(), request.uri().path()), ("PUT", "/kept/a/b.json"));
    assert_eq!(
        request.headers()["x-amz-content-sha256"],
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    );
    assert_eq!(request.body(), "{}");
}

#[tokio::test]
async fn what_passes_is_tried_again_and_what_does_not_is_not() {
    let slow_down = Says(503, "<Error><Code>SlowDown</Code></Error>");
    let throttled = Says(400, r#"{"__type":"ThrottlingException"}"#);
    for passing in [slow_down, throttled, Says(500, ""), Says(502, ""), Says(503, "")] {
        check(&[passing, OK], Ok(()), 2).await;
        check(&[passing, passing, OK], Ok(()), 3).await;
    }
    check(&[slow_down], Err(PortErrorKind::Throttled), 3).await;
    check(&[Says(500, "")], Err(PortErrorKind::Unavailable), 3).await;
    check(&[Says(403, ""), OK], Err(PortErrorKind::Denied), 1).await;
    check(&[Says(400, ""), OK], Err(PortErrorKind::Invalid), 1).await;
    check(&[Says(301, ""), OK], Err(PortErrorKind::Invalid), 1).await;
}

#[tokio::test]
async fn an_object_that_must_be_new_is_put_again_until_it_is_decided_which_is_first() {
    let undecided = Says(409, "<Error><Code>ConditionalRequestConflict</Code></Error>");
    let there = Says(412, "<Error><Code>PreconditionFailed</Code></Error>");
    for (script, outcome, calls) in [
        (&[OK][..], Conditional::Written, 1),
        (&[undecided, OK], Conditional::Written, 2),
        (&[undecided, there], Conditional::Refused(()), 2),
        (&[there, OK], Conditional::Refused(()), 1),
        // The first put arrived, and its answer did not.
        (&[Says(500, ""), there], Conditional::Refused(()), 2),
    ] {
        let scene = Scene::new(script).await;
        let put = scene.services.bucket.put_new("a", "application/json", "{}".into()).await;
        assert_eq!(put.expect("decided"), outcome, "{script:?}");
        assert_eq!(scene.calls(), calls, "{script:?}");
        assert!(scene.server.requests().iter().all(|put| put.headers()["if-none-match"] == "*"));
    }
}

#[tokio::test]
async fn an_attempt_that_hangs_is_given_up_for_another() {
    let began = Instant::now();
    let scene = Scene::new(&[Hang, OK]).await;
    assert_eq!(scene.ask().await, Ok(r#""yes""#.to_owned()));
    let took = began.elapsed();
    assert!((INGEST.attempt..INGEST.call).contains(&took), "{took:?}");
    assert_eq!(scene.server.connections(), 2);
}

#[tokio::test]
async fn all_attempts_together_end_with_the_time_of_the_call() {
    let began = Instant::now();
    let scene = Scene::new(&[Hang]).await;
    assert_eq!(scene.ask().await, Err(PortErrorKind::TimedOut));
    let took = began.elapsed();
    assert!((INGEST.call..INGEST.attempt * 3).contains(&took), "{took:?}");
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_says_nothing_of_what_happened() {
    let scene = Scene::new(&[Says(200, "<html>")]).await;
    assert_eq!(scene.ask().await, Err(PortErrorKind::Unavailable));
    assert_eq!(scene.calls(), 1);
}

#[tokio::test]
async fn a_service_that_is_not_there_is_unavailable() {
    let scene = Scene::new(&[OK]).await;
    let Scene { server, services } = scene;
    drop(server);
    tokio::task::yield_now().await;
    let put = services.bucket.put_new("a", "application/json", "{}".into()).await;
    let error = put.map_err(CallError::port_error("put")).expect_err("nobody there");
    assert_eq!(error.kind(), PortErrorKind::Unavailable);
}

#[tokio::test]
async fn in_an_outage_retries_end_when_they_are_no_longer_paid_for() {
    let scene = Scene::new(&[Says(503, "")]).await;
    for _ in 0..20 {
        assert_eq!(scene.put().await, Err(PortErrorKind::Unavailable));
    }
    // Twenty calls, and the thirty-five retries that there are.
    assert_eq!(scene.calls(), 55);
}

#[tokio::test]
async fn a_connection_that_was_opened_ahead_serves_the_first_call() {
    let scene = Scene::new(&[Says(403, ""), OK]).await;
    scene.services.bucket.connect().await;
    assert_eq!(scene.put().await, Ok(()));
    assert_eq!(scene.server.connections(), 1);
    let ahead = &scene.server.requests()[0];
    assert_eq!((ahead.method().as_str(), ahead.uri().path()), ("HEAD", "/kept"));
    assert!(!ahead.headers().contains_key("authorization"));
}

#[tokio::test]
async fn connections_that_cannot_be_opened_ahead_hold_nothing_up() {
    let scene = Scene::new(&[Hang]).await;
    let began = Instant::now();
    scene.services.queue.connect().await;
    assert!(began.elapsed() < INGEST_S3.attempt * 2);
}

#[test]
fn waits_between_attempts_are_spread_up_to_a_limit_that_doubles() {
    for (attempt, millis) in [(1, 50), (2, 100), (3, 200)] {
        let longest = Duration::from_millis(millis);
        assert_eq!(backoff(attempt, 0), Duration::ZERO);
        assert_eq!(backoff(attempt, longest.as_micros() - 1), longest - Duration::from_micros(1));
        assert_eq!(backoff(attempt, longest.as_micros()), Duration::ZERO);
    }
}
