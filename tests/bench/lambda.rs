//! Lambda's Runtime API for one function, as the documentation of custom runtimes describes it
//! (AWS Lambda developer guide, "Runtime API", read 2026-11).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::FutureExt as _;
use hookdock_https::testing::Server;
use http::{Request, Response};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

/// Longer than anything takes that works, under Callgrind too. It is also the time that a function
/// is told it has.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a function says to its Runtime API, and when.
enum Said {
    /// It asks for the next event.
    Ready(Instant),
    /// It has answered.
    Answered(Instant, Bytes),
    /// It has failed, or could not start.
    Failed(Bytes),
}

/// The API, and the function's side of the talk.
pub(crate) struct Runtime {
    server: Server,
    events: Sender<Bytes>,
    said: Receiver<Said>,
    sent: Arc<Mutex<Option<Instant>>>,
}

impl Runtime {
    pub(crate) async fn start() -> Self {
        let (events, waiting) = channel::<Bytes>(1);
        let (tell, said) = channel(4);
        let waiting = Arc::new(tokio::sync::Mutex::new(waiting));
        let sent = Arc::new(Mutex::new(None));
        let noted = Arc::clone(&sent);
        let server = Server::plain(move |request: &Request<Bytes>| {
            let (path, body) = (request.uri().path().to_owned(), request.body().clone());
            let (tell, waiting, noted) = (tell.clone(), Arc::clone(&waiting), Arc::clone(&noted));
            let now = Instant::now();
            async move {
                if !path.ends_with("/invocation/next") {
                    let failed = path.ends_with("/error");
                    let what = if failed { Said::Failed(body) } else { Said::Answered(now, body) };
                    tell.send(what).await.expect("the driver listens");
                    return empty(202);
                }
                tell.send(Said::Ready(now)).await.expect("the driver listens");
                let event = waiting.lock().await.recv().await.unwrap_or_default();
                *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                invocation(event)
            }
            .boxed()
        })
        .await;
        Self { server, events, said, sent }
    }

    /// Where it is, as `AWS_LAMBDA_RUNTIME_API` names it.
    pub(crate) fn address(&self) -> String {
        self.server.address().to_string()
    }

    /// When the function asks for an event.
    pub(crate) async fn ready(&mut self) -> Instant {
        match self.next().await {
            Said::Ready(at) => at,
            Said::Answered(..) => panic!("an answer that nobody asked for"),
            Said::Failed(error) => panic!("the function failed: {error:?}"),
        }
    }

    /// How long the function takes for an event, and its answer; or what it says has failed. It is
    /// ready again afterwards.
    pub(crate) async fn call(&mut self, event: Bytes) -> Result<(Duration, Bytes), Bytes> {
        self.events.send(event).await.expect("the API waits for events");
        let answered = match self.next().await {
            Said::Answered(at, answer) => Ok((at, answer)),
            Said::Ready(_) => panic!("no answer"),
            Said::Failed(error) => Err(error),
        };
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner).expect("sent");
        self.ready().await;
        answered.map(|(at, answer)| (at.saturating_duration_since(sent), answer))
    }

    async fn next(&mut self) -> Said {
        let said = timeout(PATIENCE, self.said.recv()).await.expect("the function says nothing");
        said.expect("the API runs")
    }
}

fn invocation(event: Bytes) -> Response<Bytes> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        .header("lambda-runtime-deadline-ms", (now + PATIENCE).as_millis().to_string())
        .header(
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:bench",
        )
        .body(event)
        .expect("a response")
}

fn empty(status: u16) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::new()).expect("a response")
}
