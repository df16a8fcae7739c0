//! `hookdock`, run as a person runs it.

#[cfg(test)]
mod beside;
#[cfg(test)]
mod support;
#[cfg(test)]
mod wrong;

#[cfg(test)]
mod cost;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod dev;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod explain_secrets;
#[cfg(test)]
mod inspect;
#[cfg(test)]
mod live;
#[cfg(test)]
mod operate;
#[cfg(test)]
mod providers;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod sign;
#[cfg(test)]
mod trigger;
#[cfg(test)]
mod verify;
#[cfg(test)]
mod whole_catalogue;
#[cfg(test)]
mod workers;
