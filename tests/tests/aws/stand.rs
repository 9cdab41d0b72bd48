//! moto with the proxy before it, and a recorder whose segments stay in memory.

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use serde_json::{Value, json};
use xray_aws::XRayInterceptor;
use xray_core::{Delivery, Recorder, sample::LocalRules, testing::MemoryEmitter};
use xray_tests::{Child, client, moto};

use crate::proxy::Proxy;

pub(crate) struct Stand {
    pub(crate) proxy: Proxy,
    pub(crate) xray: Recorder,
    pub(crate) memory: MemoryEmitter,
    moto: String,
    _moto: Child,
}

impl Stand {
    pub(crate) async fn start() -> Self {
        let mut moto = Child::spawn(moto());
        let port = moto.port();
        let proxy = Proxy::before(port).await;
        let (xray, memory) = recorder(LocalRules::everything());
        Self { proxy, xray, memory, moto: format!("http://127.0.0.1:{port}"), _moto: moto }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.proxy.address)
    }

    /// moto's own address.
    pub(crate) fn moto(&self) -> &str {
        &self.moto
    }

    /// Of clients that call moto through the proxy.
    pub(crate) fn config(&self) -> SdkConfig {
        config(&self.endpoint())
    }

    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        dynamodb(&self.config(), XRayInterceptor::new())
    }

    pub(crate) fn sqs(&self) -> aws_sdk_sqs::Client {
        let config = aws_sdk_sqs::config::Builder::from(&self.config());
        aws_sdk_sqs::Client::from_conf(config.interceptor(XRayInterceptor::new()).build())
    }

    pub(crate) fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config()).force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.interceptor(XRayInterceptor::new()).build())
    }

    pub(crate) fn sns(&self) -> aws_sdk_sns::Client {
        let config = aws_sdk_sns::config::Builder::from(&self.config());
        aws_sdk_sns::Client::from_conf(config.interceptor(XRayInterceptor::new()).build())
    }

    pub(crate) fn lambda(&self) -> aws_sdk_lambda::Client {
        let config = aws_sdk_lambda::config::Builder::from(&self.config());
        aws_sdk_lambda::Client::from_conf(config.interceptor(XRayInterceptor::new()).build())
    }

    /// Does something in a segment that is recorded, and gives what was recorded.
    pub(crate) async fn record<T>(&self, work: impl AsyncFnOnce() -> T) -> (T, Vec<Value>) {
        let segment = self.xray.segment("orders").sampled(true).begin();
        let done = segment.scope(async { work().await }).await;
        segment.end();
        (done, self.documents())
    }

    /// As [`record`](Self::record), of what makes one call: its subsegment.
    pub(crate) async fn call<T>(&self, work: impl AsyncFnOnce() -> T) -> (T, Value) {
        let (done, mut documents) = self.record(work).await;
        assert_eq!(documents.len(), 1, "{documents:?}");
        let mut subsegments = documents.remove(0)["subsegments"].take();
        let list = subsegments.as_array_mut().expect("a subsegment");
        assert_eq!(list.len(), 1, "{list:?}");
        (done, list.remove(0))
    }

    pub(crate) fn documents(&self) -> Vec<Value> {
        self.memory.take()
    }

    /// Asks moto for what no client here can: a role for functions, and functions without a container.
    pub(crate) async fn prepare_lambda(&self) {
        let config = json!({"lambda": {"use_docker": false}});
        let request = client().post(format!("{}/moto-api/config", self.moto)).json(&config);
        request.send().await.expect("moto answers").error_for_status().expect("it has it");
        let scope = "Credential=AKIDEXAMPLE/20260101/eu-west-1/iam/aws4_request";
        let signature = format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0");
        let role =
            "Action=CreateRole&RoleName=r&AssumeRolePolicyDocument=%7B%7D&Version=2010-05-08";
        let request = client().post(&self.moto).header("Authorization", signature).body(role);
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        request.send().await.expect("moto answers").error_for_status().expect("a role");
    }
}

pub(crate) fn dynamodb(config: &SdkConfig, xray: XRayInterceptor) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::config::Builder::from(config).interceptor(xray).build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

/// Whatever the environment says, so that a test finds neither credentials nor AWS.
pub(crate) fn config(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::standard().with_initial_backoff(std::time::Duration::ZERO))
        .timeout_config(TimeoutConfig::disabled())
        .build()
}

pub(crate) fn recorder(rules: LocalRules) -> (Recorder, MemoryEmitter) {
    let memory = MemoryEmitter::new();
    let xray = Recorder::builder("orders")
        .emitter(memory.clone())
        .delivery(Delivery::Inline)
        .sampling_rules(rules)
        .build()
        .expect("nothing that could be wrong");
    (xray, memory)
}

/// Without what differs from run to run.
pub(crate) fn plain(subsegment: &Value) -> Value {
    let mut plain = subsegment.clone();
    let fields = plain.as_object_mut().expect("an object");
    for name in ["id", "start_time", "end_time"] {
        assert!(fields.remove(name).is_some(), "{name} is missing");
    }
    if let Some(exceptions) = plain.pointer_mut("/cause/exceptions") {
        for exception in exceptions.as_array_mut().expect("a list") {
            exception.as_object_mut().expect("an object").remove("id");
        }
    }
    if let Some(cause) = plain.get_mut("cause").and_then(Value::as_object_mut) {
        cause.remove("working_directory");
    }
    plain
}
