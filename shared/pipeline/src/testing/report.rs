//! What a check found, in words that name the job, the step and the interruption.

use std::error::Error;
use std::fmt;

use derive_more::{Debug, Display};

use crate::model::names::{JobName, StepName};

/// How a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The call is made, and the worker dies before it hears of it.
    Dies,
    /// The call fails, and is not made.
    Fails,
    /// The call is made, and fails all the same: its answer got lost.
    Unanswered,
}

/// A call that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interruption {
    /// Which call, such as `the e-mail`.
    pub call: String,
    /// The step that was under way.
    pub step: Option<StepName>,
    /// How it went wrong.
    pub trouble: Trouble,
}

/// What a job must not do.
#[derive(Debug, Clone, PartialEq, Eq, Display)]
pub enum Fault {
    /// No job runs for the example.
    #[display("no job runs for the example")]
    NoJob,
    /// An attempt fails although nothing disturbs it.
    #[display("fails undisturbed: {failure}")]
    Fails {
        /// Why.
        failure: String,
    },
    /// An effect happens more often than undisturbed.
    #[display("{what} happens {times} times, {usual} undisturbed")]
    Repeated {
        /// What happens.
        what: String,
        /// How often.
        times: usize,
        /// How often undisturbed.
        usual: usize,
    },
    /// An effect happens less often than undisturbed.
    #[display("{what} does not happen")]
    Missing {
        /// What does not happen.
        what: String,
    },
    /// The step was saved, and its work is done again.
    #[display("was saved, and its work is done again")]
    SavedStepAgain,
    /// A later attempt has a step of a name that there is not undisturbed.
    #[display("there is no such step undisturbed")]
    UnknownStep,
    /// The step yields something else than undisturbed.
    #[display("yields something else than undisturbed")]
    OtherResult,
    /// The run ends otherwise than undisturbed.
    #[display("ends {end}, {usual} undisturbed")]
    OtherEnd {
        /// How it ends.
        end: String,
        /// How it ends undisturbed.
        usual: String,
    },
    /// The job panics.
    #[display("panics")]
    Panics,
    /// The run is dead, although trying again would have helped.
    #[display("gives up: {failure}")]
    GivesUp {
        /// Why.
        failure: String,
    },
    /// The event does not come to its end.
    #[display("the event does not come to its end")]
    Endless,
    /// The step may do what others may not, and never does.
    #[display("is excepted, and needs no exception")]
    NeedlessException,
}

/// A fault, where it was found, and what had to go wrong for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The job.
    pub job: Option<JobName>,
    /// The step.
    pub step: Option<StepName>,
    /// The fault.
    pub fault: Fault,
    /// The first interruption that shows it. `None`: it needs none.
    pub when: Option<Interruption>,
}

/// All findings of a check, each fault once for each step.
#[derive(Clone, PartialEq, Eq, Debug)]
// As a person reads it, since that is what a test that fails prints.
#[debug("{self}")]
pub struct Report {
    /// The findings.
    pub findings: Vec<Finding>,
}

/// A check that found nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// How many interruptions the jobs were put through.
    pub interruptions: usize,
    /// The steps that they have, in the order of their jobs' names.
    pub steps: Vec<StepName>,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Dies, Self::Fails, Self::Unanswered];
}

impl fmt::Display for Interruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, step, trouble } = self;
        match trouble {
            Trouble::Dies => write!(f, "when the worker dies right after {call}")?,
            Trouble::Fails => write!(f, "when {call} fails")?,
            Trouble::Unanswered => write!(f, "when {call} is made and its answer is lost")?,
        }
        match step {
            Some(step) => write!(f, " (in step {step})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.job, &self.step) {
            (Some(job), Some(step)) => write!(f, "{job}, step {step}: ")?,
            (Some(job), None) => write!(f, "{job}: ")?,
            (None, Some(step)) => write!(f, "step {step}: ")?,
            (None, None) => {}
        }
        write!(f, "{}", self.fault)?;
        match &self.when {
            Some(when) => write!(f, ", {when}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the jobs do not keep their promises:")?;
        self.findings.iter().try_for_each(|finding| write!(f, "\n  {finding}"))
    }
}

impl Error for Report {}
