use std::{any::type_name, error::Error};

/// Tower's usual error.
type BoxError = Box<dyn Error + Send + Sync>;

/// How the errors of a service are read: [`PlainErrors`] or [`BoxedErrors`]. A box of an error is no
/// [`Error`] itself, so the compiler has to be told.
pub trait ErrorKind<E> {
    /// The name of the error's type, where it is known, and the error.
    fn read(error: &E) -> (Option<&'static str>, &(dyn Error + 'static));
}

/// The service's errors implement [`Error`]: hyper's, tonic's, reqwest's.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct PlainErrors;

impl<E: Error + 'static> ErrorKind<E> for PlainErrors {
    fn read(error: &E) -> (Option<&'static str>, &(dyn Error + 'static)) {
        (Some(type_name::<E>()), error)
    }
}

/// The service's errors are boxed, as those of most layers of tower.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct BoxedErrors;

impl ErrorKind<BoxError> for BoxedErrors {
    fn read(error: &BoxError) -> (Option<&'static str>, &(dyn Error + 'static)) {
        (None, &**error)
    }
}
