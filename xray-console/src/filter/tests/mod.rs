//! The promises of the filter language: what parses, what does not, and what matches.

mod grammar;
mod hostile;
mod meaning;
