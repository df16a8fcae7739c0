//! Reads variables, and collects everything that is wrong with them.

use derive_more::Display;
use hookdock_pipeline::model::names::{CodeVersion, InvalidName};

const SECRET_NAME_CHARACTERS: &str = "/_+=.@-";

/// Everything that is wrong with the environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment is not usable: {}", self.sentences().join("; "))]
pub struct ConfigProblems(Vec<ConfigProblem>);

/// One thing that is wrong with the environment.
#[derive(Debug, Clone, PartialEq, Eq, Display)]
#[display("{variable} {problem}")]
pub struct ConfigProblem {
    /// The variable.
    pub variable: &'static str,
    /// What is wrong with it; its value is left out.
    pub problem: String,
}

impl ConfigProblems {
    /// The problems, in the order of the variables' use.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigProblem> {
        self.0.iter()
    }

    /// Writes one log line for each problem.
    pub fn log(&self) {
        for ConfigProblem { variable, problem } in self.iter() {
            tracing::error!(variable, problem, "the function cannot start");
        }
    }

    fn sentences(&self) -> Vec<String> {
        self.iter().map(ToString::to_string).collect()
    }
}

/// The variables as they are, and what was found wrong with them.
pub(super) struct Raw<F> {
    variable: F,
    problems: Vec<ConfigProblem>,
}

impl<F: Fn(&str) -> Option<String>> Raw<F> {
    pub(super) fn new(variable: F) -> Self {
        Self { variable, problems: Vec::new() }
    }

    pub(super) fn required<T: Default>(
        &mut self,
        name: &'static str,
        check: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        let before = self.problems.len();
        let found = self.optional(name, check);
        if found.is_none() && self.problems.len() == before {
            self.problem(name, "is not set");
        }
        found.unwrap_or_default()
    }

    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        check: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = (self.variable)(name).filter(|value| !value.trim().is_empty())?;
        check(value.trim()).map_err(|problem| self.problem(name, problem)).ok()
    }

    fn problem(&mut self, variable: &'static str, problem: impl Into<String>) {
        self.problems.push(ConfigProblem { variable, problem: problem.into() });
    }

    pub(super) fn checked<T>(self, config: T) -> Result<T, ConfigProblems> {
        if self.problems.is_empty() { Ok(config) } else { Err(ConfigProblems(self.problems)) }
    }
}

pub(super) fn any(value: &str) -> Result<String, String> {
    Ok(value.to_owned())
}

pub(super) fn stack(value: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || SECRET_NAME_CHARACTERS.contains(c);
    if value.chars().all(fits) {
        Ok(value.to_owned())
    } else {
        Err("cannot begin a secret's name".to_owned())
    }
}

/// It becomes a part of host names.
pub(super) fn region(value: &str) -> Result<String, String> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if value.bytes().all(fits) { Ok(value.to_owned()) } else { Err("is not a region".to_owned()) }
}

pub(super) fn url(value: &str) -> Result<String, String> {
    if value.starts_with("https://") || value.starts_with("http://") {
        Ok(value.to_owned())
    } else {
        Err("is not a URL".to_owned())
    }
}

pub(super) fn code(value: &str) -> Result<CodeVersion, String> {
    value.parse().map_err(|error: InvalidName| error.to_string())
}

pub(super) fn arn(value: &str) -> Result<String, String> {
    if value.starts_with("arn:") { Ok(value.to_owned()) } else { Err("is not an ARN".to_owned()) }
}

pub(super) fn count(value: &str) -> Result<u32, String> {
    let count = value.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| "is not a whole number above zero".to_owned())
}
