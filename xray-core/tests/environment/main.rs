//! What a recorder learns of where it runs, from metadata services on loopback that speak the
//! protocols of the true ones, and from files under a root of the test's own.

mod beanstalk;
mod ec2;
mod ecs;
mod eks;
mod failures;
mod logs;
mod origin;
mod place;
mod service;
mod variables;
