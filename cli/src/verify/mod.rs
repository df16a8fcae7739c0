//! `hookdock verify`: whether a saved request verifies, and why it does not.

mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use hookdock_embedded::SystemClock;
use hookdock_pipeline::model::system::System as _;
use hookdock_signature::{EpochMillis, EpochSeconds, Provider, Rejection};

use crate::explain::{Case, explain};
use crate::input::{self, SecretFile};
use crate::saved_request::SavedRequest;
pub(crate) use crate::verify::report::Report;
use crate::{exit, output};

const EXAMPLES: &str = "\
The request is JSON: {\"method\": \"POST\", \"url\": \"https://...\", \"headers\": {\"Name\": \"value\"},
\"body\": \"the exact text\"}. Headers may also be a list of [name, value] pairs, and
`body_base64` may stand instead of `body`.

Example:
  hookdock verify --provider stripe --secret-file secret.txt --request request.json --explain

Exit codes: 0 valid, 4 not valid, 1 failed, 2 wrong usage.";

/// The arguments of `hookdock verify`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The provider that sent it; `hookdock providers` lists them
    #[arg(long, value_name = "ID")]
    provider: String,
    /// A secret; can be repeated, and each is tried
    #[arg(long = "secret-file", value_name = "FILE", required = true)]
    secret_files: Vec<PathBuf>,
    /// The saved request; `-` is standard input
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    /// A value that differs between accounts: see `hookdock providers ID`
    #[arg(long = "setting", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// When the request was received; by default now
    #[arg(long, value_name = "UNIX_SECONDS", allow_negative_numbers = true)]
    now: Option<i64>,
    /// Explain which check failed and what the cause may be
    #[arg(long)]
    explain: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Verifies, and says so in words and in the exit code.
///
/// # Errors
///
/// A file cannot be read, or requests of this provider cannot be verified at all.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let provider = input::provider(&arguments.provider, &arguments.settings)?;
    let secrets = arguments.secret_files.iter().map(|path| SecretFile::read(path, &provider));
    let secrets = secrets.collect::<anyhow::Result<Vec<_>>>()?;
    let request = SavedRequest::read(&arguments.request)?;
    if request.url.is_empty() && provider.scheme().signs_url() {
        bail!(
            "the request has no `url`, which {} signs; add it to {}",
            provider.name(),
            arguments.request.display()
        );
    }
    let report = judged(&provider, &secrets, &request, arguments.now(), arguments.explain)?;
    if !report.is_valid() && !arguments.explain {
        output::eprintln("--explain says why");
    }
    let report = report.by(&request.method, &provider);
    report.print(arguments.json)?;
    Ok(if report.is_valid() { exit::DONE } else { exit::not_valid() })
}

/// Whether the request verifies; if it does not and that is asked for, why.
pub(crate) fn judged(
    provider: &Provider,
    secrets: &[SecretFile],
    request: &SavedRequest,
    now: EpochMillis,
    with_causes: bool,
) -> anyhow::Result<Report> {
    let keys = secrets.iter().map(SecretFile::secret).collect::<anyhow::Result<Vec<_>>>()?;
    let rejection = match hookdock_signature::verify(provider, &keys, &request.request(), now) {
        Ok(proof) if proof.only_first_item() => {
            return Ok(Report::partly_valid(provider, &proof, now));
        }
        Ok(proof) => return Ok(Report::valid(provider, &proof, now)),
        Err(rejection) => rejection,
    };
    can_be_judged(provider, &rejection)?;
    let case = Case { provider, secrets, request, now };
    let findings = if with_causes { explain(&case, &rejection)? } else { Vec::new() };
    Ok(Report::not_valid(provider, &rejection, now, findings))
}

impl Arguments {
    fn now(&self) -> EpochMillis {
        self.now.map_or_else(|| SystemClock.now(), |now| EpochSeconds::new(now).to_millis())
    }
}

/// Some refusals say nothing about the request.
fn can_be_judged(provider: &Provider, rejection: &Rejection) -> anyhow::Result<()> {
    let (id, name) = (provider.id(), provider.name());
    match rejection {
        Rejection::Unsupported { what } if what == "none" => {
            bail!(
                "{name} does not sign its webhooks, so none can be verified; `hookdock providers {id}` says more"
            )
        }
        Rejection::Unsupported { .. } => {
            bail!("{rejection} in this build; `hookdock providers {id}` says how {name} signs")
        }
        Rejection::MissingSetting { name } => {
            bail!("{rejection}; {}", input::missing_setting(provider, name))
        }
        _ => Ok(()),
    }
}
