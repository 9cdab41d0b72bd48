//! Mistakes that the compiler catches, with what it says.

#[test]
fn the_compiler_speaks() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
    cases.pass("tests/ui/pass/*.rs");
}
