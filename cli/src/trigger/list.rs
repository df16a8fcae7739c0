//! Which samples there are.

use crate::output::safe;
use crate::trigger::sample;

/// The providers that have samples.
pub(super) fn providers() -> anyhow::Result<String> {
    let lines = sample::providers().map(|provider| {
        let names: Vec<String> = sample::of(provider)?.into_iter().map(|(name, _)| name).collect();
        Ok(format!("{provider:<18}  {}", names.join("  ")))
    });
    Ok(lines.collect::<anyhow::Result<Vec<_>>>()?.join("\n"))
}

/// The samples of a provider.
pub(super) fn samples(provider: &str) -> anyhow::Result<String> {
    let samples = sample::of(provider)?;
    let width = samples.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let lines = samples.iter().map(|(name, sample)| format!("{name:<width$}  {}", sample.says));
    Ok(lines.map(|line| safe(&line)).collect::<Vec<_>>().join("\n"))
}
