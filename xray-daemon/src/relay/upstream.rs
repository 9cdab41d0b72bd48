//! The SDKs' sampling calls, passed on to X-Ray: signing, region, endpoint and credentials are the AWS SDK's, the
//! bodies are the caller's and the service's own, so that no field gets lost that this release does not know.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_xray::Client;
use aws_sdk_xray::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_sdk_xray::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_xray::error::BoxError;
use hyper::StatusCode;
use hyper::body::Bytes;

use super::find;
use super::text::causes;
use crate::sampling::{Answering, Operation, Upstream};

/// For one call in all. SDKs wait for two seconds, and report again what they do not know to have arrived: an answer
/// that came later would count for nobody, and its report twice.
const CALL_TIME: Duration = Duration::from_millis(1_800);

/// Passes sampling calls on to X-Ray, with the credentials and the region of this configuration.
pub(super) fn upstream(config: &SdkConfig) -> Arc<dyn Upstream> {
    let timeouts = TimeoutConfig::builder().operation_timeout(CALL_TIME).build();
    let config = Builder::from(config)
        .timeout_config(timeouts)
        // Its connections live on the runtime of the sampling server.
        .http_client(find::http_client())
        .build();
    Arc::new(Signed { client: Client::from_conf(config) })
}

#[derive(Debug)]
struct Signed {
    client: Client,
}

impl Upstream for Signed {
    fn call(&self, operation: Operation, body: Bytes) -> Answering<'_> {
        let answer = Answer::default();
        let raw = Raw { body, answer: Arc::clone(&answer) };
        Box::pin(async move {
            // What the SDK makes of the answer does not matter once there is one.
            let failure = match operation {
                Operation::Rules => {
                    let call = self.client.get_sampling_rules().customize().interceptor(raw);
                    call.send().await.err().map(|error| causes(&error))
                }
                Operation::Targets => {
                    let call = self.client.get_sampling_targets().customize().interceptor(raw);
                    call.send().await.err().map(|error| causes(&error))
                }
            };
            let answer = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
            answer.ok_or_else(|| failure.unwrap_or_else(|| "no answer".to_owned()))
        })
    }
}

type Answer = Arc<Mutex<Option<(StatusCode, Bytes)>>>;

/// Puts the raw body into the request before it is signed, and keeps the raw answer.
#[derive(Debug)]
struct Raw {
    body: Bytes,
    answer: Answer,
}

