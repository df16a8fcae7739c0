//! Bodies that a sender has compressed.

use std::io::Read;

use bytes::Bytes;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use hookdock_signature::Headers;

const CONTENT_ENCODING: &str = "content-encoding";

/// The body as it was before it was compressed, if the headers name one coding that is known and
/// the body is of it and has no more than `limit` bytes then.
///
/// Codings: `gzip` and `deflate`, which is the zlib format (RFC 9110, section 8.4.1).
pub(crate) fn decoded(headers: &Headers, body: &[u8], limit: usize) -> Option<Bytes> {
    let coding = headers.single(CONTENT_ENCODING).ok()??.trim().to_ascii_lowercase();
    match coding.as_str() {
        "gzip" | "x-gzip" => read(MultiGzDecoder::new(body), limit),
        "deflate" => read(ZlibDecoder::new(body), limit),
        _ => None,
    }
}

/// At most one byte more than the limit is ever made.
fn read(decoder: impl Read, limit: usize) -> Option<Bytes> {
    let mut plain = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    decoder.take(most).read_to_end(&mut plain).ok()?;
    (plain.len() <= limit).then(|| plain.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};

    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(plain).expect("memory");
        encoder.finish().expect("memory")
    }

    fn zlib(plain: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(plain).expect("memory");
        encoder.finish().expect("memory")
    }

    #[test]
    fn a_body_is_decoded_by_the_coding_that_its_headers_name() {
        let plain = Bytes::from_static(b"{}");
        let twice = [gzip(b"{"), gzip(b"}")].concat();
        for (coding, body, expected) in [
            (&["gzip"][..], gzip(&plain), Some(&plain)),
            (&["GZIP "], gzip(&plain), Some(&plain)),
            (&["x-gzip"], twice, Some(&plain)),
            (&["deflate"], zlib(&plain), Some(&plain)),
            (&["deflate"], gzip(&plain), None),
            (&["gzip"], plain.to_vec(), None),
            (&["gzip"], gzip(&plain).split_off(3), None),
            (&["gzip, gzip"], gzip(&gzip(&plain)), None),
            (&["gzip", "gzip"], gzip(&plain), None),
            (&["br"], gzip(&plain), None),
            (&["identity"], gzip(&plain), None),
            (&[], gzip(&plain), None),
        ] {
            let headers = coding.iter().map(|coding| ("Content-Encoding", *coding)).collect();
            assert_eq!(decoded(&headers, &body, 100).as_ref(), expected, "{coding:?}");
        }
    }

    #[test]
    fn no_more_is_made_of_a_body_than_the_limit() {
        let bomb = gzip(&vec![0; 10_000_000]);
        let headers: Headers = [("content-encoding", "gzip")].into_iter().collect();
        assert_eq!(decoded(&headers, &bomb, 9_999_999), None);
        assert_eq!(decoded(&headers, &bomb, 10_000_000).map(|plain| plain.len()), Some(10_000_000));
    }
}
