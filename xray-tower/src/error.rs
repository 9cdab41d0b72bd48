use std::{any::Any, error::Error};

/// Tower's usual error.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// What is in an error that is a box, which is no [`Error`] itself.
pub(crate) fn boxed<E: 'static>(error: &E) -> Option<&(dyn Error + 'static)> {
    (error as &dyn Any).downcast_ref::<BoxError>().map(|error| &**error as &(dyn Error + 'static))
}
