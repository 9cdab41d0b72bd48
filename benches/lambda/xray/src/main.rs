use lambda_handler::handle;
use lambda_runtime::{Error, service_fn, tower::Layer};
use xray_lambda::{Recorder, XRayLambdaLayer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let xray = Recorder::builder("hello").build()?;
    let _flush = xray.install();

    lambda_runtime::run(XRayLambdaLayer::new().layer(service_fn(handle))).await
}
