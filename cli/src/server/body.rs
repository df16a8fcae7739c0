//! Bodies of requests, read within limits of size and time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hookdock_pipeline::ingest::Unread;
use http_body_util::BodyExt as _;
use hyper::body::Body;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How many bytes of bodies all requests hold together: seven of the largest. The buffer of a
/// body is at most twice as large as what came of it.
const ROOM_BYTES: usize = 32 << 20;

/// How long a body may take.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// How long what nobody reads is taken and thrown away: a connection that is closed before the
/// sender is done can lose the answer.
const DISCARD_WITHIN: Duration = Duration::from_secs(2);

/// The room that the bodies of all requests share.
#[derive(Debug, Clone)]
pub(super) struct Room(Arc<Semaphore>);

/// A body, and its place in the room.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) bytes: Bytes,
    _place: OwnedSemaphorePermit,
}

impl Default for Room {
    fn default() -> Self {
        Self::of(ROOM_BYTES)
    }
}

impl Room {
    fn of(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes)))
    }

    /// The whole body, of `most` bytes at the most. Nothing is set aside for what has not come.
    pub(super) async fn read<B: Body<Data = Bytes> + Unpin>(
        &self,
        body: &mut B,
        most: usize,
    ) -> Result<Held, Unread> {
        let read = timeout(BODY_WITHIN, self.read_all(body, most));
        read.await.unwrap_or(Err(Unread::Incomplete))
    }

    async fn read_all<B: Body<Data = Bytes> + Unpin>(
        &self,
        body: &mut B,
        most: usize,
    ) -> Result<Held, Unread> {
        if body.size_hint().lower() > u64::try_from(most).unwrap_or(u64::MAX) {
            return Err(Unread::TooLarge);
        }
        let (mut bytes, mut place) = (Vec::new(), self.place(0)?);
        while let Some(frame) = body.frame().await {
            let Ok(part) = frame.map_err(|_| Unread::Incomplete)?.into_data() else { continue };
            if part.len() > most.saturating_sub(bytes.len()) {
                return Err(Unread::TooLarge);
            }
            place.merge(self.place(part.len())?);
            bytes.extend_from_slice(&part);
        }
        Ok(Held { bytes: bytes.into(), _place: place })
    }

    fn place(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Unread> {
        let bytes = u32::try_from(bytes).map_err(|_| Unread::TooLarge)?;
        Arc::clone(&self.0).try_acquire_many_owned(bytes).map_err(|_| Unread::NoRoom)
    }
}

/// Takes the rest of a body for a little while and keeps nothing of it.
pub(super) fn discard<B: Body + Send + Unpin + 'static>(mut body: B) {
    tokio::spawn(timeout(
        DISCARD_WITHIN,
        async move { while let Some(Ok(_)) = body.frame().await {} },
    ));
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body_util::Full;
    use hyper::body::Frame;

    use super::*;

    /// A body of these parts, after which its sender stalls.
    struct Stalled(Vec<Bytes>);

    impl Body for Stalled {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            match self.0.pop() {
                Some(part) => Poll::Ready(Some(Ok(Frame::data(part)))),
                None => Poll::Pending,
            }
        }
    }

    fn part(bytes: usize) -> Bytes {
        Bytes::from(vec![b'x'; bytes])
    }

    #[tokio::test]
    async fn a_body_takes_room_until_it_is_dropped() {
        let room = Room::of(100);
        let first = room.read(&mut Full::new(part(60)), 100).await.expect("room for it");
        assert_eq!(first.bytes, part(60));
        let second = room.read(&mut Full::new(part(60)), 100).await;
        assert_eq!(second.map(drop), Err(Unread::NoRoom));
        drop(first);
        assert!(room.read(&mut Full::new(part(60)), 100).await.is_ok());
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_not_read() {
        let room = Room::of(100);
        let read = room.read(&mut Full::new(part(11)), 10).await;
        assert_eq!(read.map(drop), Err(Unread::TooLarge));
        assert!(room.read(&mut Full::new(part(10)), 10).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_say_its_size_is_cut_where_it_is_too_large() {
        let read = Room::of(100).read(&mut Stalled(vec![part(6), part(6)]), 10).await;
        assert_eq!(read.map(drop), Err(Unread::TooLarge));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_is_given_up_and_its_room_is_free() {
        let room = Room::of(100);
        let read = room.read(&mut Stalled(vec![part(100)]), 100).await;
        assert_eq!(read.map(drop), Err(Unread::Incomplete));
        assert!(room.read(&mut Full::new(part(100)), 100).await.is_ok());
    }
}
