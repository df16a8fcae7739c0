//! `hookdock sign`: the headers that make a request verify, or a curl command with them.

mod curl;
mod key_pair;
pub(crate) mod trouble;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use hookdock_embedded::SystemClock;
use hookdock_pipeline::model::system::System as _;
use hookdock_signature::{EpochMillis, EpochSeconds, Headers, Provider, Request};

use crate::input::{self, SecretFile};
use crate::saved_request::SavedRequest;
use crate::sign::curl::Curl;
use crate::sign::key_pair::KeyPair;
use crate::{exit, output};

const EXAMPLES: &str = "\
Examples:
  hookdock sign --provider stripe --secret-file secret.txt --body event.json
  hookdock sign --provider github --secret-file secret.txt --body push.json \\
      --header 'X-GitHub-Event: push' --curl | sh
  hookdock sign --provider discord --private-key key.pem --body event.json
  hookdock sign --provider stripe --secret-file secret.txt --body event.json --json > request.json
  hookdock verify --provider stripe --secret-file secret.txt --request request.json";

/// The arguments of `hookdock sign`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The provider to sign as; `hookdock providers` lists them
    #[arg(long, value_name = "ID")]
    provider: String,
    /// The secret; the line end of the file is not part of it
    #[arg(long, value_name = "FILE", required_unless_present = "private_key")]
    secret_file: Option<PathBuf>,
    /// A private key (PEM) instead of a secret; created if it is missing
    #[arg(long, value_name = "FILE", conflicts_with = "secret_file")]
    private_key: Option<PathBuf>,
    /// The body, byte for byte; `-` is standard input; empty by default
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// Where it will be sent; by default `hookdock dev`
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Another header of the request, if it is signed too; can be repeated
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// A value that differs between accounts: see `hookdock providers ID`
    #[arg(long = "setting", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// The time to sign with; by default now
    #[arg(long, value_name = "UNIX_SECONDS", allow_negative_numbers = true)]
    at: Option<i64>,
    /// Print a curl command
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
    let provider = input::provider(&arguments.provider, &arguments.settings)?;
    let draft = arguments.draft(&provider)?;
    let headers = arguments.signature(&provider, &draft.request())?;
    if provider.scheme().signs_url() {
        output::eprintln(&format!("the URL is part of what is signed: {}", draft.url));
    }
    let text = match (arguments.json, arguments.curl) {
        (true, _) => serde_json::to_string_pretty(&draft.with(headers).file())?,
        (_, true) => Curl { request: &draft.with(headers), body: arguments.body.as_deref() }.line(),
        _ => lines(&headers),
    };
    output::print(&text)?;
    Ok(exit::DONE)
}

impl Arguments {
    fn signature(
        &self,
        provider: &Provider,
        draft: &Request<'_>,
    ) -> anyhow::Result<Vec<(String, String)>> {
        match (&self.private_key, &self.secret_file) {
            (Some(path), _) => with_private_key(path, provider, draft, self.at()),
            (None, Some(path)) => {
                signature(provider, &SecretFile::read(path, provider)?, draft, self.at())
            }
            (None, None) => bail!("give --secret-file or --private-key"),
        }
    }

    fn draft(&self, provider: &Provider) -> anyhow::Result<SavedRequest> {
        let own = || format!("http://127.0.0.1:9000/webhooks/{}", provider.id());
        let headers = self.headers.iter().map(|header| parsed(header));
        Ok(SavedRequest {
            method: "POST".to_owned(),
            url: self.url.clone().unwrap_or_else(own),
            headers: headers.collect::<anyhow::Result<Headers>>()?,
            body: self.body.as_deref().map(input::bytes).transpose()?.unwrap_or_default(),
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
    input::header(name.trim(), value.trim())
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

fn with_private_key(
    path: &Path,
    provider: &Provider,
    draft: &Request<'_>,
    at: EpochMillis,
) -> anyhow::Result<Vec<(String, String)>> {
    let (pair, is_new) = KeyPair::open(path, provider)?;
    if is_new {
        output::eprintln(&format!("made a private key: {}", path.display()));
    }
    output::eprintln(&format!(
        "its public key, which is the secret to configure:\n{}",
        pair.public_text(provider)?
    ));
    let mut failure = None;
    let signed = hookdock_signature::sign_with(provider, draft, at, |message| {
        pair.sign(message).map_err(|error| failure = Some(error)).unwrap_or_default()
    });
    match failure {
        Some(error) => Err(error.context("failed to sign with the private key")),
        None => signed.map_err(|error| trouble::explained(provider, &error)),
    }
}

fn lines(headers: &[(String, String)]) -> String {
    let lines: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    lines.join("\n")
}
