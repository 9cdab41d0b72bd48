/// What is known of a request when it must be decided whether to record it.
///
/// A part that is not known matches any pattern.
///
/// ```
/// use xray_core::SamplingRequest;
///
/// let request = SamplingRequest { method: Some("GET"), path: Some("/orders"), ..Default::default() };
/// # let _ = request;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SamplingRequest<'a> {
    /// The `Host` header as sent, with its port.
    pub host: Option<&'a str>,
    /// The HTTP method.
    pub method: Option<&'a str>,
    /// The path, without query.
    pub path: Option<&'a str>,
    /// The service's name; that of the segment if not set.
    pub service: Option<&'a str>,
    /// The service's type, such as `AWS::ECS::Container`; that of the
    /// resource that [`detect`](crate::RecorderBuilder::detect) finds if not set.
    pub service_type: Option<&'a str>,
}
