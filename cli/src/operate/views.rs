//! The commands that look and change nothing.

use std::io::{IsTerminal as _, Write as _, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use hookdock_operate::{Event, Headers, Page, Target, View};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::common::{Common, Format};
use super::place::Api;
use super::select::{SelectionArguments, query};
use super::{account, table};
use crate::output::{quoted, safe, safe_lines};
use crate::{exit, output};

/// The arguments of `hookdock list`.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) selection: SelectionArguments,
    /// How many
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Where the list before ended
    #[arg(long)]
    cursor: Option<String>,
    /// How many stored deliveries are looked at for them
    #[arg(long, value_name = "COUNT")]
    look: Option<usize>,
}

/// The arguments of `hookdock show`.
#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    event: EventArguments,
    /// The same as -o json
    #[arg(long, hide = true)]
    json: bool,
}

/// The arguments of `hookdock body`.
#[derive(Debug, Args)]
pub struct Body {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    event: EventArguments,
    #[command(flatten)]
    view: BodyView,
    /// The headers instead of the body
    #[arg(long, group = "view")]
    headers: bool,
    /// Commands that sign it again and send it
    #[arg(long, group = "view")]
    curl: bool,
    /// Also what is left out by its name: credentials, signatures, secrets
    #[arg(long)]
    reveal: bool,
    /// Into this file
    #[arg(short = 'O', long = "file", value_name = "FILE")]
    file: Option<PathBuf>,
}

/// How the body is printed.
#[derive(Debug, Args)]
struct BodyView {
    /// The exact bytes
    #[arg(long, group = "view")]
    raw: bool,
    /// JSON with a line for each value; this is the default
    #[arg(long, group = "view")]
    pretty: bool,
    /// Hexadecimal
    #[arg(long, group = "view")]
    hex: bool,
}

/// The arguments of `hookdock diff`.
#[derive(Debug, Args)]
pub struct Diff {
    #[command(flatten)]
    common: Common,
    /// An event
    #[arg(value_name = "ENDPOINT/ID")]
    a: Target,
    /// Another
    #[arg(value_name = "ENDPOINT/ID")]
    b: Target,
    /// What is left out: a JSON pointer, such as /created
    #[arg(long, value_name = "POINTER")]
    ignore: Vec<String>,
}

/// The arguments of `hookdock find`.
#[derive(Debug, Args)]
pub struct Find {
    #[command(flatten)]
    common: Common,
    /// The id
    text: String,
    /// The selection: with --since, deliveries from then on are looked through for the id
    #[command(flatten)]
    selection: SelectionArguments,
}

/// The arguments of a command that has none of its own.
#[derive(Debug, Args)]
pub struct Plain {
    #[command(flatten)]
    common: Common,
}

/// An event that is named.
#[derive(Debug, Clone, Args)]
pub(super) struct EventArguments {
    /// The endpoint and the delivery's id (dlv_...), the event key from a log, or the provider's
    /// id where the provider signs it
    #[arg(value_name = "ENDPOINT/ID")]
    pub(super) event: Target,
    /// The tenant of the event, for a provider's id at an endpoint with tenants
    #[arg(long)]
    pub(super) tenant: Option<String>,
}

impl EventArguments {
    /// The path of the event, or of something of it.
    pub(super) fn path(&self, of: &str, rest: &str, more: &[(&str, Option<String>)]) -> String {
        let named = self.event.to_string();
        let (endpoint, id) = named.split_once('/').unwrap_or_default();
        let id = utf8_percent_encode(id, NON_ALPHANUMERIC);
        let tenant = ("tenant", self.tenant.clone());
        query(&format!("/{of}/{endpoint}/{id}{rest}"), &[&[tenant], more].concat())
    }

    pub(super) async fn read(&self, api: &Api) -> anyhow::Result<Event> {
        Ok(serde_json::from_slice(&api.get(&self.path("events", "", &[])).await?)?)
    }
}

pub(super) fn name(event: &Event) -> String {
    format!("{}/{}", event.endpoint, event.name())
}

impl List {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let Self { common, selection, limit, cursor, look } = self;
        let api = common.open().await?;
        let more = [
            ("limit", Some(limit.to_string())),
            ("cursor", cursor),
            ("look", look.map(|look| look.to_string())),
        ];
        let answer = api.get(&selection.query("/events", &more)).await?;
        let page: Page<Event> = common.print(
            &answer,
            |page: &Page<Event>, look| table::events(&page.items, look),
            |page| page.items.iter().map(name).collect(),
        )?;
        common.say(&table::looked(&page, "hookdock list", common.look()));
        Ok(exit::DONE)
    }
}

impl Show {
    pub(super) async fn run(mut self) -> anyhow::Result<ExitCode> {
        if self.json {
            self.common.output = Format::Json;
        }
        let api = self.common.open().await?;
        let answer = api.get(&self.event.path("events", "", &[])).await?;
        let text = account::text;
        self.common.print(&answer, text, |event| vec![name(event)])?;
        Ok(exit::DONE)
    }
}

