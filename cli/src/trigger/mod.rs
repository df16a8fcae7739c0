//! `hookdock trigger`: a sample of a provider, signed and sent.

mod draft;
mod list;
mod sample;
mod send;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::Args;
use hookdock_console::{Edits, Trigger, Triggered};
use hookdock_embedded::SystemClock;
use hookdock_pipeline::model::system::System as _;

use crate::exit;
use crate::input::{self, SecretFile};
use crate::operate::common::Common;
use crate::operate::follow::follow;
use crate::operate::select::Span;
use crate::output::{self, safe};
pub(crate) use crate::trigger::send::{Sender, Signing};

pub(crate) const EXAMPLES: &str = "\
Examples:
  hookdock trigger stripe checkout.session.completed --wait
  hookdock trigger github push --set /ref='\"refs/heads/next\"' --duplicate 2
  hookdock trigger stripe invoice.paid --to https://h.example/webhooks/stripe --secret-file s.txt";

/// The arguments of `hookdock trigger`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,
    /// The provider; without it, those that have samples are listed
    provider: Option<String>,
    /// The sample; without it, those of the provider are listed
    event: Option<String>,
    /// The endpoint, where the provider has several
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,
    /// The tenant
    #[arg(long)]
    tenant: Option<String>,
    /// Change a member of the body: JSON, or else a text
    #[arg(long, value_name = "POINTER=VALUE", value_parser = draft::pair)]
    set: Vec<(String, String)>,
    /// Leave a member out
    #[arg(long, value_name = "POINTER")]
    remove: Vec<String>,
    /// Send this body instead of the sample's
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// The event's id; the same id makes the same bytes, a duplicate
    #[arg(long)]
    id: Option<String>,
    /// How many events
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "id")]
    count: u32,
    /// How long between them
    #[arg(long, value_name = "TIME", requires = "count")]
    every: Option<Span>,
    /// How often each is sent
    #[arg(long, value_name = "N", default_value_t = 1)]
    duplicate: u32,
    /// Sign as if this long ago
    #[arg(long, value_name = "TIME")]
    stale: Option<Span>,
    /// Sign wrongly
    #[arg(long)]
    bad_signature: bool,
    /// Print the request, signed if there is a --secret-file; send nothing
    #[arg(long)]
    print: bool,
    /// Show each event once it has ended; fail if it is not done [60s]
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "60s")]
    wait: Option<Span>,
    /// Send to this URL, signed with --secret-file
    #[arg(long, value_name = "URL", requires = "secret_file")]
    to: Option<String>,
    /// The secret of that endpoint
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// With --to: see `hookdock providers ID`
    #[arg(long = "setting", value_name = "NAME=VALUE")]
    settings: Vec<String>,
}

/// Lists, prints, or sends.
///
/// # Errors
///
/// The sample is not known or cannot be signed, or nobody answers.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Some(provider) = &arguments.provider else {
        output::print(&list::providers()?)?;
        return Ok(exit::DONE);
    };
    if arguments.event.is_none() && arguments.body.is_none() {
        output::print(&list::samples(provider)?)?;
        return Ok(exit::DONE);
    }
    let asked = arguments.asked(provider)?;
    if arguments.print {
        let request = arguments.signing(&asked)?.request(&asked, SystemClock.now())?;
        if arguments.secret_file.is_none() {
            output::eprintln("it is not signed; --secret-file FILE signs it");
        }
        output::print_json(&request.file())?;
        return Ok(exit::DONE);
    }
    arguments.send(&asked).await
}

impl Arguments {
    fn asked(&self, provider: &str) -> anyhow::Result<Trigger> {
        Ok(Trigger {
            provider: provider.to_owned(),
            event: self.event.clone(),
            endpoint: self.endpoint.clone(),
            tenant: self.tenant.clone(),
            edits: Edits {
                id: self.id.clone(),
                body: self.body.as_deref().map(draft::body).transpose()?,
                set: self.set.iter().cloned().collect(),
                remove: self.remove.clone(),
            },
            times: Some(self.duplicate),
            stale_seconds: self.stale.map_or(0, |stale| stale.seconds()),
            bad_signature: self.bad_signature,
        })
    }

