use std::{
    convert::Infallible,
    future::{Ready, ready},
    ops::Deref,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use xray_core::Entity;

/// The segment of the request, as an argument of an actix-web handler.
///
/// Outside of [`XRayMiddleware`](crate::XRayMiddleware), and for a request that is not sampled, it
/// records nothing; it never refuses a request.
///
/// ```
/// use xray_actix::CurrentSegment;
///
/// async fn handler(segment: CurrentSegment) -> &'static str {
///     segment.annotate("customer", "gold");
///     "an order"
/// }
/// ```
#[derive(Clone, Debug)]
pub struct CurrentSegment(Entity);

impl FromRequest for CurrentSegment {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(Entity::current().segment())))
    }
}

impl Deref for CurrentSegment {
    type Target = Entity;

    fn deref(&self) -> &Entity {
        &self.0
    }
}
