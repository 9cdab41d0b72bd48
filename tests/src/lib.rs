//! What the tests that cross crates share: where the set-up put things, guards for child processes,
//! an embedded daemon, a UDP listener, and waiting with a deadline instead of sleeping.

mod child;
pub mod compare;
mod house;
mod plain;
mod postgres;
pub mod script;
mod udp;
mod wait;
mod xrayd;

pub use child::Child;
pub use house::{
    aws_calls, browser_script, cfn_lint, clean, deployed_template, express_app, flask_app, moto,
    program, python_sampler, python_script, xrayd,
};
pub use plain::plain;
pub use postgres::Postgres;
pub use udp::UdpListener;
pub use wait::{DEADLINE, until, until_async};
pub use xrayd::{Xrayd, client};
