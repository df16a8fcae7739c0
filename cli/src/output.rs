//! Data goes to standard output, messages go to standard error.

use std::io::{ErrorKind, Write as _, stdout};

use serde::Serialize;

/// Writes what the command is for. A reader that has read enough, such as `head`, is no failure.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n"));
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes the same as JSON.
pub(crate) fn print_json(data: &impl Serialize) -> anyhow::Result<()> {
    print(&serde_json::to_string_pretty(data)?)
}

/// Writes a message for the person at the terminal.
#[expect(clippy::print_stderr, reason = "messages for a person go to standard error")]
pub(crate) fn eprintln(text: &str) {
    eprintln!("{text}");
}

/// The text as one word for a shell, which looks into nothing of it.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The text without anything that a terminal would obey or show in another order: control
/// characters and marks of direction are written as `\u{1b}`.
pub(crate) fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() || is_invisible(letter) {
            safe.extend(letter.escape_unicode());
        } else {
            safe.push(letter);
        }
    }
    safe
}

/// The same of a text of several lines.
pub(crate) fn safe_lines(text: &str) -> String {
    text.split('\n').map(safe).collect::<Vec<_>>().join("\n")
}

/// Marks that change the direction of a text or take no room in it.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_a_stranger_moves_nothing_on_a_terminal() {
        for (hostile, shown) in [
            ("\u{1b}[2J", r"\u{1b}[2J"),
            ("a\rb", r"a\u{d}b"),
            ("a\nb", r"a\u{a}b"),
            ("\0\u{9b}31m", r"\u{0}\u{9b}31m"),
            ("evt\u{202e}1_txt", r"evt\u{202e}1_txt"),
            ("caf\u{e9} \u{2713}", "caf\u{e9} \u{2713}"),
        ] {
            assert_eq!(safe(hostile), shown);
        }
        assert_eq!(safe_lines("a\n\tb"), "a\n\\u{9}b");
    }
}
