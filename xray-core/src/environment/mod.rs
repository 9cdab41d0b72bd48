//! Environment variables.

mod variables;

pub use variables::{VARIABLES, Variable};

pub(crate) use variables::{Reader, Switch, switch};
