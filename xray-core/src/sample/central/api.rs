use std::{error::Error, time::Duration};

use crate::{
    client::{Deadline, Endpoint, Patience, Request},
    emit::DaemonAddress,
};

/// A call is given up after this time, as in the official Java SDK.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(2),
    step: Duration::from_secs(2),
    total: Duration::from_secs(2),
};

/// Most bytes of an answer that are read.
const MAX_ANSWER: usize = 1 << 20;

/// One of the two calls of centralized sampling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SamplingCall {
    /// `GetSamplingRules`
    Rules,
    /// `GetSamplingTargets`
    Targets,
}

impl SamplingCall {
    /// The path that is posted to, which is not the name of the operation.
    ///
    /// ```
    /// assert_eq!(xray_core::sample::SamplingCall::Targets.path(), "/SamplingTargets");
    /// ```
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Rules => "/GetSamplingRules",
            Self::Targets => "/SamplingTargets",
        }
    }
}

/// Who is asked for sampling rules: the X-Ray daemon unless
/// [`CentralizedSampling::api`](super::CentralizedSampling::api) says otherwise.
///
/// ```
/// use xray_core::sample::{SamplingApi, SamplingCall};
///
/// /// An account with one rule.
/// struct OneRule;
///
/// impl SamplingApi for OneRule {
///     fn call(
///         &mut self,
///         call: SamplingCall,
///         _body: &[u8],
///     ) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
///         Ok(match call {
///             SamplingCall::Rules => br#"{"SamplingRuleRecords": [{"SamplingRule": {
///                 "RuleName": "Default", "Version": 1, "ResourceARN": "*", "Priority": 10000,
///                 "FixedRate": 0.05, "ReservoirSize": 1, "Host": "*", "HTTPMethod": "*",
///                 "URLPath": "*", "ServiceName": "*", "ServiceType": "*"}}]}"#
///                 .to_vec(),
///             _ => b"{}".to_vec(),
///         })
///     }
///
///     fn address(&self) -> String {
///         "one rule".to_owned()
///     }
/// }
/// ```
pub trait SamplingApi: Send + 'static {
    /// Posts a JSON document and gives the one that answers it. Called on a thread of its own, one call at a
    /// time; whoever implements it gives up after some seconds.
    ///
    /// # Errors
    /// No answer in time, or one that is not 200. It is told in the log and asked again later.
    fn call(
        &mut self,
        call: SamplingCall,
        body: &[u8],
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>>;

    /// Who that is, for messages and for [`SamplingStatus`](crate::sample::SamplingStatus).
    fn address(&self) -> String;
}

/// The daemon, which passes the calls on to X-Ray.
#[derive(Debug)]
pub(crate) struct Daemon {
    address: String,
}

impl Daemon {
    pub(crate) fn new(address: &DaemonAddress) -> Self {
        Self { address: address.tcp().to_owned() }
    }
}

impl SamplingApi for Daemon {
    fn call(
        &mut self,
        call: SamplingCall,
        body: &[u8],
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        let endpoint = Endpoint::parse(&format!("http://{}", self.address))?;
        let request = Request {
            method: "POST",
            headers: &[("content-type", "application/json")],
            body,
            most: MAX_ANSWER,
            ..Request::get(call.path())
        };
        Ok(endpoint.send(&request, Deadline::within(&PATIENCE))?)
    }

    fn address(&self) -> String {
        self.address.clone()
    }
}
