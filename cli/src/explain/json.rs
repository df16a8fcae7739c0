//! The same JSON as other writers write it: order, numbers and texts stay, blanks and escapes
//! change.

use std::iter::Peekable;
use std::str::Chars;

use serde::de::IgnoredAny;

use crate::explain::changes::{BodyChange, Escapes, JsonWriting, Spacing};

/// What stands after a comma, after a colon, and before a line; `None` keeps what is there.
type Blanks = Option<(&'static str, &'static str, Option<&'static str>)>;

/// Whether other than ASCII, slashes, and what HTML reads is escaped; `None` keeps what is there.
type Escaped = Option<(bool, bool, bool)>;

const SPACINGS: [(Spacing, Blanks); 6] = [
    (Spacing::Kept, None),
    (Spacing::Compact, Some((",", ":", None))),
    (Spacing::AfterCommaAndColon, Some((", ", ": ", None))),
    (Spacing::TwoSpaces, Some((",", ": ", Some("  ")))),
    (Spacing::FourSpaces, Some((",", ": ", Some("    ")))),
    (Spacing::Tabs, Some((",", ": ", Some("\t")))),
];

const ESCAPES: [(Escapes, Escaped); 6] = [
    (Escapes::Kept, None),
    (Escapes::Few, Some((false, false, false))),
    (Escapes::NonAscii, Some((true, false, false))),
    (Escapes::Slashes, Some((false, true, false))),
    (Escapes::NonAsciiAndSlashes, Some((true, true, false))),
    (Escapes::Html, Some((false, false, true))),
];

/// The texts that the body may have been before somebody read and wrote it.
pub(crate) fn variants(text: &str) -> Vec<(BodyChange, Vec<u8>)> {
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Vec::new();
    }
    let mut found: Vec<(BodyChange, Vec<u8>)> = Vec::new();
    for (escapes, escaped) in ESCAPES {
        let escaped = escape(text, escaped);
        for (spacing, blanks) in SPACINGS {
            let written = write(&escaped, blanks).into_bytes();
            if written != text.as_bytes() && !found.iter().any(|(_, known)| *known == written) {
                found.push((BodyChange::JsonWritten(JsonWriting { spacing, escapes }), written));
            }
        }
    }
    found
}

/// Copies strings and scalars, and writes the blanks between them again.
fn write(text: &str, blanks: Blanks) -> String {
    let Some((comma, colon, indent)) = blanks else { return text.to_owned() };
    let mut out = Writer { text: String::with_capacity(text.len()), indent, depth: 0 };
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            ' ' | '\n' | '\r' | '\t' => {}
            '"' => out.string(&mut chars),
            '{' | '[' => out.open(char, &mut chars),
            '}' | ']' => out.close(char),
            ',' => {
                out.text.push_str(comma);
                out.line();
            }
            ':' => out.text.push_str(colon),
            other => out.text.push(other),
        }
    }
    out.text
}

struct Writer<'i> {
    text: String,
    indent: Option<&'i str>,
    depth: usize,
}

impl Writer<'_> {
    fn string(&mut self, chars: &mut Peekable<Chars<'_>>) {
        self.text.push('"');
        while let Some(char) = chars.next() {
            self.text.push(char);
            match char {
                '"' => return,
                '\\' => self.text.extend(chars.next()),
                _ => {}
            }
        }
    }

    /// Nothing goes between the two halves of an empty object or list.
    fn open(&mut self, char: char, chars: &mut Peekable<Chars<'_>>) {
        self.text.push(char);
        while chars.next_if(char::is_ascii_whitespace).is_some() {}
        if let Some(end) = chars.next_if(|next| matches!(next, '}' | ']')) {
            self.text.push(end);
            return;
        }
        self.depth += 1;
        self.line();
    }

    fn close(&mut self, char: char) {
        self.depth = self.depth.saturating_sub(1);
        self.line();
        self.text.push(char);
    }

    fn line(&mut self) {
        if let Some(indent) = self.indent {
            self.text.push('\n');
            self.text.push_str(&indent.repeat(self.depth));
        }
    }
}

fn escape(text: &str, escaped: Escaped) -> String {
    let Some((non_ascii, slashes, html)) = escaped else { return text.to_owned() };
    let mut out = String::with_capacity(text.len());
    // Outside of strings JSON has none of the characters in question.
    for char in unescaped(text).chars() {
        match char {
            '/' if slashes => out.push_str("\\/"),
            '<' | '>' | '&' if html => code(&mut out, char),
            char if non_ascii && !char.is_ascii() => code(&mut out, char),
            char => out.push(char),
        }
    }
    out
}

/// As Python, PHP and Go write it: four small hexadecimal digits for each UTF-16 unit.
fn code(out: &mut String, char: char) {
    for unit in char.encode_utf16(&mut [0; 2]) {
        out.extend(["\\u", &hex::encode(unit.to_be_bytes())]);
    }
}

/// With the escapes that JSON cannot do without, and no others. A string that stands for no text
/// stays as it is.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.find('"').and_then(|start| rest.split_at_checked(start)) {
        let (string, after) = from.split_at_checked(string_length(from)).unwrap_or((from, ""));
        let plain = serde_json::from_str::<String>(string);
        let plain = plain.and_then(|text| serde_json::to_string(&text));
        out.extend([before, plain.as_deref().unwrap_or(string)]);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// How long the string is that the text begins with.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.map_or(text.len(), |inside| inside + 2)
}
