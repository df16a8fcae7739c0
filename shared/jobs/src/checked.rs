//! What a sender wrote, before it gets into a mail, a name, a path or a chat.
//!
//! A signature says who wrote it, and not that it is harmless: a tenant's secret is enough to write
//! anything. What has a grammar is refused where it does not fit; free text is cleaned.

use hookdock_pipeline::job::{ErrorClass, Failure};
use serde::Serialize;

/// The longest id that Stripe gives ("API upgrades", read 2026-11).
const LONGEST_ID: usize = 255;

/// Makes a type of text that fits a grammar. None shows itself in a log.
macro_rules! checked {
    ($(#[$doc:meta])* $name:ident, $what:literal, $fits:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Serialize)]
        pub(crate) struct $name(String);

        impl $name {
            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Failure;

            fn try_from(text: String) -> Result<Self, Failure> {
                let fits: fn(&str) -> bool = $fits;
                match fits(&text) {
                    true => Ok(Self(text)),
                    false => Err(bad(concat!($what, " is not one"))),
                }
            }
        }
    };
}

checked! {
    /// The id of a checkout session of Stripe.
    SessionId,
    "the checkout session's id",
    |text| text.starts_with("cs_") && is_id(text)
}

checked! {
    /// The id of a customer of Stripe or Shopify. It can stand in a path.
    CustomerId,
    "the customer's id",
    is_id
}

checked! {
    /// A currency's code (ISO 4217).
    Currency,
    "the currency",
    |text| text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphabetic())
}

checked! {
    /// One e-mail address: a local part without quotes, and a domain (RFC 5321, 4.1.2).
    Address,
    "the customer's e-mail address",
    is_address
}

/// An amount in the currency's smallest unit.
pub(crate) fn amount(amount: i64) -> Result<i64, Failure> {
    if amount >= 0 { Ok(amount) } else { Err(bad("the amount is below zero")) }
}

/// Free text as one line.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect()
}

/// Free text whose lines stay.
pub(crate) fn lines(text: &str) -> String {
    text.split('\n').map(one_line).collect::<Vec<_>>().join("\n")
}

/// The failure of an event that no attempt will find different.
pub(crate) fn bad(message: &str) -> Failure {
    Failure::permanent(ErrorClass::BadData, message)
}

/// What is not seen and changes how other text is shown: control characters, line breaks of
/// Unicode, and what turns the direction of writing (Unicode 17, `Bidi_Control`).
fn is_hidden(c: char) -> bool {
    let breaks_line = matches!(c, '\u{2028}' | '\u{2029}');
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || breaks_line || turns
}

fn is_id(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(fits)
}

/// Letters of all languages are let through; whether they can be sent to is for the mail to say.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let in_local = |c: char| c.is_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 254
        && (1..=64).contains(&local.len())
        && local.chars().all(in_local)
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: TryFrom<String, Error = Failure>>(good: &[&str], bad: &[&str], message: &str) {
        for text in good {
            assert!(T::try_from((*text).to_owned()).is_ok(), "{text:?}");
        }
        for text in bad {
            let failure = T::try_from((*text).to_owned()).err().expect("it does not fit");
            assert_eq!(failure, super::bad(message), "{text:?}");
        }
    }

    #[test]
    fn what_does_not_fit_its_grammar_is_refused_and_not_quoted() {
        let long = format!("cs_{}", "x".repeat(253));
        check::<SessionId>(
            &["cs_1", "cs_test_a1B2", "cs_live_x-y"],
            &[
                "",
                "cs",
                "pi_1",
                "cs_1\r\nBcc: x@y.example",
                "cs_1/../2",
                "cs_a~b",
                "cs_\u{e9}",
                &long,
            ],
            "the checkout session's id is not one",
        );
        check::<CustomerId>(
            &["cus_1", "706405506930370084"],
            &["", "../orders/1", "cus 1", "cus?admin=1", "cus%2f1", "cus~1"],
            "the customer's id is not one",
        );
        check::<Currency>(
            &["eur", "USD"],
            &["", "eu", "euro", "e\nr", "\u{20ac}", "12\u{e9}"],
            "the currency is not one",
        );
        let label = format!("a@{}.example", "x".repeat(64));
        check::<Address>(
            &["jane@example.com", "o'neil+x=y@mail.example.co.uk", "zo\u{eb}@b\u{fc}cher.example"],
            &[
                "",
                "jane",
                "@example.com",
                "jane@",
                "jane@example",
                "jane@example..com",
                "jane@-x.example",
                "jane@example.com,eve@example.com",
                "jane@example.com;eve@example.com",
                "jane@eve@example.com",
                "jane@example.com\r\nBcc: eve@example.com",
                "jane doe@example.com",
                "Jane <jane@example.com>",
                "\"jane\"@example.com",
                "jane\u{202e}@example.com",
                "jane\u{0}@example.com",
                &label,
            ],
            "the customer's e-mail address is not one",
        );
    }

    #[test]
    fn an_amount_is_not_below_zero() {
        assert_eq!(amount(0), Ok(0));
        assert_eq!(amount(-1), Err(bad("the amount is below zero")));
    }

    #[test]
    fn free_text_loses_what_is_not_seen() {
        for (text, line, kept) in [
            ("caf\u{e9} \u{1f600}", "caf\u{e9} \u{1f600}", "caf\u{e9} \u{1f600}"),
            ("a\r\nBcc: b", "a  Bcc: b", "a \nBcc: b"),
            ("a\u{2028}b\u{2029}c", "a b c", "a b c"),
            ("\u{202e}exe.\u{2066}pdf\u{200f}", " exe. pdf ", " exe. pdf "),
            ("\u{1b}[2Ja\u{0}\u{7f}\u{85}", " [2Ja   ", " [2Ja   "),
        ] {
            assert_eq!((one_line(text), lines(text)), (line.to_owned(), kept.to_owned()));
        }
    }
}
