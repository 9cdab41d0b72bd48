//! The console in a real browser.

mod watcher;
