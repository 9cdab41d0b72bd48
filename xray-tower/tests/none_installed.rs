//! A binary of its own, since the recorder that is missing is the installed one of the whole process, and so is the
//! logger.

use std::{
    convert::Infallible,
    sync::{Mutex, PoisonError},
};

use http::{Request, Response};
use tower::{Layer, ServiceExt, service_fn};
use xray_tower::XRayLayer;

struct Warnings(Mutex<Vec<String>>);

impl log::Log for Warnings {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() == log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let mut warnings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            warnings.push(record.args().to_string());
        }
    }

    fn flush(&self) {}
}

#[tokio::test]
async fn whoever_forgets_to_install_a_recorder_is_told_once() {
    static WARNINGS: Warnings = Warnings(Mutex::new(Vec::new()));
    log::set_logger(&WARNINGS).unwrap();
    log::set_max_level(log::LevelFilter::Warn);

    for _ in 0..3 {
        let hello = service_fn(async |_| Ok::<_, Infallible>(Response::new("hello".to_owned())));
        let service = XRayLayer::new().layer(hello);
        let response = service.oneshot(Request::new(String::new())).await.unwrap();
        assert!(response.headers().is_empty());
    }

    let warnings = WARNINGS.0.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("Recorder::install"), "{warnings:?}");
}