    /// How it is signed here: with the secret of the file, or not at all.
    fn signing(&self, asked: &Trigger) -> anyhow::Result<Signing> {
        let provider = input::provider(&asked.provider, &self.settings)?;
        let secret = self.secret_file.as_deref();
        let secret = secret.map(|path| SecretFile::read(path, &provider)?.secret()).transpose()?;
        let own = || format!("http://127.0.0.1:9000/webhooks/{}", provider.id());
        Ok(Signing { url: self.to.clone().unwrap_or_else(own), secret, provider })
    }

    async fn send(&self, asked: &Trigger) -> anyhow::Result<ExitCode> {
        let mut sent = Vec::new();
        for number in 0..self.count {
            if let (1.., Some(every)) = (number, self.every) {
                SystemClock.sleep(Duration::from_secs(every.seconds().into())).await;
            }
            let answer = match &self.to {
                Some(_) => self.elsewhere(asked).await?,
                None => self.common.place.open().await?.trigger(asked).await?,
            };
            sent.push(self.common.print(&answer, line, |sent: &Triggered| vec![sent.id.clone()])?);
        }
        let as_wanted =
            sent.iter().flat_map(|sent| &sent.statuses).all(|status| self.wants(*status));
        match (self.wait, as_wanted) {
            (Some(within), true) => self.follow(&sent, within).await,
            (None, true) => {
                self.say_next(&sent);
                Ok(exit::DONE)
            }
            (_, false) => Ok(exit::FAILED),
        }
    }

    fn say_next(&self, sent: &[Triggered]) {
        match sent.last() {
            Some(_) if self.bad_signature || self.stale.is_some() => {
                self.common.say("Next: hookdock explain last");
            }
            Some(Triggered { endpoint, delivery: Some(delivery), .. }) => {
                self.common.say(&format!("Next: hookdock show {endpoint}/{}", safe(delivery)));
            }
            _ => {}
        }
    }

    /// What is signed wrongly has to be refused.
    fn wants(&self, status: u16) -> bool {
        match self.bad_signature || self.stale.is_some() {
            true => status == 401,
            false => (200..300).contains(&status),
        }
    }

    async fn elsewhere(&self, asked: &Trigger) -> anyhow::Result<Bytes> {
        let sender = Sender::of(self.signing(asked)?);
        let url = &sender.signing.url;
        let endpoint = url.split_once("/webhooks/").map(|(_, rest)| rest);
        let endpoint = endpoint.and_then(|rest| rest.split(['/', '?']).next());
        let endpoint = endpoint.context("--to needs the URL of an endpoint: .../webhooks/NAME")?;
        let sent = sender.send(asked, endpoint, url).await?;
        Ok(serde_json::to_vec(&sent)?.into())
    }

    async fn follow(&self, sent: &[Triggered], within: Span) -> anyhow::Result<ExitCode> {
        let mut all_done = true;
        let api = self.common.open().await?;
        for sent in sent {
            let Some(delivery) = &sent.delivery else {
                bail!("the answer names no delivery, so it cannot be followed");
            };
            all_done &= follow(&self.common, &api, &sent.endpoint, delivery, within).await?;
        }
        Ok(if all_done { exit::DONE } else { exit::FAILED })
    }
}

fn line(sent: &Triggered, _: crate::operate::look::Look) -> String {
    let statuses: Vec<String> = sent.statuses.iter().map(ToString::to_string).collect();
    let count = sent.statuses.len();
    let requests = if count == 1 { "1 request".to_owned() } else { format!("{count} requests") };
    safe(&format!("sent {requests} to {}: {}", sent.url, statuses.join(" ")))
}
