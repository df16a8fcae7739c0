//! The requests that were refused, for somebody who asks why. They are in memory only: nobody has
//! proven who sent them.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use hookdock_console::{RefusedRequest, Which};
use hookdock_pipeline::delivery::incoming::Incoming;
use hookdock_pipeline::ingest::http::{DELIVERY_HEADER, RefusedFor};
use hookdock_signature::EpochMillis;
use http::Response;
use jiff::Timestamp;

use crate::saved_request::SavedRequest;

/// How many are kept as a line.
const LINES: usize = 200;

/// How many of them are kept whole.
const WHOLE: usize = 20;

/// How many bytes these have together.
const WHOLE_BYTES: usize = 1 << 20;

/// The last refused requests, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<VecDeque<Refused>>);

/// A refused request.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    pub(crate) line: RefusedRequest,
    pub(crate) at: EpochMillis,
    pub(crate) whole: Option<SavedRequest>,
}

impl Refusals {
    /// Keeps the request if the answer says that it was refused; whole, if its body was read.
    pub(super) fn keep(
        &self,
        answer: &Response<Bytes>,
        at: EpochMillis,
        is_whole: bool,
        request: impl FnOnce() -> Incoming,
    ) {
        let Some(RefusedFor { code, why }) = answer.extensions().get::<RefusedFor>() else {
            return;
        };
        let Incoming { method, path, url, headers, body, .. } = request();
        let delivery = answer.headers().get(DELIVERY_HEADER);
        let delivery = delivery.and_then(|id| id.to_str().ok()).unwrap_or_default();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = RefusedRequest {
            number: kept.back().map_or(1, |last| last.line.number.saturating_add(1)),
            at: Timestamp::from_millisecond(at.get()).unwrap_or_default(),
            delivery: delivery.to_owned(),
            method: method.clone(),
            path,
            status: answer.status().as_u16(),
            code: (*code).to_owned(),
            why: why.clone(),
            kept: is_whole,
        };
        tell(&line);
        let whole = SavedRequest { method, url, headers, body: body.to_vec() };
        kept.push_back(Refused { line, at, whole: is_whole.then_some(whole) });
        shorten(&mut kept);
    }

    /// The lines, the newest first.
    pub(crate) fn lines(&self) -> Vec<RefusedRequest> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().rev().map(|refused| refused.line.clone()).collect()
    }

    /// The one that is meant.
    pub(crate) fn find(&self, which: Which) -> Option<Refused> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut newest = kept.iter().rev();
        let found = match which {
            Which::Last => newest.next(),
            Which::Number(number) => newest.find(|refused| refused.line.number == number),
        };
        found.cloned()
    }
}

/// For the live output alone; the log has told of it as on AWS.
fn tell(line: &RefusedRequest) {
    tracing::debug!(
        refused.number = line.number,
        refused.path = line.path,
        refused.status = line.status,
        reason.code = line.code,
        "request refused"
    );
}

/// Forgets the oldest lines, and of others what is more than their line.
fn shorten(kept: &mut VecDeque<Refused>) {
    kept.drain(..kept.len().saturating_sub(LINES));
    let (mut count, mut bytes) = (0_usize, 0_usize);
    for refused in kept.iter_mut().rev() {
        let Some(whole) = &refused.whole else { continue };
        let headers =
            whole.headers.iter().map(|(name, value)| name.len().saturating_add(value.len()));
        let size = headers.sum::<usize>().saturating_add(whole.body.len());
        (count, bytes) = (count.saturating_add(1), bytes.saturating_add(size));
        if count > WHOLE || bytes > WHOLE_BYTES {
            (refused.whole, refused.line.kept) = (None, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use hookdock_signature::Headers;

    use super::*;

    fn refuse(refusals: &Refusals, count: usize, body: usize) {
        let mut answer = Response::new(Bytes::new());
        answer.extensions_mut().insert(RefusedFor { code: "mismatch", why: String::new() });
        for _ in 0..count {
            refusals.keep(&answer, EpochMillis::new(0), true, || Incoming {
                method: "POST".to_owned(),
                path: "/webhooks/a".to_owned(),
                url: String::new(),
                other_url: None,
                headers: Headers::default(),
                body: vec![b'x'; body].into(),
                sent_body: None,
                trace: None,
            });
        }
    }

    #[test]
    fn of_refused_requests_the_last_are_kept_and_of_those_a_few_whole() {
        let refusals = Refusals::default();
        refuse(&refusals, 230, 10);
        let lines = refusals.lines();
        assert_eq!((lines.len(), lines[0].number, lines[199].number), (200, 230, 31));
        assert_eq!(lines.iter().filter(|line| line.kept).count(), 20);
        assert!(refusals.find(Which::Last).is_some_and(|last| last.whole.is_some()));
        assert!(refusals.find(Which::Number(30)).is_none());
    }

    #[test]
    fn the_refused_requests_that_are_kept_whole_have_a_mebibyte_together() {
        let refusals = Refusals::default();
        refuse(&refusals, 5, 400_000);
        assert_eq!(refusals.lines().iter().filter(|line| line.kept).count(), 2);
        refuse(&refusals, 1, 2 << 20);
        assert_eq!(refusals.lines().iter().filter(|line| line.kept).count(), 0);
    }

    #[test]
    fn what_was_taken_is_not_kept() {
        let refusals = Refusals::default();
        let taken = Response::new(Bytes::new());
        refusals.keep(&taken, EpochMillis::new(0), true, || unreachable!("nothing is asked"));
        assert!(refusals.lines().is_empty());
    }
}