impl Body {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let api = self.common.place.open().await?;
        let reveal = ("reveal", self.reveal.then(|| "true".to_owned()));
        if self.headers || self.curl {
            let path = self.event.path("deliveries", "/headers", &[reveal]);
            let answer = api.get(&path).await?;
            let headers: Headers = serde_json::from_slice(&answer)?;
            let text = match self.curl {
                true => self.again(&headers, self.event.read(&api).await?.provider.as_deref()),
                false => listed(&headers),
            };
            output::print(&text)?;
            return Ok(exit::DONE);
        }
        let view = match self.view {
            BodyView { raw: true, .. } => View::Raw,
            BodyView { hex: true, .. } => View::Hex,
            BodyView { pretty: _, .. } => View::Pretty,
        };
        let view = ("view", serde_json::to_value(view)?.as_str().map(str::to_owned));
        let body = api.get(&self.event.path("deliveries", "/body", &[view, reveal])).await?;
        match (&self.file, std::str::from_utf8(&body)) {
            (Some(file), _) => std::fs::write(file, &body)?,
            (None, Err(_)) if stdout().is_terminal() => {
                anyhow::bail!("the body is no text; --hex shows it, and -O FILE keeps it")
            }
            (None, _) if self.view.raw && !stdout().is_terminal() => stdout().write_all(&body)?,
            (None, Ok(text)) => output::print(&safe_lines(text))?,
            (None, Err(_)) => stdout().write_all(&body)?,
        }
        Ok(exit::DONE)
    }

    /// The body goes through a file, and the secret is in one: the lines hold neither.
    fn again(&self, headers: &Headers, provider: Option<&str>) -> String {
        let event = quoted(&safe(&self.event.event.to_string()));
        let tenant =
            self.event.tenant.as_ref().map(|tenant| format!(" --tenant {}", quoted(tenant)));
        let (provider, url) =
            (quoted(&safe(provider.unwrap_or_default())), quoted(&safe(&headers.url)));
        let file = quoted(&format!("{}.body", headers.delivery));
        format!(
            "hookdock body {event}{} --raw -O {file}\n\
             hookdock sign --provider {provider} --secret-file secret.txt --body {file} \
             --url {url} --curl | sh",
            tenant.unwrap_or_default()
        )
    }
}

fn listed(headers: &Headers) -> String {
    let first = format!("{} {}", safe(&headers.method), safe(&headers.url));
    let lines = headers.headers.iter();
    let lines = lines.map(|header| format!("{}: {}", safe(&header.name), safe(&header.value)));
    std::iter::once(first).chain(lines).collect::<Vec<_>>().join("\n")
}

impl Diff {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let Self { common, a, b, ignore } = self;
        let api = common.open().await?;
        let ignore = (!ignore.is_empty()).then(|| ignore.join(","));
        let asked = [("a", Some(a.to_string())), ("b", Some(b.to_string())), ("ignore", ignore)];
        let answer = api.get(&query("/diff", &asked)).await?;
        let text = |diff: &hookdock_operate::Diff, _| {
            let lines = diff.changes.iter().flat_map(|change| {
                let side = |sign, value: &Option<String>| {
                    value
                        .as_ref()
                        .map(|value| format!("{sign} {}  {}", safe(&change.at), safe(value)))
                };
                [side('-', &change.a), side('+', &change.b)].into_iter().flatten()
            });
            let lines = lines.collect::<Vec<_>>();
            match (&lines[..], diff.same) {
                ([], true) => "the bodies are the same, byte for byte".to_owned(),
                ([], false) => "the bodies differ in blanks, order or what is left out".to_owned(),
                _ => lines.join("\n"),
            }
        };
        common.print(&answer, text, |diff| diff.changes.iter().map(|c| c.at.clone()).collect())?;
        Ok(exit::DONE)
    }
}

impl Find {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let Self { common, text, selection } = self;
        let api = common.open().await?;
        let answer = api.get(&selection.query("/find", &[("text", Some(text.clone()))])).await?;
        let found: Vec<Event> = common.print(
            &answer,
            |events: &Vec<Event>, look| table::events(events, look),
            |events| events.iter().map(name).collect(),
        )?;
        if found.is_empty() {
            let looked = match selection.since {
                Some(_) => "names, and the deliveries from then on",
                None => "names; --since 40d looks through the stored deliveries, too",
            };
            output::eprintln(&format!(
                "hookdock: nothing has the id {}\n  looked at {looked}",
                safe(&text)
            ));
            return Ok(ExitCode::from(exit::NOT_FOUND));
        }
        Ok(exit::DONE)
    }
}

impl Plain {
    pub(super) async fn endpoints(self) -> anyhow::Result<ExitCode> {
        let api = self.common.open().await?;
        self.common.print(
            &api.get("/endpoints").await?,
            |all: &Vec<_>, look| table::endpoints(all, look),
            |all| all.iter().map(|endpoint| endpoint.endpoint.clone()).collect(),
        )?;
        Ok(exit::DONE)
    }

    pub(super) async fn status(self) -> anyhow::Result<ExitCode> {
        let api = self.common.open().await?;
        let status = self.common.print(&api.get("/status").await?, table::status, |status| {
            vec![status.place.clone()]
        })?;
        Ok(match status.problems.is_empty() {
            true => exit::DONE,
            false => ExitCode::from(exit::UNHEALTHY),
        })
    }
}
