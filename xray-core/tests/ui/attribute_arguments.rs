use xray_core::subsegment;

#[subsegment(nmae = "x")]
fn unknown() {}

#[subsegment(level = "debug")]
fn level() {}

#[subsegment(parent = None)]
fn parent() {}

#[subsegment(name = "a", name = "b")]
fn twice() {}

#[subsegment(name = 7)]
fn no_text() {}

#[subsegment(name = "load [cart]")]
fn characters() {}

#[subsegment(name = " ")]
fn empty() {}

#[subsegment(skip(token))]
fn nothing_to_skip() {}

#[subsegment(skip(tokn, id))]
fn misspelt(id: u32, token: &str) {}

#[subsegment(skip(id), skip_all)]
fn both(id: u32) {}

#[subsegment(fields(id = 1, id = 2))]
fn same_key() {}

#[subsegment(fields("order-id" = 1))]
fn key() {}

#[subsegment(fields(größe = 1))]
fn not_ascii() {}

#[subsegment(fields({ KEY }))]
fn no_value() {}

#[subsegment(err(Pretty))]
fn format() -> Result<(), String> {
    Ok(())
}

#[subsegment(err)]
fn returns_nothing() {}

#[subsegment(skip_all err)]
fn comma() -> Result<(), String> {
    Ok(())
}

fn main() {
    // What is wrong is not missing as well.
    unknown();
    misspelt(1, "");
}
