#![deny(let_underscore_drop)]

fn main() {
    let xray = xray_core::Recorder::builder("orders").build().unwrap();
    let _ = xray.install();
}
