//! Looks for credentials, a region and the account, within a bounded time.

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_xray::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_xray::config::{
    ConfigBag, Intercept, ProvideCredentials, RuntimeComponents, SharedHttpClient,
};
use aws_sdk_xray::error::BoxError;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use tokio::time::timeout;

use super::stats::{RelayState, RelayStatus};
use super::text::{causes, plain};

/// Beyond variables and files, the region is asked of the instance's metadata.
const REGION_TIME: Duration = Duration::from_secs(2);
/// Credentials may come from files, a process, the network.
const CREDENTIALS_TIME: Duration = Duration::from_secs(3);
/// What is only told may be left out.
const ACCOUNT_TIME: Duration = Duration::from_secs(2);
/// To connect.
const CONNECT_TIME: Duration = Duration::from_secs(3);

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) config: SdkConfig,
    pub(super) status: RelayStatus,
}

/// Looks as every AWS SDK does: variables, profile, web identity, container, instance. `Err` says what is missing.
pub(super) async fn find() -> Result<Found, String> {
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client())
        // The relay makes its calls again by itself, and knows for how long.
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIME).build());
    let config = timeout(REGION_TIME, loader.load()).await;
    let config = config.map_err(|_| "no AWS region found in time")?;
    let region = config.region().ok_or("no AWS region found")?.to_string();
    let provider = config.credentials_provider().ok_or("no AWS credentials found")?;
    let credentials = timeout(CREDENTIALS_TIME, provider.provide_credentials()).await;
    let credentials = match credentials {
        Ok(Ok(credentials)) => credentials,
        Ok(Err(CredentialsError::CredentialsNotLoaded(_))) => {
            return Err("no AWS credentials found".to_owned());
        }
        // There are some, such as a profile whose SSO session has ended.
        Ok(Err(error)) => {
            return Err(format!("AWS credentials cannot be loaded: {}", causes(&error)));
        }
        Err(_) => return Err("no AWS credentials found in time".to_owned()),
    };
    let account = async {
        match credentials.account_id() {
            Some(account) => Some(account.as_str().to_owned()),
            None => account(&config).await,
        }
    };
    let (account, endpoint) = tokio::join!(account, endpoint(&config));
    if !has_roots() {
        log::warn!(
            "no root certificates found, so no TLS connection can be made: install ca-certificates"
        );
    }
    let usual = format!("https://xray.{region}.amazonaws.com");
    let status = RelayStatus {
        region: Some(plain(&region)),
        account: account.map(|account| plain(&account)),
        endpoint: endpoint.filter(|endpoint| *endpoint != usual),
        ..RelayStatus::new(RelayState::On)
    };
    Ok(Found { config, status })
}

/// A client with connections of its own: they live on the runtime that opens them.
pub(super) fn http_client() -> SharedHttpClient {
    // The client takes it for a bug if it finds none where there should be some.
    let trusted = if has_roots() { TrustStore::default() } else { TrustStore::empty() };
    let client = aws_smithy_http_client::Builder::new();
    let client = client.tls_provider(Provider::Rustls(CryptoMode::Ring));
    match TlsContext::builder().with_trust_store(trusted).build() {
        Ok(context) => client.tls_context(context).build_https(),
        // It has nothing in it that could be wrong.
        Err(_) => client.build_https(),
    }
}

fn has_roots() -> bool {
    !rustls_native_certs::load_native_certs().certs.is_empty()
}

/// Whose the credentials are. It needs no permission, yet may be out of reach.
async fn account(config: &SdkConfig) -> Option<String> {
    let call = aws_sdk_sts::Client::new(config).get_caller_identity();
    match timeout(ACCOUNT_TIME, call.send()).await {
        Ok(Ok(identity)) => identity.account,
        Ok(Err(error)) => {
            log::info!("the AWS account cannot be told: {}", causes(&error));
            None
        }
        Err(_) => {
            log::info!("the AWS account cannot be told: STS does not answer");
            None
        }
    }
}

/// Where the client would send its calls: variables, profile, region, FIPS and dual-stack decide together, so a
/// call is prepared, signed, and not sent.
async fn endpoint(config: &SdkConfig) -> Option<String> {
    let seen = Arc::new(OnceLock::new());
    let call = aws_sdk_xray::Client::new(config).get_sampling_rules().customize();
    let never_sent = call.interceptor(Look(Arc::clone(&seen))).send();
    let _ = timeout(ACCOUNT_TIME, never_sent).await;
    seen.get().cloned()
}

#[derive(Debug)]
struct Look(Arc<OnceLock<String>>);

impl Intercept for Look {
    fn name(&self) -> &'static str {
        "Look"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let uri = context.request().uri();
        let end = uri.find("/GetSamplingRules").unwrap_or(uri.len());
        let (scheme, rest) = uri[..end].split_once("://").unwrap_or(("", &uri[..end]));
        // A user and a password in front of the host are nobody's business.
        let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        let _ = self.0.set(plain(&format!("{scheme}://{host}")));
        Err(Box::<dyn Error + Send + Sync>::from("only looking"))
    }
}
