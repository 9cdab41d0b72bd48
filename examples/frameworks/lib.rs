//! The README's code, as tests of the documentation.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
