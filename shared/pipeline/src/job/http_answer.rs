//! What another system's HTTP answer means for an attempt.

use std::time::Duration;

use bytes::Bytes;
use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, Response};
use jiff::fmt::rfc2822;

use crate::model::failure::{ErrorClass, Failure};

/// The body of an answer that says yes.
///
/// | status | class | tried again |
/// | --- | --- | --- |
/// | 429 | throttled | yes |
/// | 408, 504 | timed out | yes |
/// | other 5xx | unavailable | yes |
/// | 401, 403, 404, 3xx | refused | yes: settings are fixed while retries go on |
/// | 409, 423, 425 | refused | yes: the other side is at it, or not ready |
/// | other 4xx | refused | no: the same call is refused again |
///
/// `action` is what was asked of whom, such as `create the CRM entry`. A `Retry-After` is the
/// earliest time of the next attempt. The answer's own text is not quoted: it may be personal.
///
/// ```
/// use bytes::Bytes;
/// use hookdock_pipeline::job::{Recovery, accepted};
/// use http::Response;
///
/// let busy = Response::builder().status(503).body(Bytes::new()).unwrap();
/// let failure = accepted("create the CRM entry", busy).unwrap_err();
/// assert_eq!(failure.recovery(), Recovery::Retry);
/// assert_eq!(failure.message(), "failed to create the CRM entry: answered 503");
/// ```
///
/// # Errors
///
/// The answer says no.
pub fn accepted(action: &str, answer: Response<Bytes>) -> Result<Bytes, Failure> {
    if answer.status().is_success() {
        return Ok(answer.into_body());
    }
    let status = answer.status().as_u16();
    let message = format!("failed to {action}: answered {status}");
    let failure = match status {
        429 => Failure::transient(ErrorClass::Throttled, message),
        408 | 504 => Failure::transient(ErrorClass::TimedOut, message),
        500.. => Failure::transient(ErrorClass::Unavailable, message),
        ..=399 | 401 | 403 | 404 | 409 | 423 | 425 => {
            Failure::transient(ErrorClass::Refused, message)
        }
        _ => return Err(Failure::permanent(ErrorClass::Refused, message)),
    };
    Err(match retry_after(answer.headers()) {
        Some(wait) => failure.after(wait),
        None => failure,
    })
}

/// Seconds, or a time (RFC 9110, 10.2.3), which is read by the clock of the side that wrote it.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let wait = time(headers, RETRY_AFTER)?.duration_since(time(headers, DATE)?);
    wait.try_into().ok()
}

fn time(headers: &HeaderMap, name: HeaderName) -> Option<jiff::Timestamp> {
    let text = headers.get(name)?.to_str().ok()?;
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Recovery;

    fn answer(status: u16, headers: &[(HeaderName, &str)]) -> Response<Bytes> {
        let mut answer = Response::new(Bytes::from_static(b"jane@example.com"));
        *answer.status_mut() = status.try_into().expect("a status");
        for (name, value) in headers {
            answer.headers_mut().insert(name, value.parse().expect("a value"));
        }
        answer
    }

    #[test]
    fn a_yes_is_its_body() {
        for status in [200, 201, 202, 204] {
            assert_eq!(
                accepted("ask", answer(status, &[])).as_deref(),
                Ok(&b"jane@example.com"[..])
            );
        }
    }

    #[test]
    fn a_no_is_classed_by_its_status_and_quotes_nothing() {
        for (status, class, recovery) in [
            (302, "refused", Recovery::Retry),
            (400, "refused", Recovery::Never),
            (401, "refused", Recovery::Retry),
            (403, "refused", Recovery::Retry),
            (404, "refused", Recovery::Retry),
            (408, "timed_out", Recovery::Retry),
            (409, "refused", Recovery::Retry),
            (410, "refused", Recovery::Never),
            (422, "refused", Recovery::Never),
            (429, "throttled", Recovery::Retry),
            (500, "unavailable", Recovery::Retry),
            (503, "unavailable", Recovery::Retry),
            (504, "timed_out", Recovery::Retry),
        ] {
            let failure = accepted("create the CRM entry", answer(status, &[])).expect_err("no");
            assert_eq!((failure.class().code(), failure.recovery()), (class, recovery), "{status}");
            let message = format!("failed to create the CRM entry: answered {status}");
            assert_eq!(failure.message(), message);
        }
    }

    fn check_wait(retry_after: &str, date: &str, recovery: Recovery) {
        for status in [429, 503] {
            let headers = [(RETRY_AFTER, retry_after), (DATE, date)];
            let failure = accepted("ask", answer(status, &headers)).expect_err("no");
            assert_eq!(failure.recovery(), recovery, "{retry_after} at {date}");
        }
    }

    #[test]
    fn a_time_to_come_back_at_is_kept() {
        let date = "Sun, 22 Nov 2026 03:00:00 GMT";
        let after = |seconds| Recovery::RetryAfter(Duration::from_secs(seconds));
        check_wait("120", date, after(120));
        check_wait("Sun, 22 Nov 2026 03:01:30 GMT", date, after(90));
        check_wait("18446744073709551615", date, after(u64::MAX));
        for unusable in ["soon", "-1", "", "Sun, 22 Nov 2026 02:00:00 GMT"] {
            check_wait(unusable, date, Recovery::Retry);
        }
        check_wait("Sun, 22 Nov 2026 03:01:30 GMT", "today", Recovery::Retry);
    }

    #[test]
    fn what_is_refused_for_good_is_not_tried_again_whatever_it_says() {
        let failure = accepted("ask", answer(422, &[(RETRY_AFTER, "5")])).expect_err("no");
        assert_eq!(failure.recovery(), Recovery::Never);
    }
}
