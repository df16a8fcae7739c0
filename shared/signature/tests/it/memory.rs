//! Memory that verification takes.

use hookdock_signature::{EpochMillis, Headers, Provider, Request, Secret, catalog, sign, verify};

const SECRET: &str = "abcdefabcdef0123";
const NOW: EpochMillis = EpochMillis::new(1_800_000_000_000);

/// All bytes taken while a body of this size is verified, whether given back or not.
fn bytes_taken(provider: &Provider, size: usize) -> Option<u64> {
    let secrets = [Secret::new("s1", SECRET).unwrap()];
    // Not letters: those could be a challenge, which no event is.
    let body = vec![b'{'; size];
    let mut headers = Headers::from_iter([("webhook-id", "msg_1"), ("svix-id", "msg_1")]);
    let given = headers.clone();
    let draft = Request { method: "POST", url: "https://h.example/", headers: &given, body: &body };
    headers.extend(sign(provider, &secrets[0], &draft, NOW).ok()?);
    let request = Request { headers: &headers, ..draft };
    let mut outcome = None;
    let taken = allocation_counter::measure(|| {
        outcome = Some(verify(provider, &secrets, &request, NOW));
    });
    assert!(outcome.unwrap().is_ok(), "{}", provider.id());
    Some(taken.bytes_total)
}

#[test]
fn the_body_is_not_copied() {
    let signs_the_body = |provider: &Provider| {
        provider.scheme().message().is_some_and(|message| message.contains("{body}"))
    };
    let mut count = 0;
    for provider in catalog::ids().filter_map(catalog::find).filter(signs_the_body) {
        let Some(small) = bytes_taken(&provider, 10) else { continue };
        let large = bytes_taken(&provider, 1 << 20).unwrap();
        assert_eq!(small, large, "{}", provider.id());
        assert!(small < 4_000, "{}: {small}", provider.id());
        count += 1;
    }
    assert!(count > 90, "{count}");
}
