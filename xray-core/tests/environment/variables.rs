use xray_core::environment::VARIABLES;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");

/// The page for users has one row per variable, in the order and the words of the code's table.
#[test]
fn the_page_for_users_lists_what_is_read() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (_, read) = page.split_once("\n## Variables that are read\n").unwrap();
    let (read, _) = read.split_once("\n## ").unwrap();
    let rows: Vec<&str> = read.lines().filter(|line| line.starts_with("| `")).collect();
    let listed: Vec<String> = VARIABLES
        .iter()
        .map(|variable| format!("| `{}` | {} |", variable.name, variable.meaning))
        .collect();
    assert_eq!(rows, listed, "docs/configuration.md and environment::VARIABLES must be alike");
    let names = VARIABLES.iter().map(|variable| variable.name);
    let unique: std::collections::BTreeSet<&str> = names.collect();
    assert_eq!(unique.len(), VARIABLES.len());
}
