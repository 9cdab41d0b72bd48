//! Each script against `NAME.expected.json`: answers and whole documents. `UPDATE_EXPECTED=1` writes
//! these files anew, to be read before they are committed.

use std::fs;

use xray_tests::compare::differences;

use crate::corpus::{all, json};
use crate::drivers::{ours, run};
use crate::normal::normal;

#[test]
fn scripts_give_what_is_expected() {
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let scripts = all();
    assert!(scripts.len() >= 60, "{} scripts", scripts.len());
    let mut wrong = Vec::new();
    for script in &scripts {
        let outcome = run(ours(), script.text.as_bytes(), &script.variables);
        let actual = normal(&outcome, &script.text);
        if update {
            let text = serde_json::to_string_pretty(&actual).expect("JSON") + "\n";
            fs::write(script.expected(), text).expect("a writable folder");
            continue;
        }
        for difference in differences(&actual, &json(&script.expected())) {
            wrong.push(format!("{}{difference}", script.name));
        }
    }
    assert!(wrong.is_empty(), "theirs is what was expected:\n{}", wrong.join("\n"));
}
