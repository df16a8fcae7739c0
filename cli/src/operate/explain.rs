//! `hookdock explain`: why `hookdock dev` refused a request. The process explains it itself, so
//! that its secrets stay in it.

use std::process::ExitCode;

use clap::Args;
use hookdock_console::{Explained, RefusedRequest, Which};

use super::common::Common;
use super::table;
use crate::exit;
use crate::output::safe_lines;

/// The arguments of `hookdock explain`.
#[derive(Debug, Args)]
pub struct Explain {
    #[command(flatten)]
    common: Common,
    /// `last`, or the number of the request
    which: Option<Which>,
}

impl Explain {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let Self { common, which } = self;
        let api = common.open().await?;
        api.is_dev()?;
        let Some(which) = which else {
            common.print(
                &api.get("/refused").await?,
                |all: &Vec<RefusedRequest>, look| table::refused(all, look),
                |all| all.iter().map(|one| one.number.to_string()).collect(),
            )?;
            return Ok(exit::DONE);
        };
        let path = match which {
            Which::Last => "/refused/last".to_owned(),
            Which::Number(number) => format!("/refused/{number}"),
        };
        let text = |explained: &Explained, _| safe_lines(&explained.text);
        let number = |explained: &Explained| vec![explained.request.number.to_string()];
        common.print(&api.get(&path).await?, text, number)?;
        Ok(exit::DONE)
    }
}