impl Intercept for Raw {
    fn name(&self) -> &'static str {
        "Raw"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        request.headers_mut().insert("content-length", self.body.len().to_string());
        *request.body_mut() = self.body.to_vec().into();
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        // A body that could not be read to its end is no answer.
        if let Some(body) = response.body().bytes() {
            let status = StatusCode::from_u16(response.status().as_u16())?;
            let answer = Some((status, Bytes::copy_from_slice(body)));
            *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = answer;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{SocketAddr, TcpListener};
    use std::thread::JoinHandle;
    use std::time::SystemTime;

    use aws_config::retry::RetryConfig;
    use aws_config::{BehaviorVersion, Region};
    use aws_sdk_xray::config::{Credentials, SharedCredentialsProvider};
    use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
    use aws_sigv4::sign::v4::SigningParams;

    use super::*;

    /// What arrived at the stand-in.
    struct Request {
        line: String,
        headers: BTreeMap<String, String>,
        body: Vec<u8>,
    }

    /// Answers one request with these bytes, or never where there are none.
    fn stand_in(answer: String) -> (SocketAddr, JoinHandle<Request>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let thread = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let mut lines = Vec::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if line.trim_end().is_empty() {
                    break;
                }
                lines.push(line.trim_end().to_owned());
            }
            let pair = |line: &String| {
                let (name, value) = line.split_once(':').unwrap();
                (name.to_ascii_lowercase(), value.trim().to_owned())
            };
            let headers: BTreeMap<_, _> = lines[1..].iter().map(pair).collect();
            let mut body = vec![0; headers["content-length"].parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            if answer.is_empty() {
                // Until the caller has lost its patience.
                let _ = reader.read(&mut [0]);
            } else {
                reader.get_mut().write_all(answer.as_bytes()).unwrap();
            }
            Request { line: lines.swap_remove(0), headers, body }
        });
        (address, thread)
    }

    fn credentials() -> Credentials {
        Credentials::new("AKIDEXAMPLE", "secret", Some("session".to_owned()), None, "test")
    }

    fn config(address: SocketAddr) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .endpoint_url(format!("http://{address}"))
            .retry_config(RetryConfig::disabled())
            .credentials_provider(SharedCredentialsProvider::new(credentials()))
            .build()
    }

    fn call(
        address: SocketAddr,
        operation: Operation,
        body: &'static str,
    ) -> Result<(StatusCode, Bytes), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let upstream = upstream(&config(address));
        runtime.block_on(upstream.call(operation, Bytes::from(body)))
    }

    /// Signs what arrived once more, and compares.
    fn check_signature(request: &Request) {
        let authorization = &request.headers["authorization"];
        assert!(authorization.contains("/eu-west-1/xray/aws4_request"), "{authorization}");
        let (_, signed) = authorization.split_once("SignedHeaders=").unwrap();
        let (signed, _) = signed.split_once(',').unwrap();
        let added = ["x-amz-date", "x-amz-security-token"];
        let headers = signed.split(';').filter(|name| !added.contains(name));
        let headers = headers.map(|name| (name, request.headers[name].as_str()));
        let date =
            chrono::NaiveDateTime::parse_from_str(&request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ");
        let identity = credentials().into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region("eu-west-1")
            .name("xray")
            .time(SystemTime::from(date.unwrap().and_utc()))
            .settings(SigningSettings::default())
            .build()
            .unwrap();
        let path = request.line.split(' ').nth(1).unwrap();
        let uri = format!("http://{}{path}", request.headers["host"]);
        let body = SignableBody::Bytes(&request.body);
        let signable = SignableRequest::new("POST", &uri, headers, body).unwrap();
        let (instructions, _) = sign(signable, &params.into()).unwrap().into_parts();
        let (headers, _) = instructions.into_parts();
        let ours = headers.iter().find(|header| header.name() == "authorization").unwrap();
        assert_eq!(ours.value(), authorization);
    }

    #[test]
    fn both_calls_pass_unknown_fields_in_both_directions() {
        let cases = [
            (Operation::Rules, "/GetSamplingRules", r#"{"NextToken": "a\u00e9", "New":[1.50]}"#),
            (
                Operation::Targets,
                "/SamplingTargets",
                r#"{"SamplingStatisticsDocuments":[{"New":1}], "B":{}}"#,
            ),
            (Operation::Rules, "/GetSamplingRules", ""),
        ];
        for (operation, path, body) in cases {
            let answer = r#"{"SamplingRuleRecords":[{"New":{"deep":[1.50]}}],"Other":null}"#;
            let (address, thread) = stand_in(format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{answer}",
                answer.len()
            ));
            let (status, answered) = call(address, operation, body).unwrap();
            assert_eq!((status, &*answered), (StatusCode::OK, answer.as_bytes()));
            let request = thread.join().unwrap();
            assert_eq!(request.line, format!("POST {path} HTTP/1.1"));
            assert_eq!(request.body, body.as_bytes());
            check_signature(&request);
        }
    }

    #[test]
    fn error_answers_pass_as_they_are() {
        let throttled = r#"{"message":"Rate exceeded","New":1}"#;
        for (status, body) in
            [(429, throttled), (403, "{}"), (500, "<html>"), (200, "not json"), (418, "")]
        {
            let (address, thread) = stand_in(format!(
                "HTTP/1.1 {status} Any\r\nx-amzn-errortype: ThrottledException\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ));
            let (answered, bytes) = call(address, Operation::Targets, "{}").unwrap();
            assert_eq!((answered.as_u16(), &*bytes), (status, body.as_bytes()));
            thread.join().unwrap();
        }
    }

    #[test]
    fn no_answer_is_told_in_time() {
        let (address, thread) = stand_in(String::new());
        let why = call(address, Operation::Rules, "{}").unwrap_err();
        assert!(why.contains("timeout") || why.contains("timed out"), "{why}");
        thread.join().unwrap();
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let why = call(nobody, Operation::Rules, "{}").unwrap_err();
        assert!(why.contains("refused"), "{why}");
        let (address, thread) =
            stand_in("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".to_owned());
        assert!(call(address, Operation::Rules, "{}").is_err(), "cut short");
        thread.join().unwrap();
    }
}
