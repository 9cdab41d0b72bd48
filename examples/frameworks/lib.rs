//! The code of the README and of the pages under `docs/`, as tests of the documentation.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../docs/calls.md")]
struct Calls;

#[cfg(doctest)]
#[doc = include_str!("../../docs/configuration.md")]
struct Configuration;

#[cfg(doctest)]
#[doc = include_str!("../../docs/performance.md")]
struct Performance;

#[cfg(doctest)]
#[doc = include_str!("../../docs/sampling.md")]
struct Sampling;

#[cfg(doctest)]
#[doc = include_str!("../../docs/sql.md")]
struct SqlPage;
