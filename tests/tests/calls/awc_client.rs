use actix_web::rt::System;
use xray_actix::client::XRayClientMiddleware;
use xray_core::Entity;

use crate::{Answer, Ask, Client, Read, cases::Setup, set_up};

pub(crate) struct AwcClient;

impl Client for AwcClient {
    const COLUMN: usize = 2;

    fn call(setup: Setup, ask: Ask, inside: Option<Entity>) -> Answer {
        let middleware = set_up!(XRayClientMiddleware::new(), setup);
        let work = async {
            let client = awc::Client::builder().wrap(middleware).finish();
            let method = ask.method.parse().expect("a method");
            let mut request = client.request(method, &ask.url);
            for (name, value) in ask.headers {
                request = request.insert_header((*name, *value));
            }
            let answer = match ask.read {
                Read::GiveUp => tokio::select! {
                    _ = request.send() => return "not silent".into(),
                    () = ask.arrived.notified() => return "gone".into(),
                },
                _ => request.send().await,
            };
            let Ok(mut response) = answer else { return "error".into() };
            let status = response.status().as_u16();
            if ask.read == Read::Head {
                return status.to_string();
            }
            match response.body().await {
                Ok(body) => format!("{status} {}", String::from_utf8_lossy(&body)),
                Err(_) => format!("{status} error"),
            }
        };
        match inside {
            Some(entity) => System::new().block_on(entity.scope(work)),
            None => System::new().block_on(work),
        }
    }
}
