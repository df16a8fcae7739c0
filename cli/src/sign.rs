//! `hookdock sign`: the headers that make a request verify, or a curl line with them.

mod curl;
pub(crate) mod trouble;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use axum::http::{HeaderName, HeaderValue};
use clap::Args;
use hookdock_embedded::SystemClock;
use hookdock_pipeline::ports::System as _;
use hookdock_signature::{EpochMillis, EpochSeconds, Headers, Provider, Request};

use crate::given::{self, SecretFile};
use crate::sign::curl::Curl;
use crate::verify::saved::Saved;
use crate::{exit, say};

const EXAMPLES: &str = "\
Examples:
  hookdock sign --provider stripe --secret-file secret.txt --body event.json
  hookdock sign --provider github --secret-file secret.txt --body push.json \\
      --header 'X-GitHub-Event: push' --curl | sh
  hookdock sign --provider stripe --secret-file secret.txt --body event.json --json > request.json
  hookdock verify --provider stripe --secret-file secret.txt --request request.json";

/// The arguments of `hookdock sign`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Whose webhook it is to be; `hookdock providers` lists them
    #[arg(long, value_name = "ID")]
    provider: String,
    /// The secret; the line end of the file is not part of it
    #[arg(long, value_name = "FILE")]
    secret_file: PathBuf,
    /// The body, byte for byte; `-` is standard input, and without it the body is empty
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// Where it will be sent; by default to `hookdock dev`
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Another header of the request; some are signed. May be given again
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// A value that differs between accounts; `hookdock providers ID` says which there are
    #[arg(long = "setting", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// Sign as at this time; by default now
    #[arg(long, value_name = "UNIX_SECONDS", allow_negative_numbers = true)]
    at: Option<i64>,
    /// Print a curl line
    #[arg(long, conflicts_with = "json")]
    curl: bool,
    /// Print the whole request, as `hookdock verify --request` reads it
    #[arg(long)]
    json: bool,
}

/// Signs.
///
/// # Errors
///
/// A file cannot be read, or a shared secret cannot sign for this provider.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let provider = given::provider(&arguments.provider, &arguments.settings)?;
    let secret = SecretFile::read(&arguments.secret_file, &provider)?;
    let draft = arguments.draft(&provider)?;
    let headers = signature(&provider, &secret, &draft.request(), arguments.at())?;
    if provider.scheme().signs_url() {
        say::talk(&format!("the URL is part of what is signed: {}", draft.url));
    }
    let text = match (arguments.json, arguments.curl) {
        (true, _) => serde_json::to_string_pretty(&draft.with(headers).file())?,
        (_, true) => Curl { request: &draft.with(headers), body: arguments.body.as_deref() }.line(),
        _ => lines(&headers),
    };
    say::print(&text)?;
    Ok(exit::DONE)
}

impl Arguments {
    fn draft(&self, provider: &Provider) -> anyhow::Result<Saved> {
        let own = || format!("http://127.0.0.1:9000/webhooks/{}", provider.id());
        let headers = self.headers.iter().map(|header| parsed(header));
        Ok(Saved {
            method: "POST".to_owned(),
            url: self.url.clone().unwrap_or_else(own),
            headers: headers.collect::<anyhow::Result<Headers>>()?,
            body: self.body.as_deref().map(given::bytes).transpose()?.unwrap_or_default(),
        })
    }

    fn at(&self) -> EpochMillis {
        self.at.map_or_else(|| SystemClock.now(), |at| EpochSeconds::new(at).to_millis())
    }
}

fn parsed(header: &str) -> anyhow::Result<(String, String)> {
    let Some((name, value)) = header.split_once(':') else {
        bail!("--header {header:?} is not of the form 'Name: value'");
    };
    checked(name.trim(), value.trim())
}

/// A header that can be sent.
pub(crate) fn checked(name: &str, value: &str) -> anyhow::Result<(String, String)> {
    HeaderName::try_from(name).with_context(|| format!("{name:?} cannot be a header's name"))?;
    HeaderValue::try_from(value)
        .with_context(|| format!("header {name} has a value that no request can carry"))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn signature(
    provider: &Provider,
    secret: &SecretFile,
    draft: &Request<'_>,
    at: EpochMillis,
) -> anyhow::Result<Vec<(String, String)>> {
    let signed = hookdock_signature::sign(provider, &secret.secret()?, draft, at);
    signed.map_err(|error| trouble::explained(provider, &error))
}

fn lines(headers: &[(String, String)]) -> String {
    let lines: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    lines.join("\n")
}
