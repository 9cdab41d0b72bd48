#![deny(unused_must_use)]

fn main() {
    let xray = xray_core::Recorder::builder("orders").build().unwrap();
    xray.install();
}
