//! Light and dark.

use serde_json::json;
use xray_tests::{Child, Xrayd, browser_script};

#[test]
fn the_theme_follows_the_system_until_it_is_chosen() {
    let xrayd = Xrayd::start();
    let mut command = browser_script("theme.mjs");
    command.arg(xrayd.url());
    let end = Child::spawn(command).line();

    assert_ne!(end["light"], end["dark"]);
    assert_eq!(end["next"], end["dark"], "the choice is lost on the next page");
    assert_eq!(end["system"], end["dark"], "the system's wish is not followed");
    assert_eq!(end["problems"], json!([]));
}
