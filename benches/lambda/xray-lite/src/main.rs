use lambda_handler::handle;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use xray_lite::{
    Context, CustomNamespace, DaemonClient, IntoInfallibleClient, IntoInfallibleContext,
    SubsegmentContext,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let client = DaemonClient::from_lambda_env().into_infallible();
    let handler = async |event: LambdaEvent<_>| {
        let context = SubsegmentContext::from_lambda_env(client.clone()).into_infallible();
        let _subsegment = context.enter_subsegment(CustomNamespace::new("handler"));
        handle(event).await
    };
    lambda_runtime::run(service_fn(handler)).await
}
