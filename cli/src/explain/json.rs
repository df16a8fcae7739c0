//! The same JSON as other writers write it: order, numbers and texts stay, blanks and escapes
//! change.

use std::iter::Peekable;
use std::str::Chars;

use serde::de::IgnoredAny;

use crate::explain::changes::{BodyChange, Escapes, JsonWriting, Spacing};

const SPACINGS: [Spacing; 6] = [
    Spacing::Kept,
    Spacing::Compact,
    Spacing::AfterCommaAndColon,
    Spacing::TwoSpaces,
    Spacing::FourSpaces,
    Spacing::Tabs,
];

const ESCAPES: [Escapes; 6] = [
    Escapes::Kept,
    Escapes::Few,
    Escapes::NonAscii,
    Escapes::Slashes,
    Escapes::NonAsciiAndSlashes,
    Escapes::Html,
];

/// The texts that the body may have been before somebody read and wrote it.
pub(crate) fn variants(text: &str) -> Vec<(BodyChange, Vec<u8>)> {
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Vec::new();
    }
    let mut found: Vec<(BodyChange, Vec<u8>)> = Vec::new();
    for escapes in ESCAPES {
        let escaped = escape(text, escapes);
        for spacing in SPACINGS {
            let written = space(&escaped, spacing).into_bytes();
            if written != text.as_bytes() && !found.iter().any(|(_, known)| *known == written) {
                found.push((BodyChange::JsonWritten(JsonWriting { spacing, escapes }), written));
            }
        }
    }
    found
}

fn space(text: &str, spacing: Spacing) -> String {
    match spacing {
        Spacing::Kept => text.to_owned(),
        Spacing::Compact => write(text, ",", ":", None),
        Spacing::AfterCommaAndColon => write(text, ", ", ": ", None),
        Spacing::TwoSpaces => write(text, ",", ": ", Some("  ")),
        Spacing::FourSpaces => write(text, ",", ": ", Some("    ")),
        Spacing::Tabs => write(text, ",", ": ", Some("\t")),
    }
}

/// Copies strings and scalars, and writes the blanks between them again.
fn write(text: &str, comma: &str, colon: &str, indent: Option<&str>) -> String {
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

fn escape(text: &str, escapes: Escapes) -> String {
    let (non_ascii, slashes, html) = match escapes {
        Escapes::Kept => return text.to_owned(),
        Escapes::Few => (false, false, false),
        Escapes::NonAscii => (true, false, false),
        Escapes::Slashes => (false, true, false),
        Escapes::NonAsciiAndSlashes => (true, true, false),
        Escapes::Html => (false, false, true),
    };
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

/// With the escapes that JSON cannot do without, and no others.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let (plain, tail) = one_escape(after);
        out.push_str(&plain);
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// What stands for an escape whose backslash was read, and what follows it.
fn one_escape(after: &str) -> (String, &str) {
    let mut chars = after.chars();
    match chars.next() {
        Some('/') => ("/".to_owned(), chars.as_str()),
        Some('u') => coded(after).unwrap_or_else(|| ("\\u".to_owned(), chars.as_str())),
        Some(other) => (format!("\\{other}"), chars.as_str()),
        None => ("\\".to_owned(), ""),
    }
}

/// `u00e9`, or a pair of them for one character beyond the first plane.
fn coded(after: &str) -> Option<(String, &str)> {
    let (first, tail) = unit(after)?;
    let second = tail.strip_prefix('\\').and_then(unit);
    let pair = second.and_then(|(second, tail)| {
        let char = char::decode_utf16([first, second]).next()?.ok()?;
        (char.len_utf16() == 2).then_some((char, tail))
    });
    let (char, tail) = pair.or_else(|| Some((char::from_u32(first.into())?, tail)))?;
    let has_to_stay = char.is_control() || matches!(char, '"' | '\\');
    (!has_to_stay).then(|| (char.to_string(), tail))
}

fn unit(text: &str) -> Option<(u16, &str)> {
    let (digits, tail) = text.strip_prefix('u')?.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, tail))
}
