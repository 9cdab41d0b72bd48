//! Functions that serve HTTP.

use lambda_runtime::Error;
use xray_lambda::XRayLambdaLayer;

pub(crate) async fn run(handler: &str, _layer: XRayLambdaLayer) -> Result<(), Error> {
    panic!("no handler {handler}")
}
