//! Templates of AWS stacks, as AWS's own linter and its translator of SAM read them.

use std::path::{Path, PathBuf};
use std::process::Output;

use xray_tests::{cfn_lint, deployed_template};

fn template() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/lambda/template.yaml")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&*output.stdout, &*output.stderr].concat()).into_owned()
}

/// What cfn-lint says, down to its hints.
fn linted(template: &Path) -> String {
    let mut command = cfn_lint();
    command.args(["--include-checks", "I", "--non-zero-exit-code", "informational"]);
    // SAM's own policies name actions that are no more.
    command.args(["--ignore-checks", "W3037", "--template"]).arg(template);
    let output = command.output().expect("cfn-lint runs");
    let said = said(&output);
    assert_eq!(output.status.success(), said.is_empty(), "{said}");
    said
}

/// What is wrong with a template, or with what is deployed of it; nothing, if it is right. The linter knows
/// little of what is inside of a function of SAM.
fn mistakes(template: &Path) -> String {
    let as_it_is = linted(template);
    if !as_it_is.is_empty() {
        return as_it_is;
    }
    let deployed = deployed_template(template).output().expect("the translator runs");
    if !deployed.status.success() {
        return said(&deployed);
    }
    let name = template.file_name().expect("a file").to_string_lossy();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("deployed-{name}.json"));
    std::fs::write(&path, deployed.stdout).expect("a copy");
    linted(&path)
}

#[test]
fn the_example_of_lambda_can_be_deployed() {
    assert_eq!(mistakes(&template()), "");
}

#[test]
fn mistakes_are_found() {
    let text = std::fs::read_to_string(template()).expect("a template");
    for (number, (right, wrong, found)) in [
        ("Tracing: Active", "Tracing: Always", "'Always' is not one of"),
        ("ReportBatchItemFailures", "ReportFailures", "'ReportFailures' is not one of"),
        ("SQSPollerPolicy", "SQSPolicy", "Policy at index 0"),
    ]
    .into_iter()
    .enumerate()
    {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("wrong-{number}.yaml"));
        std::fs::write(&path, text.replace(right, wrong)).expect("a copy");
        let said = mistakes(&path);
        assert!(said.contains(found), "{wrong}: {said}");
    }
}
