//! How things look on a screen: in which zone times are, which signs the terminal has, and whether
//! there are colours.

use std::io::{IsTerminal as _, stdout};

use clap::{Args, ValueEnum};
use hookdock_operate::State;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// How things look; and what the person's environment says of the terminal.
#[derive(Debug, Clone, Args)]
pub(crate) struct LookArguments {
    /// auto, always or never; `NO_COLOR` is never, too
    #[arg(long, value_enum, hide_possible_values = true, default_value_t = Colour::Auto)]
    color: Colour,
    /// Times in UTC instead of the local zone
    #[arg(long)]
    utc: bool,
    #[arg(long, env = "NO_COLOR", hide = true)]
    no_color: Option<String>,
    #[arg(long, env = "LC_ALL", hide = true)]
    lc_all: Option<String>,
    #[arg(long, env = "LC_CTYPE", hide = true)]
    lc_ctype: Option<String>,
    #[arg(long, env = "LANG", hide = true)]
    lang: Option<String>,
    #[arg(long, env = "TERM", hide = true)]
    term: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

/// How things look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    coloured: bool,
    /// Whether there are signs beyond ASCII.
    signs: bool,
    zone: Zone,
    /// Whether columns keep their width, however wide that is.
    pub(crate) wide: bool,
}

/// In which zone times are.
#[derive(Debug, Clone, Copy)]
enum Zone {
    Local,
    Utc,
}

/// A state as it is shown. The word comes first: neither the sign nor the colour is needed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sign {
    pub(crate) symbol: &'static str,
    pub(crate) word: &'static str,
    pub(crate) colour: u8,
}

impl LookArguments {
    pub(crate) fn look(&self, wide: bool) -> Look {
        let is_dumb = self.term.as_deref() == Some("dumb");
        let coloured = match self.color {
            Colour::Always => true,
            Colour::Never => false,
            // As no-color.org has it, an empty value says nothing.
            Colour::Auto => {
                let unwanted = self.no_color.as_ref().is_some_and(|value| !value.is_empty());
                !unwanted && !is_dumb && stdout().is_terminal()
            }
        };
        let zone = if self.utc { Zone::Utc } else { Zone::Local };
        Look { coloured, signs: !is_dumb && self.is_utf_8(), zone, wide }
    }

    /// As the C library decides it: the first of these that is set.
    fn is_utf_8(&self) -> bool {
        let set = [&self.lc_all, &self.lc_ctype, &self.lang].into_iter().flatten();
        let locale = set.map(|name| name.to_lowercase()).find(|name| !name.is_empty());
        locale.is_some_and(|name| name.ends_with("utf-8") || name.ends_with("utf8"))
    }
}

impl Look {
    pub(crate) fn sign(self, state: State) -> Sign {
        let (symbol, plain, word, colour) = match state {
            State::Dead => ("✗", "x", "dead", 31),
            State::LeaseOver => ("▸!", ">!", "lease over", 33),
            State::Retrying => ("↻", "r", "retrying", 33),
            State::Waiting => ("‖", "w", "waiting", 35),
            State::Running => ("▸", ">", "running", 34),
            State::Queued => ("…", ".", "queued", 37),
            State::Dismissed => ("⊘", "0", "dismissed", 37),
            State::Done => ("✓", "+", "done", 32),
            State::Ignored => ("○", "-", "ignored", 37),
            State::Direct => ("→", "=>", "direct", 37),
            State::Forgotten => ("?", "?", "forgotten", 37),
        };
        Sign { symbol: if self.signs { symbol } else { plain }, word, colour }
    }

    /// The symbol and the word.
    pub(crate) fn words(self, state: State) -> String {
        let Sign { symbol, word, .. } = self.sign(state);
        format!("{symbol} {word}")
    }

