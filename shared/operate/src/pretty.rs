//! JSON for people: its own tokens on lines of their own, so that no number loses a digit and no
//! member its place; and bytes as hexadecimal.

use serde::de::IgnoredAny;

use crate::redact::{hidden, is_secret};

/// The JSON with a line for each value. `None`: it is not JSON.
pub(crate) fn pretty(text: &str, reveal: bool) -> Option<String> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let (mut out, mut depth) = (String::with_capacity(text.len().saturating_mul(2)), 0_usize);
    let (mut rest, mut key, mut before) = (text.trim(), None::<&str>, None::<char>);
    while let Some(token) = token(rest) {
        rest = rest.get(token.len()..).unwrap_or_default().trim_start();
        let (first, is_key) = (token.chars().next(), rest.starts_with(':'));
        match first {
            Some('}' | ']') => {
                depth = depth.saturating_sub(1);
                if !matches!(before, Some('{' | '[')) {
                    line(&mut out, depth);
                }
                out.push_str(token);
            }
            Some(',') => out.push(','),
            Some(':') => out.push_str(": "),
            _ => {
                if matches!(before, Some('{' | '[' | ',')) {
                    line(&mut out, depth);
                }
                let is_value = !is_key && !matches!(first, Some('{' | '['));
                if is_value && !reveal && before == Some(':') && key.is_some_and(is_secret) {
                    out.push('"');
                    out.push_str(&hidden(token.trim_matches('"')));
                    out.push('"');
                } else {
                    out.push_str(token);
                }
                if matches!(first, Some('{' | '[')) {
                    depth = depth.saturating_add(1);
                }
            }
        }
        if is_key {
            key = Some(token.trim_matches('"'));
        }
        before = first;
    }
    Some(out)
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
}

/// The next token of valid JSON.
fn token(text: &str) -> Option<&str> {
    let first = text.chars().next()?;
    let end = match first {
        '"' => end_of_string(text),
        '{' | '}' | '[' | ']' | ',' | ':' => 1,
        _ => text.find([',', '}', ']', ' ', '\n', '\r', '\t']).unwrap_or(text.len()),
    };
    text.get(..end)
}

fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (place, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return place.saturating_add(1),
            _ => {}
        }
    }
    text.len()
}

/// Sixteen bytes on a line, with their place before them and their text beside them.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let lines = bytes.chunks(16).enumerate().map(|(number, line)| {
        let digits: String = line.iter().map(|byte| format!("{byte:02x} ")).collect();
        let shown = |byte: &u8| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        };
        let text: String = line.iter().map(shown).collect();
        format!("{:08x}  {digits:<48} {text}\n", number.saturating_mul(16))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tokens_of_json_stay_as_they_are() {
        let text =
            r#"{"a":1.0e400,"a":[],"b":{"c":[1,{"d":"x\"},y"}]},"e":12345678901234567890.10}"#;
        let expected = r#"{
  "a": 1.0e400,
  "a": [],
  "b": {
    "c": [
      1,
      {
        "d": "x\"},y"
      }
    ]
  },
  "e": 12345678901234567890.10
}"#;
        assert_eq!(pretty(text, false).as_deref(), Some(expected));
        assert_eq!(pretty(&format!(" {text}\n"), false).as_deref(), Some(expected));
    }

    #[test]
    fn what_is_secret_by_its_name_is_hidden_unless_it_is_asked_for() {
        let text = r#"{"client_secret":"pi_1_secret_2","n":1,"token":12}"#;
        let shown = pretty(text, false).expect("JSON");
        assert!(!shown.contains("pi_1") && shown.contains("••• 13 chars"), "{shown}");
        assert!(shown.contains("••• 2 chars") && shown.contains("\"n\": 1"), "{shown}");
        assert!(pretty(text, true).expect("JSON").contains("pi_1_secret_2"));
    }

    #[test]
    fn what_is_not_json_is_not_made_pretty() {
        for text in ["", "{", "{\"a\":}", "hello", "{} {}"] {
            assert_eq!(pretty(text, false), None, "{text}");
        }
    }

    #[test]
    fn bytes_are_shown_with_their_places() {
        let shown = hex(b"0123456789abcdef\x1b[31m");
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines[1], "00000010  1b 5b 33 31 6d                                   .[31m");
        assert!(lines[0].ends_with("0123456789abcdef"));
    }
}
