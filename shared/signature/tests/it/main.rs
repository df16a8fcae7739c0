//! The crate from outside: vectors, refusals, definitions, properties.

#[cfg(test)]
mod support;

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod code_modules;
#[cfg(test)]
mod definitions;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod fetched_keys;
#[cfg(test)]
mod handling;
#[cfg(test)]
mod handshakes;
#[cfg(test)]
mod identities;
#[cfg(test)]
mod items;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod refusals_timed;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod schemes;
#[cfg(test)]
mod selecting;
#[cfg(test)]
mod shapes;
#[cfg(test)]
mod signing;
#[cfg(test)]
mod systematic;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod weakness;
#[cfg(test)]
mod whole_catalogue;
