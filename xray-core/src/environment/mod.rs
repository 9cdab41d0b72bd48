//! What a recorder learns of where it runs: environment variables, and the AWS resource around it.
//!
//! Variables are read when a recorder is built. The resource is looked for where
//! [`RecorderBuilder::detect`](crate::RecorderBuilder::detect) asks for it, on a thread of its own,
//! and ends up in the `origin` and the `aws` block of segments.

mod beanstalk;
mod client;
mod detect;
mod ec2;
mod ecs;
mod eks;
mod found;
mod logs;
mod machine;
mod plugin;
mod variables;

pub use machine::Machine;
pub use plugin::Plugin;
pub use variables::{VARIABLES, Variable};

pub(crate) use detect::Detection;
pub(crate) use variables::{Reader, Switch, switch};
