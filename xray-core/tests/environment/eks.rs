use xray_core::Plugin;

use crate::place::{Place, plain};

const TOKEN: &str = "var/run/secrets/kubernetes.io/serviceaccount/token";

#[test]
fn elsewhere() {
    assert_eq!(Place::new().segment([Plugin::Eks]), plain());
}

#[cfg(not(feature = "eks"))]
#[test]
fn without_the_feature_a_pod_is_told_what_to_do() {
    let place = Place::new().file(TOKEN, "token");
    assert_eq!(place.segment([Plugin::Eks]), plain());
    let warnings = crate::place::warnings("Eks");
    assert_eq!(
        warnings,
        [
            "Eks adds nothing to segments: to ask the cluster, switch on the feature `eks` of xray-core"
        ]
    );
}

/// A cluster's API on loopback, over TLS.
#[cfg(feature = "eks")]
mod cluster {
    use std::sync::Arc;

    use rcgen::{
        BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, IsCa, KeyPair,
    };
    use rustls::{
        ServerConfig, ServerConnection, StreamOwned, crypto::ring, pki_types::PrivateKeyDer,
    };
    use serde_json::json;
    use xray_core::Plugin;

    use super::TOKEN;
    use crate::{
        place::{Place, expected, plain, warnings},
        service::{Answer, Request, Service},
    };

    const AUTHORITY: &str = "var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
    const ID: &str = "ea32192c8553fbff06c9340478a2ff089b2bb5646fb718b4ee206641c9086d66";
    const CLUSTER_INFO: &str = "GET /api/v1/namespaces/amazon-cloudwatch/configmaps/cluster-info";

    type Authority = CertifiedIssuer<'static, KeyPair>;

    fn authority() -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name = DistinguishedName::new();
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    /// A cluster's API whose certificate is for this host.
    fn api(
        authority: &Authority,
        host: &str,
        answer: impl Fn(&Request) -> Answer + Send + 'static,
    ) -> Service {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([host.to_owned()]).unwrap();
        let certificate = certificate.signed_by(&key, authority).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        let wrap = move |stream| {
            let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
            Some(StreamOwned::new(tls, stream))
        };
        Service::over(wrap, answer)
    }

    fn place(service: &Service, authority: &Authority) -> Place {
        let (host, port) = service.address.split_once(':').unwrap();
        Place::new()
            .variable("KUBERNETES_SERVICE_HOST", host)
            .variable("KUBERNETES_SERVICE_PORT", port)
            .file(TOKEN, "eyJhbGciOiJSUzI1NiJ9.e30.c2ln\n")
            .file(AUTHORITY, authority.pem())
            .file("proc/sys/kernel/hostname", "orders-7d4b9-x2x\n")
            .file("proc/self/cgroup", format!("1:cpu:/kubepods/burstable/pod7/{ID}\n"))
    }

    fn cluster_info(request: &Request) -> Answer {
        assert_eq!(request.line, CLUSTER_INFO);
        match request.header("authorization") {
            Some("Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln") => Answer::ok(
                r#"{
                    "kind": "ConfigMap",
                    "apiVersion": "v1",
                    "metadata": { "name": "cluster-info", "namespace": "amazon-cloudwatch" },
                    "data": { "cluster.name": "shop", "logs.region": "eu-west-1" }
                }"#,
            ),
            _ => Answer::status(401),
        }
    }

    #[test]
    fn a_pod() {
        let authority = authority();
        let service = api(&authority, "127.0.0.1", cluster_info);
        let aws = json!({
            "eks": { "cluster_name": "shop", "container_id": ID, "pod": "orders-7d4b9-x2x" },
            "cloudwatch_logs": [{ "log_group": "/aws/containerinsights/shop/application" }],
        });
        let segment = place(&service, &authority).segment([Plugin::Eks]);
        assert_eq!(segment, expected(Some("AWS::EKS::Container"), &aws));
        assert_eq!(service.requests().len(), 1);
    }

    #[test]
    fn a_stranger_learns_no_token() {
        let ours = authority();
        let cases = [
            api(&authority(), "127.0.0.1", cluster_info),
            api(&ours, "127.0.0.2", cluster_info),
            // No TLS at all.
            Service::new(cluster_info),
        ];
        for service in cases {
            assert_eq!(place(&service, &ours).segment([Plugin::Eks]), plain());
            assert_eq!(service.seen(), []);
            assert_eq!(warnings(&service.address).len(), 1);
        }
    }

    #[test]
    fn a_cluster_that_does_not_say() {
        let answers: [fn(&Request) -> Answer; 7] = [
            |_| Answer::status(403),
            |_| Answer::status(404),
            |_| Answer::raw(""),
            |_| Answer::Silence,
            |_| Answer::ok("{}"),
            |_| Answer::ok(r#"{"data": {"cluster.name": ""}}"#),
            |_| Answer::Endless(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
        ];
        let authority = authority();
        for answer in answers {
            let service = api(&authority, "127.0.0.1", answer);
            assert_eq!(place(&service, &authority).segment([Plugin::Eks]), plain());
            assert_eq!(service.requests().len(), 1);
        }
    }

    #[test]
    fn a_service_account_that_is_not_whole() {
        let authority = authority();
        let service = api(&authority, "127.0.0.1", cluster_info);
        let places = [
            place(&service, &authority).file(TOKEN, "token\r\nx-forged: header"),
            place(&service, &authority).file(TOKEN, [0xff; 20]),
            place(&service, &authority).file(TOKEN, ""),
            place(&service, &authority).file(AUTHORITY, ""),
            place(&service, &authority).file(AUTHORITY, "not PEM"),
            place(&service, &authority)
                .file(AUTHORITY, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            place(&service, &authority).variable("KUBERNETES_SERVICE_HOST", ""),
            place(&service, &authority).variable("KUBERNETES_SERVICE_HOST", "no host\r\n"),
            place(&service, &authority).variable("KUBERNETES_SERVICE_PORT", "tcp://10.0.0.1:443"),
            Place::new().file(TOKEN, "token"),
        ];
        for place in places {
            assert_eq!(place.segment([Plugin::Eks]), plain());
        }
        assert_eq!(service.seen(), []);
    }
}
