//! A command as the shell splits it, as far as the documents need it.

/// The words of a command. What stands between quotes is part of its word.
pub(super) fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in command.chars() {
        match (quote, letter) {
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (Some(open), _) if open == letter => quote = None,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    assert!(quote.is_none(), "{command}: a quote is not closed");
    words.extend(word);
    words
}

/// The output of the stack that a word stands for: `$(output NAME)`.
pub(super) fn output(word: &str) -> Option<&str> {
    word.strip_prefix("$(output ")?.strip_suffix(')')
}

/// What differs from run to run is replaced by its name, and columns by single spaces.
pub(super) fn masked(line: &str) -> String {
    let words: Vec<String> = line.split_whitespace().map(mask).collect();
    words.join(" ")
}

fn mask(word: &str) -> String {
    const LOOPBACK: &str = "127.0.0.1:";
    if let Some((before, rest)) = word.split_once(LOOPBACK) {
        return format!("{before}{LOOPBACK}PORT{}", rest.trim_start_matches(char::is_numeric));
    }
    match word.split_once('/') {
        Some(("deliveries", rest)) => {
            return format!("deliveries/{}/...", rest.split('/').next().expect("an endpoint"));
        }
        _ if word.starts_with("dlv_") => return "dlv_...".to_owned(),
        _ => {}
    }
    let is_date = |word: &str| word.len() >= 10 && word.starts_with("20") && word.contains('-');
    let is_time = |word: &str| word.contains(':') && word.ends_with('Z');
    if is_date(word) || is_time(word) { "TIME".to_owned() } else { word.to_owned() }
}

#[test]
fn a_command_is_split_as_the_shell_does() {
    for (command, expected) in [
        ("a  b", &["a", "b"][..]),
        ("a 'b c'd \"e f\"", &["a", "b cd", "e f"]),
        ("a '' \"'\"", &["a", "", "'"]),
        ("--arn \"$(output Name)\"", &["--arn", "$(output Name)"]),
    ] {
        assert_eq!(words(command), expected);
    }
}

#[test]
fn only_what_differs_from_run_to_run_is_masked() {
    for (line, expected) in [
        ("  on http://127.0.0.1:9000. Ctrl-C", "on http://127.0.0.1:PORT. Ctrl-C"),
        ("200   deliveries/a/2026/11/dlv_1.json", "200 deliveries/a/..."),
        ("dlv_01ab, 40 bytes", "dlv_... 40 bytes"),
        ("signed at 2026-11-30T20:09:09Z", "signed at TIME"),
        ("2026-11-30 20:17:44.056Z  stored", "TIME TIME stored"),
        ("300 s are allowed: 2 of 8", "300 s are allowed: 2 of 8"),
    ] {
        assert_eq!(masked(line), expected);
    }
}
