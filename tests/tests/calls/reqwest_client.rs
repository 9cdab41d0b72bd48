use reqwest_middleware::ClientBuilder;
use xray_core::Entity;
use xray_reqwest::XRayMiddleware;

use crate::{Answer, Ask, Client, Read, cases::Setup, set_up, tower_client::block_on};

pub(crate) struct ReqwestClient;

impl Client for ReqwestClient {
    const COLUMN: usize = 1;

    fn call(setup: Setup, ask: Ask, inside: Option<Entity>) -> Answer {
        let middleware = set_up!(XRayMiddleware::new(), setup);
        block_on(inside, async {
            let client = ClientBuilder::new(reqwest::Client::new()).with(middleware).build();
            let method = ask.method.parse().expect("a method");
            let mut request = client.request(method, &ask.url);
            for (name, value) in ask.headers {
                request = request.header(*name, *value);
            }
            let answer = match ask.read {
                Read::GiveUp => tokio::select! {
                    _ = request.send() => return "not silent".into(),
                    () = ask.arrived.notified() => return "gone".into(),
                },
                _ => request.send().await,
            };
            let Ok(response) = answer else { return "error".into() };
            let status = response.status().as_u16();
            if ask.read == Read::Head {
                return status.to_string();
            }
            match response.text().await {
                Ok(body) => format!("{status} {body}"),
                Err(_) => format!("{status} error"),
            }
        })
    }
}
