//! Sampling through the public API: who decides, what is kept, and what the service hears of it.

mod account;
mod adaptive;
mod decides;
mod forced;
