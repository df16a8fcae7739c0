//! What other programs show of the commands: a shell that completes them, and `man`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Command};
use clap_complete::Shell;

use crate::{exit, output};

/// The arguments of `hookdock completion`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hookdock completion bash > ~/.bash_completion")]
pub struct Completion {
    /// bash, zsh, fish, elvish or powershell
    #[arg(hide_possible_values = true)]
    shell: Shell,
}

/// The arguments of `hookdock man`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hookdock man ~/.local/share/man/man1")]
pub struct Man {
    /// The folder; it is made if it is missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Completion {
    /// Prints what the shell reads.
    ///
    /// # Errors
    ///
    /// It cannot be printed.
    pub fn run(&self, mut command: Command) -> anyhow::Result<ExitCode> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "hookdock", &mut script);
        output::print(String::from_utf8_lossy(&script).trim_end())?;
        Ok(exit::DONE)
    }
}

impl Man {
    /// Writes a page for each command.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to.
    pub fn run(&self, command: Command) -> anyhow::Result<ExitCode> {
        let folder = self.folder.display();
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(&self.folder)?;
            clap_mangen::generate_to(command, &self.folder)
        };
        write().with_context(|| format!("cannot write to {folder}"))?;
        output::eprintln(&format!("the pages are in {folder}; `man -l {folder}/hookdock.1`"));
        Ok(exit::DONE)
    }
}
