//! The text of a body, unescaped where it lies.
//!
//! An event holds the body as a JSON string, and most of its quotes are escaped. `serde_json`
//! would unescape it into a buffer that doubles, and copy the text out of there; with the event
//! itself that is more than three times a large body at once. Here the one copy that is taken
//! out of the event shrinks to the text.

use std::iter;

use bytes::Bytes;
use memchr::memchr;
use serde_json::value::RawValue;

/// The text of a JSON string. `None`: it is none, or stands for no text.
pub(crate) fn unescaped(json: Box<RawValue>) -> Option<Bytes> {
    let mut text = Box::<str>::from(json).into_string().into_bytes();
    let end = text.len().checked_sub(1)?;
    if end == 0 || text.first() != Some(&b'"') {
        return None;
    }
    let mut read = memchr(b'\\', &text).unwrap_or(end);
    let mut written = read;
    while read < end {
        let byte = *text.get(read)?;
        read += 1;
        if byte == b'\\' {
            let (taken, character) = character(text.get(read..end)?)?;
            read += taken;
            written += write(character, text.get_mut(written..)?)?;
        } else {
            *text.get_mut(written)? = byte;
            written += 1;
        }
    }
    text.truncate(written);
    Some(Bytes::from(text).slice(1..))
}

/// What follows a backslash: its length, and what it stands for.
fn character(escape: &[u8]) -> Option<(usize, char)> {
    let character = match escape.first()? {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return utf16(escape),
        &itself @ (b'"' | b'\\' | b'/') => char::from(itself),
        _ => return None,
    };
    Some((1, character))
}

/// One unit, or a pair of them: `uD83E\uDD80`. Half a pair stands for nothing.
fn utf16(escape: &[u8]) -> Option<(usize, char)> {
    let second = escape.get(5..).and_then(|rest| unit(rest.strip_prefix(b"\\")?));
    let units = iter::once(unit(escape)?).chain(second);
    let character = char::decode_utf16(units).next()?.ok()?;
    Some((if character.len_utf16() == 2 { 11 } else { 5 }, character))
}

fn unit(escape: &[u8]) -> Option<u16> {
    let digits = escape.strip_prefix(b"u")?.get(..4)?;
    let digit = |&digit: &u8| u16::try_from(char::from(digit).to_digit(16)?).ok();
    digits.iter().try_fold(0, |unit, byte| Some(unit << 4 | digit(byte)?))
}

/// No character is longer than what stood for it.
fn write(character: char, to: &mut [u8]) -> Option<usize> {
    let mut utf8 = [0; 4];
    let utf8 = character.encode_utf8(&mut utf8).as_bytes();
    to.get_mut(..utf8.len())?.copy_from_slice(utf8);
    Some(utf8.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> Option<Bytes> {
        unescaped(serde_json::from_str(json).expect("JSON"))
    }

    #[test]
    fn a_text_is_what_its_escapes_stand_for() {
        for (json, text) in [
            (r#""""#, ""),
            (r#""a""#, "a"),
            (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r#""\u0000\u00e9\u20AC""#, "\0\u{e9}\u{20ac}"),
            (r#""\uD83E\uDD80!""#, "\u{1f980}!"),
            (r#""a\\""#, "a\\"),
            (r#""\\u0041""#, "\\u0041"),
        ] {
            assert_eq!(read(json).as_deref(), Some(text.as_bytes()), "{json}");
        }
    }

    #[test]
    fn what_stands_for_no_text_is_none() {
        for json in [
            r#""\uD83E""#,
            r#""\uD83E\n""#,
            r#""\uD83E\u0041""#,
            r#""\uDD80\uD83E""#,
            "1",
            "true",
            r#"["a"]"#,
            r#"{"a": "b"}"#,
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }

    proptest! {
        #[test]
        fn every_text_is_read_as_it_was_written(text in any::<String>()) {
            let json = serde_json::to_string(&text).expect("JSON");
            prop_assert_eq!(read(&json), Some(text.into()));
        }

        #[test]
        fn every_string_is_read_as_serde_json_reads_it(
            parts in prop::collection::vec(
                "[ -!#-\\[\\]-~\u{e9}\u{20ac}\u{1f980}]{0,3}|\\\\[\"\\\\/bfnrt]|\\\\u[0-9a-fA-F]{4}|\\\\u[dD][89abAB][0-9a-f]{2}\\\\u[dD][c-fC-F][0-9a-f]{2}",
                0..8,
            ),
        ) {
            let json = format!("\"{}\"", parts.concat());
            let text = serde_json::from_str::<String>(&json).ok();
            prop_assert_eq!(read(&json), text.map(Bytes::from));
        }
    }
}
