use super::{
    METADATA, Machine,
    found::{Found, object, text},
    logs::LogGroup,
};
use crate::client::Deadline;

/// What Kubernetes gives a pod, to speak with the cluster's API.
const TOKEN: &str = "var/run/secrets/kubernetes.io/serviceaccount/token";

/// By the config map in which Container Insights keeps the cluster's name.
pub(super) fn find(machine: &Machine) -> Result<Option<Found>, String> {
    let Some(token) = machine.read(TOKEN)? else { return Ok(None) };
    let token = String::from_utf8(token).map_err(|_| format!("/{TOKEN} is not a text"))?;
    let token = token.trim();
    if token.is_empty() {
        return Err(format!("/{TOKEN} is empty"));
    }
    let map = api::cluster_info(machine, token, Deadline::within(&METADATA))?;
    let map = object(&map, "the config map amazon-cloudwatch/cluster-info")?;
    let data = map.get("data").and_then(|data| data.as_object());

    let mut found = Found::default();
    found.add("cluster_name", data.and_then(|data| text(data, "cluster.name")));
    let Some(cluster) = found.block.get("cluster_name").and_then(|name| name.as_str()) else {
        return Err("the config map amazon-cloudwatch/cluster-info has no cluster.name".into());
    };
    found.logs.extend(LogGroup::named(&format!("/aws/containerinsights/{cluster}/application")));
    found.add("container_id", machine.container_id().as_deref());
    found.add("pod", machine.hostname().as_deref());
    Ok(Some(found))
}

#[cfg(not(feature = "eks"))]
mod api {
    use super::{Deadline, Machine};

    pub(super) fn cluster_info(_: &Machine, _: &str, _: Deadline) -> Result<Vec<u8>, String> {
        Err("to ask the cluster, switch on the feature `eks` of xray-core".into())
    }
}

#[cfg(feature = "eks")]
mod api {
    use std::sync::Arc;

    use rustls::{
        ClientConfig, ClientConnection, RootCertStore, StreamOwned,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    };

    use super::{Deadline, Machine};
    use crate::client::{Endpoint, Request};

    /// Who signed the certificate of the cluster's API.
    const AUTHORITY: &str = "var/run/secrets/kubernetes.io/serviceaccount/ca.crt";

    const PATH: &str = "/api/v1/namespaces/amazon-cloudwatch/configmaps/cluster-info";

    pub(super) fn cluster_info(
        machine: &Machine,
        token: &str,
        deadline: Deadline,
    ) -> Result<Vec<u8>, String> {
        let host = machine
            .get("KUBERNETES_SERVICE_HOST")
            .ok_or("KUBERNETES_SERVICE_HOST is not set, so the cluster's API is not known")?;
        let host = host.trim().to_owned();
        let port = match machine.get("KUBERNETES_SERVICE_PORT") {
            None => 443,
            Some(port) => port
                .trim()
                .parse()
                .map_err(|_| format!("KUBERNETES_SERVICE_PORT={port:?} is no port"))?,
        };
        let endpoint = Endpoint::of(&host, port);
        let bearer = format!("Bearer {token}");
        let request = Request { headers: &[("authorization", &bearer)], ..Request::get(PATH) };
        let name = ServerName::try_from(host.clone())
            .map_err(|_| format!("KUBERNETES_SERVICE_HOST={host:?} is no host"))?;
        let tls = ClientConnection::new(Arc::new(config(machine)?), name)
            .map_err(|error| error.to_string())?;
        let answer = endpoint.connect(deadline).and_then(|connection| {
            request.exchange(&endpoint, &mut StreamOwned::new(tls, connection))
        });
        answer.map_err(|reason| format!("GET {endpoint}{PATH}: {reason}"))
    }

    fn config(machine: &Machine) -> Result<ClientConfig, String> {
        let told = |error: &dyn std::fmt::Display| format!("/{AUTHORITY}: {error}");
        let pem = machine.read(AUTHORITY)?.ok_or_else(|| told(&"there is no such file"))?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| told(&error))?;
            roots.add(certificate).map_err(|error| told(&error))?;
        }
        if roots.is_empty() {
            return Err(told(&"there is no certificate in it"));
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        Ok(config.with_root_certificates(roots).with_no_client_auth())
    }
}
