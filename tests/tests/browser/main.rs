//! The console in a real browser.

mod hostile;
mod journey;
mod plain;
mod readable;
mod tabs;
mod theme;
mod traffic;
mod watcher;
