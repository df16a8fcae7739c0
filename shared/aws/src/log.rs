//! Log lines: one JSON object each, on the standard output, where Lambda picks them up.
//!
//! A line has `timestamp`, `level`, `target`, `message`, the fields of the event beside them and,
//! under `spans`, the request, the message and the run it belongs to. Bodies, secrets and headers are never in one.

use std::any::Any;
use std::panic::{self, PanicHookInfo};

use tracing::Span;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config;

/// Our own crates, the jobs among them.
const OURS: &str = "hookdock";

/// Starts logging, from the level on that the environment names. To be called once, first of all.
pub fn start() {
    let level = config::log_level(config::variable);
    let started = tracing_subscriber::registry().with(json(level, std::io::stdout)).try_init();
    if started.is_ok() {
        panic::set_hook(Box::new(log_panic));
    }
}

/// The span of one invocation. It is there at every level, so that each line tells its request.
#[must_use]
pub fn request(id: &str, trace: Option<&str>) -> Span {
    tracing::error_span!(target: OURS, "request", request.id = id, request.trace = trace)
}

/// The span of one message of an invocation, which it names too: `span` is the innermost alone.
#[must_use]
pub fn message(request_id: &str, message_id: &str) -> Span {
    tracing::error_span!(target: OURS, "message", request.id = request_id, message.id = message_id)
}

fn json<S, W>(level: LevelFilter, writer: W) -> impl tracing_subscriber::Layer<S>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = fmt::layer().json().flatten_event(true).with_span_list(true).with_writer(writer);
    lines.with_filter(wanted(level))
}

/// What others write below a warning is noise, and at their finest levels the SDK and the Lambda
/// runtime write whole payloads.
fn wanted(level: LevelFilter) -> Targets {
    Targets::new().with_default(level.min(LevelFilter::WARN)).with_target(OURS, level)
}

/// The default would write plain text, and what a panic says can quote the data it met.
fn log_panic(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string);
    tracing::error!(target: OURS, place, panic = literal(info.payload()), "panicked");
}

/// What the panic says if it is written in the code as it stands. A text that was put together
/// can hold anything.
fn literal(payload: &(dyn Any + Send)) -> Option<&'static str> {
    payload.downcast_ref::<&'static str>().copied()
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use serde_json::Value;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("a lock").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(level: LevelFilter, work: impl FnOnce()) -> Vec<Value> {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::registry().with(json(level, move || writer.clone()));
        tracing::subscriber::with_default(subscriber, work);
        let bytes = lines.0.lock().expect("a lock").clone();
        let text = String::from_utf8(bytes).expect("text");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    #[test]
    fn a_line_is_flat_and_names_its_request() {
        let lines = written(LevelFilter::INFO, || {
            let _span = request("r-1", Some("Root=1-2-3")).entered();
            tracing::info!(target: "hookdock_pipeline", { delivery.id = "dlv_1" }, "delivery accepted");
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
        let line = &lines[0];
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["message"], "delivery accepted");
        assert_eq!(line["delivery.id"], "dlv_1");
        assert_eq!(line["span"]["request.id"], "r-1");
        assert_eq!(line["span"]["request.trace"], "Root=1-2-3");
        assert!(line["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{line}");
    }

    #[test]
    fn the_level_holds_for_our_lines_and_others_only_warn() {
        let count = |level| {
            let lines = written(level, || {
                tracing::debug!(target: "hookdock_jobs", "ours");
                tracing::info!(target: "hookdock_jobs", "ours");
                tracing::error!(target: "hookdock_jobs", "ours");
                tracing::trace!(target: "aws_smithy_runtime", "a payload");
                tracing::info!(target: "lambda_runtime", "noise");
                tracing::warn!(target: "lambda_runtime", "a warning");
            });
            lines.len()
        };
        assert_eq!(count(LevelFilter::TRACE), 4);
        assert_eq!(count(LevelFilter::INFO), 3);
        assert_eq!(count(LevelFilter::ERROR), 1);
    }

    #[test]
    fn the_request_is_named_at_every_level() {
        let lines = written(LevelFilter::ERROR, || {
            let _request = request("r-1", None).entered();
            tracing::error!(target: "hookdock_pipeline", "lost");
            let _message = message("r-1", "m-1").entered();
            tracing::error!(target: "hookdock_pipeline", "lost");
        });
        assert_eq!(lines[0]["span"]["request.id"], "r-1");
        assert_eq!(lines[1]["span"]["request.id"], "r-1");
        assert_eq!(lines[1]["span"]["message.id"], "m-1");
    }

    #[test]
    fn a_panic_says_only_what_is_written_in_the_code() {
        let caught = |work: fn()| panic::catch_unwind(work).expect_err("a panic");
        assert_eq!(literal(caught(|| panic!("a literal")).as_ref()), Some("a literal"));
        assert_eq!(
            literal(caught(|| panic!("card {}", std::hint::black_box(4242))).as_ref()),
            None
        );
    }
}
