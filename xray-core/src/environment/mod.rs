//! What a recorder learns of where it runs: environment variables, and the AWS resource around it.
//!
//! Variables are read when a recorder is built. The resource is looked for where
//! [`RecorderBuilder::detect`](crate::RecorderBuilder::detect) asks for it, on a thread of its own,
//! and ends up in the `origin` and the `aws` block of segments.

mod beanstalk;
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

pub(crate) use detect::{Detected, Detection};
pub(crate) use variables::{Reader, Switch, switch};

use std::time::Duration;

use crate::client::Patience;

/// For the metadata services that one plugin asks: they are a hop away or not there.
const METADATA: Patience = Patience {
    connect: Duration::from_millis(100),
    step: Duration::from_secs(1),
    total: Duration::from_secs(2),
};
