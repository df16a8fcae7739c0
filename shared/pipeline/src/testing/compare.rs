//! What a disturbed trial shows beside the undisturbed one.

use std::collections::BTreeSet;
use std::mem::discriminant;

use crate::ledger::{Attempt, Run, RunState, StepRecord};
use crate::model::names::{JobName, StepName};
use crate::process::PANICKED;
use crate::testing::exceptions::Exceptions;
use crate::testing::report::{Fault, Finding, Interruption, Passed, Report, Trouble};
use crate::testing::trial::Trial;
use crate::testing::watch::Place;

/// The findings so far.
pub(super) struct Findings {
    exceptions: Exceptions,
    /// The exceptions that were made use of.
    used: BTreeSet<(Exception, String)>,
    findings: Vec<Finding>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Exception {
    Repeats,
    Differs,
}

impl Findings {
    /// What is wrong with the jobs although nothing disturbs them.
    pub(super) fn undisturbed(exceptions: Exceptions, usual: &Trial) -> Self {
        let mut findings = Self { exceptions, used: BTreeSet::new(), findings: Vec::new() };
        if usual.seen.runs.is_empty() {
            findings.add(&nowhere(), Fault::NoJob, None);
        }
        for (id, run) in &usual.seen.runs {
            for (step, failure) in run.attempts.iter().filter_map(failure) {
                let place = Place { job: Some(id.job.clone()), step };
                findings.add(&place, Fault::Fails { failure }, None);
            }
        }
        findings.promises(usual, None);
        findings
    }

    pub(super) fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// What goes wrong in a trial that was disturbed.
    pub(super) fn disturbed(&mut self, usual: &Trial, trial: &Trial) {
        let when = trial.seen.interruption.as_ref();
        self.promises(trial, when);
        self.repeated(usual, trial, when);
        for run in trial.seen.runs.values() {
            self.attempts(run, when);
        }
        // A call that fails may be answered by another way; a death is nobody's to answer.
        if when.is_some_and(|when| when.trouble == Trouble::Dies) {
            self.missing(usual, trial, when);
            for (id, run) in &trial.seen.runs {
                if let Some(usual) = usual.seen.runs.get(id) {
                    self.otherwise(usual, run, when);
                }
            }
        }
    }

    fn promises(&mut self, trial: &Trial, when: Option<&Interruption>) {
        for place in &trial.seen.again {
            self.add(place, Fault::SavedStepAgain, when);
        }
        if !trial.ended {
            self.add(&nowhere(), Fault::Endless, when);
        }
    }

    fn repeated(&mut self, usual: &Trial, trial: &Trial, when: Option<&Interruption>) {
        for ((place, what), times) in &trial.seen.effects {
            let usual = usual.seen.effects.get(&(place.clone(), what.clone()));
            let (times, usual) = (times.count(), usual.map_or(0, |usual| usual.count()));
            if times > usual && !self.excepts(Exception::Repeats, place.step.as_ref()) {
                let fault = Fault::Repeated { what: what.clone(), times, usual };
                self.add(place, fault, when);
            }
        }
    }

    fn missing(&mut self, usual: &Trial, trial: &Trial, when: Option<&Interruption>) {
        for ((place, what), usual) in &usual.seen.effects {
            let times = trial.seen.effects.get(&(place.clone(), what.clone()));
            if times.map_or(0, |times| times.count()) < usual.count() {
                self.add(place, Fault::Missing { what: what.clone() }, when);
            }
        }
    }

    /// How the attempts of a run ended, and the run itself.
    fn attempts(&mut self, run: &Run, when: Option<&Interruption>) {
        let job = &run.id.job;
        for (step, _) in run.attempts.iter().filter_map(failure).filter(|(_, why)| panicked(why)) {
            self.add(&Place { job: Some(job.clone()), step }, Fault::Panics, when);
        }
        if let (RunState::Dead { .. }, Some(last)) = (&run.state, run.attempts.last()) {
            let (step, failure) = failure(last).unwrap_or_default();
            self.add(&Place { job: Some(job.clone()), step }, Fault::GivesUp { failure }, when);
        }
    }

