//! What strangers and neighbours send, by the thousand, through the whole of Hookdock.

#[cfg(test)]
mod bodies;
#[cfg(test)]
mod campaign;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod shots;
