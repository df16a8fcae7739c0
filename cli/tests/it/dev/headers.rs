//! Headers, as they are stored.

use hookdock_embedded::SystemClock;
use hookdock_pipeline::delivery::stored::StoredDelivery;
use hookdock_signature::Headers;

use super::{Dev, stripe_in};
use crate::support::folder;

/// The headers that `hookdock dev` stores of a request with these header lines.
fn stored_headers(test: &str, lines: &[u8]) -> Headers {
    let folder = folder(test);
    let (endpoints, data) = (stripe_in(&folder), folder.join("data"));
    let dev = Dev::start(&endpoints, &data);
    let id = dev.post_lines(lines);
    assert_eq!(dev.interrupt(), Some(0));
    let queue = hookdock_embedded::QueueSettings::default();
    let local = hookdock_embedded::Embedded::on_disk(&data, SystemClock, queue).expect("free");
    let (_, object) = local.stored(&id).expect("a database").expect("stored");
    std::fs::remove_dir_all(folder).expect("removed");
    StoredDelivery::parse(&object).expect("readable").headers()
}

#[test]
fn dev_keeps_the_values_of_a_repeated_header_apart_and_in_order_and_its_name_in_lower_case() {
    let headers = stored_headers("dev-headers", b"X-A: 1\r\nx-b: 2\r\nX-a: 3\r\n");
    let of =
        |name: &str| -> Vec<_> { headers.iter().filter(|(there, _)| *there == name).collect() };
    assert_eq!(of("x-a"), [("x-a", "1"), ("x-a", "3")]);
    assert_eq!(of("x-b"), [("x-b", "2")]);
    let lower = |(name, _): (&str, &str)| name == name.to_ascii_lowercase();
    assert!(headers.iter().all(lower), "{headers:?}");
}

#[test]
fn dev_reads_a_header_that_is_not_utf_8_as_latin_1() {
    let headers = stored_headers("dev-latin", b"X-A: caf\xe9\r\nX-B: caf\xc3\xa9\r\n");
    assert_eq!(headers.single("X-A"), Ok(Some("caf\u{e9}")));
    assert_eq!(headers.single("X-B"), Ok(Some("caf\u{e9}")));
}