    /// A text in a colour.
    pub(crate) fn coloured(self, text: &str, colour: u8) -> String {
        match self.coloured {
            true => format!("\u{1b}[{colour}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }

    /// At most this many characters.
    pub(crate) fn shortened(self, text: &str, width: usize) -> String {
        if text.chars().count() <= width {
            return text.to_owned();
        }
        let dots = if self.signs { "…" } else { ".." };
        let kept = width.saturating_sub(dots.chars().count());
        text.chars().take(kept).chain(dots.chars()).collect()
    }

    fn zone(self) -> TimeZone {
        match self.zone {
            Zone::Utc => TimeZone::UTC,
            Zone::Local => TimeZone::system(),
        }
    }

    /// The name of the zone, as it is now.
    pub(crate) fn zone_name(self, now: Timestamp) -> String {
        now.to_zoned(self.zone()).strftime("%Z").to_string()
    }

    /// A time in a table.
    pub(crate) fn time(self, at: Timestamp) -> String {
        at.to_zoned(self.zone()).strftime("%m-%d %H:%M:%S").to_string()
    }

    /// A time of this day.
    pub(crate) fn clock(self, at: Timestamp) -> String {
        at.to_zoned(self.zone()).strftime("%H:%M:%S").to_string()
    }

    /// A time that is read alone, to the millisecond.
    pub(crate) fn exact(self, at: Timestamp) -> String {
        let zoned = at.to_zoned(self.zone());
        let offset = zoned.strftime("%:z").to_string();
        let offset = if offset == "+00:00" { "Z" } else { &offset };
        format!("{}{offset}", zoned.strftime("%Y-%m-%d %H:%M:%S.%3f"))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Arguments {
        #[command(flatten)]
        look: LookArguments,
    }

    fn look(arguments: &[&str]) -> Look {
        let all = ["--lc-all=", "--lc-ctype=", "--lang=", "--term=xterm", "--no-color="];
        let own = |name: &str| arguments.iter().any(|own| own.split('=').next() == Some(name));
        let others =
            all.into_iter().filter(|text| !own(text.split('=').next().unwrap_or_default()));
        let all = ["look"].into_iter().chain(others).chain(arguments.iter().copied());
        Arguments::parse_from(all).look.look(false)
    }

    #[test]
    fn signs_beyond_ascii_need_a_locale_and_a_terminal_that_have_them() {
        for (arguments, symbol) in [
            (&["--lang=de_DE.UTF-8"][..], "✓"),
            (&["--lc-ctype=en_US.utf8"], "✓"),
            (&["--lc-all=C", "--lang=de_DE.UTF-8"], "+"),
            (&["--lang=de_DE.ISO-8859-1"], "+"),
            (&[], "+"),
            (&["--lang=de_DE.UTF-8", "--term=dumb"], "+"),
        ] {
            let look = look(arguments);
            assert_eq!(look.sign(State::Done).symbol, symbol, "{arguments:?}");
            assert_eq!(look.shortened("abcdefgh", 8), "abcdefgh");
            let short = if symbol == "+" { "abcde.." } else { "abcdef…" };
            assert_eq!(look.shortened("abcdefgh", 7), short, "{arguments:?}");
        }
    }

    #[test]
    fn no_state_looks_like_another_in_signs_or_in_ascii() {
        for arguments in [&["--lang=C.UTF-8"][..], &[]] {
            let states = State::names();
            let all: Vec<State> = states.split(", ").filter_map(State::named).collect();
            let shown: std::collections::BTreeSet<String> =
                all.iter().map(|state| look(arguments).words(*state)).collect();
            assert_eq!(shown.len(), all.len());
            let is_ascii = shown.iter().all(|words| words.is_ascii());
            assert_eq!(is_ascii, arguments.is_empty(), "{shown:?}");
        }
    }

    #[test]
    fn colours_are_left_out_unless_they_are_asked_for_or_seen() {
        for (arguments, coloured) in [
            (&["--color=always"][..], true),
            (&["--color=always", "--no-color=1"], true),
            (&["--color=never"], false),
            (&["--no-color=1"], false),
            (&[], false),
        ] {
            let text = look(arguments).coloured("a", 31);
            assert_eq!(text.contains('\u{1b}'), coloured, "{arguments:?}");
        }
    }

    #[test]
    fn times_are_in_a_zone_that_is_named() {
        let at: Timestamp = "2026-07-01T22:30:01.250Z".parse().expect("a time");
        let look = look(&["--utc"]);
        assert_eq!(look.time(at), "07-01 22:30:01");
        assert_eq!(look.exact(at), "2026-07-01 22:30:01.250Z");
        assert_eq!(look.zone_name(at), "UTC");
    }
}
