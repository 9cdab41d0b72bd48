use std::{convert::Infallible, ops::Deref};

use axum::{extract::FromRequestParts, http::request::Parts};
use xray_core::Entity;

/// The segment of the request, as an argument of an axum handler.
///
/// Outside of [`XRayLayer`](crate::XRayLayer), and for a request that is not sampled, it records
/// nothing; it never refuses a request.
///
/// ```
/// use xray_tower::CurrentSegment;
///
/// async fn handler(segment: CurrentSegment) {
///     segment.annotate("customer", "gold");
/// }
/// ```
#[derive(Clone, Debug)]
pub struct CurrentSegment(Entity);

impl<S: Sync> FromRequestParts<S> for CurrentSegment {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Entity::current().segment()))
    }
}

impl Deref for CurrentSegment {
    type Target = Entity;

    fn deref(&self) -> &Entity {
        &self.0
    }
}
