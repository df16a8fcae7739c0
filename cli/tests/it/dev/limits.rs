//! What strangers can take of the machine, and who can read what is kept.

use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use hookdock_embedded::SystemClock;
use hookdock_pipeline::model::system::System as _;
use hookdock_tests::requests::Draft;

use super::{Dev, stripe_in};
use crate::support::folder;

#[tokio::test]
async fn a_body_that_is_too_large_is_logged_under_the_id_that_its_sender_gets() {
    let folder = folder("dev-large");
    let dev = Dev::start(&stripe_in(&folder), &folder.join("data"));
    let url = format!("http://{}/webhooks/stripe/acme", dev.address);
    let post = reqwest::Client::new().post(url).body(vec![b'x'; 5_000_000]);
    let answer = post.send().await.expect("an answer");
    assert_eq!(answer.status(), 413);
    let id = answer.headers()["x-hookdock-delivery"].to_str().expect("text").to_owned();
    let said = dev.says(&id).await;
    let line = said.lines().find(|line| line.contains(&id)).expect("a line");
    for part in ["WARN", "delivery refused", "reason.code=\"too_large\"", "tenant=\"acme\""] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

/// A sender that sends this many bytes of a large body, and then waits.
fn stalled(dev: &Dev, path: &str, bytes: usize) -> TcpStream {
    let mut stream = TcpStream::connect(&dev.address).expect("it listens");
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 4499999\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("sent");
    // It may be cut off before it is done.
    drop(stream.write_all(&vec![b'x'; bytes]));
    stream
}

/// Whether the other side neither says anything nor ends the connection within this time.
fn is_silent(stream: &TcpStream, within: Duration) -> bool {
    stream.set_read_timeout(Some(within)).expect("a time limit");
    let peeked = stream.peek(&mut [0]);
    peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

/// The most memory that a process has had, in bytes.
fn most_memory(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let kilobytes = peak.trim().trim_end_matches(" kB").parse::<usize>().expect("a number");
    kilobytes * 1024
}

#[test]
fn a_sender_that_stalls_where_there_is_no_endpoint_is_answered_before_its_body() {
    let folder = folder("dev-stalled");
    let dev = Dev::start(&stripe_in(&folder), &folder.join("data"));
    for path in ["/nothing", "/webhooks/nobody", "/webhooks/nobody/acme"] {
        let stream = stalled(&dev, path, 1000);
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
        let answer = BufReader::new(&stream).lines().next().expect("an answer").expect("UTF-8");
        assert_eq!(answer, "HTTP/1.1 404 Not Found", "{path}");
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn the_bodies_of_all_senders_together_have_a_limit() {
    const ROOM: usize = 32 << 20;
    const BODY: usize = 4_400_000;
    let folder = folder("dev-room");
    let dev = Dev::start(&stripe_in(&folder), &folder.join("data"));
    let before = most_memory(dev.child.id());
    let senders: Vec<_> = (0..40).map(|_| stalled(&dev, "/webhooks/stripe", BODY)).collect();
    let waiting = || senders.iter().filter(|sender| is_silent(sender, Duration::from_millis(10)));
    let end = SystemClock.now().plus(Duration::from_secs(8));
    while waiting().count() > ROOM / BODY && SystemClock.now() < end {}
    assert!(waiting().count() <= ROOM / BODY, "all others are answered 503 or cut off");
    let held = most_memory(dev.child.id()) - before;
    assert!(held < 3 * ROOM, "{held} bytes");
    std::fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn connections_that_say_nothing_are_closed_and_keep_nobody_out() {
    let folder = folder("dev-idle");
    let dev = Dev::start(&stripe_in(&folder), &folder.join("data"));
    let idle: Vec<_> =
        (0..300).map(|_| TcpStream::connect(&dev.address).expect("it listens")).collect();
    assert_eq!(dev.post(&Draft::checkout("evt_1", "cs_1")).await, 200);
    assert!(!is_silent(&idle[0], Duration::from_secs(20)), "it is closed");
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn only_its_owner_can_read_what_dev_keeps() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder("dev-private");
    let (endpoints, data) = (stripe_in(&folder), folder.join("data"));
    let modes = || {
        [data.clone(), data.join("hookdock.redb")]
            .map(|path| std::fs::metadata(path).expect("made").permissions().mode() & 0o777)
    };
    drop(Dev::start(&endpoints, &data));
    assert_eq!(modes(), [0o700, 0o600]);
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(data.join("hookdock.redb"), open).expect("its owner");
    drop(Dev::start(&endpoints, &data));
    assert_eq!(modes(), [0o700, 0o600], "a file that others could read is closed to them");
    std::fs::remove_dir_all(folder).expect("removed");
}