    fn otherwise(&mut self, usual: &Run, run: &Run, when: Option<&Interruption>) {
        let job = &run.id.job;
        let dead = matches!(run.state, RunState::Dead { .. });
        if run.state != usual.state && !dead {
            let fault = Fault::OtherEnd { end: end(&run.state), usual: end(&usual.state) };
            self.add(&Place { job: Some(job.clone()), step: None }, fault, when);
        }
        for step in &run.steps {
            let place = place(job, &step.name);
            match usual.step(&step.name) {
                None => self.add(&place, Fault::UnknownStep, when),
                Some(usual) if yields_another(usual, step) => {
                    if !self.excepts(Exception::Differs, Some(&step.name)) {
                        self.add(&place, Fault::OtherResult, when);
                    }
                }
                Some(_) => {}
            }
        }
    }

    fn excepts(&mut self, what: Exception, step: Option<&StepName>) -> bool {
        let Some(step) = step else { return false };
        let excepted = self.exceptions.of(what).any(|name| name == step.as_str());
        if excepted {
            self.used.insert((what, step.to_string()));
        }
        excepted
    }

    /// Once for each step, at its first interruption.
    fn add(&mut self, place: &Place, fault: Fault, when: Option<&Interruption>) {
        let known = self.findings.iter().any(|finding| {
            finding.job == place.job
                && finding.step == place.step
                && discriminant(&finding.fault) == discriminant(&fault)
        });
        if !known {
            let (job, step) = (place.job.clone(), place.step.clone());
            self.findings.push(Finding { job, step, fault, when: when.cloned() });
        }
    }

    pub(super) fn into_result(
        mut self,
        usual: &Trial,
        interruptions: usize,
    ) -> Result<Passed, Report> {
        if self.is_empty() {
            self.needless();
        }
        match self.is_empty() {
            true => Ok(Passed { interruptions, steps: steps(usual) }),
            false => Err(Report { findings: self.findings }),
        }
    }

    fn needless(&mut self) {
        for what in [Exception::Repeats, Exception::Differs] {
            let unused: Vec<_> = self
                .exceptions
                .of(what)
                .filter(|step| !self.used.contains(&(what, (*step).to_owned())))
                .collect();
            for step in unused {
                let place = Place { job: None, step: step.parse().ok() };
                self.add(&place, Fault::NeedlessException, None);
            }
        }
    }
}

impl Exceptions {
    fn of(&self, what: Exception) -> impl Iterator<Item = &'static str> {
        let steps = match what {
            Exception::Repeats => &self.repeats,
            Exception::Differs => &self.differs,
        };
        steps.keys().copied()
    }
}

fn steps(usual: &Trial) -> Vec<StepName> {
    let steps = usual.seen.runs.values().flat_map(|run| &run.steps);
    steps.map(|step| step.name.clone()).collect()
}

fn nowhere() -> Place {
    Place { job: None, step: None }
}

fn place(job: &JobName, step: &StepName) -> Place {
    Place { job: Some(job.clone()), step: Some(step.clone()) }
}

fn yields_another(usual: &StepRecord, step: &StepRecord) -> bool {
    let result = |step: &StepRecord| step.saved.as_ref().map(|saved| saved.result.clone());
    result(usual) != result(step)
}

/// The step that an attempt got to, and why it failed.
fn failure(attempt: &Attempt) -> Option<(Option<StepName>, String)> {
    let ended = attempt.ended.as_ref()?;
    let failure = ended.failure()?;
    Some((ended.step.clone(), format!("{}: {}", failure.class.code(), failure.message)))
}

fn panicked(failure: &str) -> bool {
    failure.ends_with(PANICKED)
}

fn end(state: &RunState) -> String {
    match state {
        RunState::Ignored { cause } => format!("ignored ({cause})"),
        other => other.name().to_owned(),
    }
}
