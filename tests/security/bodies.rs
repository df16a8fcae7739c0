//! Bodies that a parser may not like.

use bytes::Bytes;
use fastrand::Rng;
use serde_json::{Value, json};

/// The largest body that is not small.
const LARGE: usize = 150_000;

/// One body in so many is large.
const LARGE_EVERY: u32 = 40;

/// A body of some kind.
pub(crate) fn any(rng: &mut Rng) -> Bytes {
    if rng.u32(..LARGE_EVERY) == 0 {
        return large(rng);
    }
    match rng.u32(..6) {
        0 => bytes(rng, 400).into(),
        1 => checkout(rng).to_string().into(),
        2 => {
            let text = checkout(rng).to_string();
            mutated(rng, text)
        }
        3 => nested(rng).into(),
        4 => form(rng).into(),
        _ => text(rng, 200).into(),
    }
}

/// A checkout with values that a job does not expect. Some ids come again.
fn checkout(rng: &mut Rng) -> Value {
    let (id, session) = (format!("evt_{}", rng.u32(..50)), format!("cs_{}", rng.u32(..1000)));
    json!({
        "id": odd(rng, json!(id)),
        "type": odd(rng, json!("checkout.session.completed")),
        "account": odd(rng, json!("acme")),
        "created": odd(rng, json!(1_800_000_000)),
        "livemode": odd(rng, json!(true)),
        "data": { "object": {
            "id": odd(rng, json!(session)),
            "payment_status": odd(rng, json!("paid")),
            "amount_total": odd(rng, json!(4200)),
            "currency": odd(rng, json!("eur")),
            "customer": odd(rng, json!("cus_1")),
        }},
    })
}

/// Mostly what it is; sometimes something else.
fn odd(rng: &mut Rng, usual: Value) -> Value {
    match rng.u32(..30) {
        0 => Value::Null,
        1 => json!(-1),
        2 => json!(u64::MAX),
        3 => json!(1e308),
        4 => json!("a".repeat(rng.usize(..5000))),
        5 => json!("\u{0}\r\n\u{7f}\u{2028}\u{202e}"),
        6 => json!({ "id": [usual] }),
        7 => json!("../../../etc/passwd"),
        8 => json!(text(rng, 40)),
        _ => usual,
    }
}

/// A text in which some bytes are others, gone, or twice there.
fn mutated(rng: &mut Rng, text: String) -> Bytes {
    let mut bytes = text.into_bytes();
    for _ in 0..=rng.u32(..8) {
        let at = rng.usize(..bytes.len());
        match rng.u32(..4) {
            0 => bytes[at] = rng.u8(..),
            1 => bytes.insert(at, b"\"\\{}[]:,\0\xff"[rng.usize(..10)]),
            2 if bytes.len() > 1 => drop(bytes.remove(at)),
            _ => {
                let part = bytes[at..bytes.len().min(at + 40)].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes.into()
}

fn nested(rng: &mut Rng) -> String {
    let (open, close) = [("[", "]"), ("{\"a\":", "}"), ("[{\"id\":", "}]")][rng.usize(..3)];
    let depth = rng.usize(..300);
    format!("{}1{}", open.repeat(depth), close.repeat(depth))
}

fn form(rng: &mut Rng) -> String {
    let field = |rng: &mut Rng| format!("{}={}", text(rng, 8), text(rng, 20));
    (0..rng.usize(..40)).map(|_| field(rng)).collect::<Vec<_>>().join("&")
}

/// Much of what costs a parser the most.
fn large(rng: &mut Rng) -> Bytes {
    let piece: &[u8] = [
        &b"\x01"[..],
        b"{},",
        b"\"\\u0000\",",
        b"\"id\":1,",
        b"[",
        b"a=b&",
        b"{\"id\":\"evt_1\"},",
    ][rng.usize(..7)];
    let mut body = Vec::from(&b"{\"id\":\"evt_large\",\"x\":["[..]);
    while body.len() < LARGE {
        body.extend_from_slice(piece);
    }
    body.extend_from_slice(b"1]}");
    body.into()
}

/// Any bytes.
pub(crate) fn bytes(rng: &mut Rng, most: usize) -> Vec<u8> {
    (0..rng.usize(..most)).map(|_| rng.u8(..)).collect()
}

/// Characters that mean something to somebody.
pub(crate) fn text(rng: &mut Rng, most: usize) -> String {
    const USED: &[char] = &[
        'a',
        'Z',
        '0',
        '9',
        '-',
        '_',
        '.',
        '/',
        '%',
        '=',
        ',',
        ';',
        ' ',
        '"',
        '\\',
        '\n',
        '\r',
        '\0',
        '\t',
        '{',
        '}',
        '<',
        '>',
        '\u{e9}',
        '\u{1f980}',
        '\u{202e}',
        '\u{feff}',
    ];
    (0..rng.usize(..most)).map(|_| USED[rng.usize(..USED.len())]).collect()
}
