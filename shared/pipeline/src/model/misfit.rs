//! What a parser says of a document that holds secrets, without the values in it.

/// The reason of a parser of serde's, without the values that it quotes. Names of keys stay.
///
/// ```
/// use hookdock_pipeline::model::misfit::reason;
///
/// assert_eq!(
///     reason("invalid type: string \"hunter2\", expected a sequence"),
///     "a list is expected here, and a string is there"
/// );
/// ```
#[must_use]
pub fn reason(message: &str) -> String {
    let message = message.lines().next().unwrap_or_default();
    let message = message.split(" at line ").next().unwrap_or_default();
    match message.split_once(": ") {
        Some((mismatch @ ("invalid type" | "invalid value" | "invalid length"), rest)) => {
            // What is expected comes from our code. The value before it can hold anything.
            let (there, expected) = rest.rsplit_once(", expected ").unwrap_or_default();
            let kind = there.split(['"', '`']).next().unwrap_or_default().trim();
            match mismatch {
                "invalid type" => {
                    format!(
                        "{} is expected here, and {} is there",
                        plain(expected),
                        with_article(kind)
                    )
                }
                _ => format!("{} is expected here", plain(expected)),
            }
        }
        _ => unquoted(message),
    }
}

/// Only names of keys are quoted by these messages.
fn unquoted(message: &str) -> String {
    const OF_KEYS: [&str; 3] = ["unknown field", "missing field", "duplicate field"];
    if OF_KEYS.iter().any(|beginning| message.starts_with(beginning)) {
        return message.escape_debug().to_string().replace("\\'", "'");
    }
    let before = message.split(['"', '`']).next().unwrap_or_default();
    before.trim_end().trim_end_matches(':').escape_debug().to_string()
}

/// What people call it.
fn plain(expected: &str) -> String {
    match expected {
        "a sequence" => "a list".to_owned(),
        "a map" => "a table".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "f64" => "a number".to_owned(),
        "u32" | "u64" | "usize" | "i64" => "a whole number".to_owned(),
        _ if expected.starts_with("struct ") => "a table".to_owned(),
        _ => expected.to_owned(),
    }
}

fn with_article(kind: &str) -> String {
    let name = match kind {
        "sequence" => "list",
        "map" => "table",
        "floating point" => "number",
        other => other,
    };
    let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expected: &str) {
        assert_eq!(reason(message), expected, "{message}");
        assert!(!reason(message).contains("hunter2"), "{message}");
    }

    #[test]
    fn what_is_wrong_is_said_and_no_value_is_quoted() {
        for (message, expected) in [
            (
                "invalid type: string \"hunter2\", expected a sequence",
                "a list is expected here, and a string is there",
            ),
            (
                "invalid type: string \"hunter2, expected \", expected u32 at line 1 column 2",
                "a whole number is expected here, and a string is there",
            ),
            (
                "invalid type: integer `3`, expected struct Api",
                "a table is expected here, and an integer is there",
            ),
            ("invalid value: string \"hunter2\", expected a name", "a name is expected here"),
            ("unknown variant `hunter2`, expected one of `a`", "unknown variant"),
            ("unknown field `curl`, expected `url`", "unknown field `curl`, expected `url`"),
            ("missing field `url`\nin `a`\n", "missing field `url`"),
            ("not an https URL", "not an https URL"),
            (
                "string values must be quoted, expected literal string",
                "string values must be quoted, expected literal string",
            ),
        ] {
            check(message, expected);
        }
    }
}
