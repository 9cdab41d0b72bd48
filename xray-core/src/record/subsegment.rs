use std::{error::Error, future::poll_fn, mem, ops::Deref, pin::pin, thread, time::SystemTime};

use super::{ContextMissing, Entity, Recorder};

/// A piece of work inside a segment: a call, a query, a step. It ends when it is dropped.
///
/// A subsegment that is begun is not yet the current one, so the guard may travel between threads.
/// What runs inside it is said with [`run`](Self::run), [`scope`](Entity::scope) or
/// [`subsegment`].
///
/// ```
/// use xray_core::Subsegment;
///
/// let price = Subsegment::begin("price");
/// price.annotate("items", 3);
/// price.end();
/// ```
#[derive(Debug)]
#[must_use = "a subsegment ends when it is dropped"]
pub struct Subsegment {
    entity: Entity,
    /// Begun by a destructor during a panic, which is not one of its own.
    unwinding: bool,
}

impl Subsegment {
    /// Begins a subsegment of the current entity. With none, it does what the recorder's
    /// [`ContextMissing`] says and records nothing.
    pub fn begin(name: &str) -> Self {
        let parent = Entity::current();
        if parent.is_absent() {
            context_missing(name, false);
        }
        parent.subsegment(name)
    }

    /// Begins a subsegment for a call that a client makes; `None` outside of a segment. The call goes
    /// through whatever [`ContextMissing`] says, which at most logs.
    pub(crate) fn of_call(parent: &Entity, name: &str) -> Option<Self> {
        if parent.is_absent() {
            context_missing(name, true);
            return None;
        }
        Some(parent.subsegment(name))
    }

    /// Begins a subsegment of the current entity; `None` with none. What it is called is only asked
    /// where it is recorded.
    ///
    /// ```
    /// use xray_core::Subsegment;
    ///
    /// assert!(Subsegment::begin_if_traced(|| "price").is_none());
    /// ```
    #[inline]
    pub fn begin_if_traced<N: AsRef<str>>(name: impl FnOnce() -> N) -> Option<Self> {
        Entity::subsegment_of_current(name)
    }

    pub(super) fn new(entity: Entity) -> Self {
        Self { entity, unwinding: thread::panicking() }
    }

    /// One whose guard was taken apart.
    pub(super) fn put_together(entity: Entity, unwinding: bool) -> Self {
        Self { entity, unwinding }
    }

    /// Without the guard: somebody else ends it.
    pub(super) fn into_entity(mut self) -> Entity {
        mem::replace(&mut self.entity, Entity::ABSENT)
    }

    #[inline]
    fn finish(&mut self, at: Option<SystemTime>) {
        mem::replace(&mut self.entity, Entity::ABSENT).end_child(at);
    }

    /// Runs `work` inside the subsegment and ends it.
    ///
    /// ```
    /// use xray_core::Subsegment;
    ///
    /// let total: u32 = Subsegment::begin("sum").run(|sum| {
    ///     sum.annotate("items", 3);
    ///     [1, 2, 3].iter().sum()
    /// });
    /// assert_eq!(total, 6);
    /// ```
    pub fn run<T>(self, work: impl FnOnce(&Entity) -> T) -> T {
        let _entered = self.entity.enter();
        self.entity.recording_panics(|| work(&self))
    }

    /// Ends the subsegment now.
    pub fn end(self) {}

    /// Records the error of a result, if it is one, ends the subsegment and hands the result on.
    ///
    /// What is called to make the result is called after the subsegment has begun, so one line does
    /// for a call that returns a `Result`, with `.await` as well.
    ///
    /// ```
    /// use xray_core::Subsegment;
    ///
    /// # fn example() -> std::io::Result<()> {
    /// let settings = Subsegment::begin("read settings").end_with(std::fs::read("settings.toml"))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The result's own.
    #[track_caller]
    pub fn end_with<T, E: Error>(self, result: Result<T, E>) -> Result<T, E> {
        if let Err(error) = &result {
            self.record_error(error);
        }
        result
    }

    /// Ends the subsegment at a time that has been; one before its begin counts as its begin.
    pub fn end_at(mut self, at: SystemTime) {
        self.finish(Some(at));
    }
}

impl Deref for Subsegment {
    type Target = Entity;

    fn deref(&self) -> &Entity {
        &self.entity
    }
}

impl Drop for Subsegment {
    #[inline]
    fn drop(&mut self) {
        if self.entity.is_sampled() {
            self.end_unless_ended();
        }
    }
}

impl Subsegment {
    /// It is a query.
    pub(crate) fn query(mut self) -> Self {
        self.entity.set_query();
        self
    }

    fn end_unless_ended(&mut self) {
        if thread::panicking() && !self.unwinding {
            self.entity.record_failure("panic", "the code of the subsegment panicked", true);
        }
        self.finish(None);
    }
}

fn context_missing(name: &str, calls_through: bool) {
    let Some(recorder) = Recorder::installed().filter(Recorder::is_enabled) else { return };
    match recorder.inner().context_missing {
        ContextMissing::IgnoreError => {}
        ContextMissing::RuntimeError if !calls_through => {
            panic!("subsegment {name:?} has no segment: the code runs outside of one")
        }
        ContextMissing::LogError | ContextMissing::RuntimeError => {
            crate::logging::error!(
                "subsegment {name:?} is not recorded: the code runs outside of a segment"
            );
        }
    }
}

/// Runs `work` inside a subsegment of the current entity.
///
/// ```
/// # async fn fetch(id: u32) -> u32 { id }
/// # async fn example(id: u32) {
/// let cart = xray_core::subsegment("load cart", async |cart| {
///     cart.annotate("cart_id", id);
///     fetch(id).await
/// })
/// .await;
/// # }
/// ```
pub async fn subsegment<T>(name: &str, work: impl AsyncFnOnce(Entity) -> T) -> T {
    inside(Subsegment::begin(name), work).await
}

/// Runs `work` inside a subsegment that has begun.
pub(crate) async fn inside<T>(subsegment: Subsegment, work: impl AsyncFnOnce(Entity) -> T) -> T {
    let entity = subsegment.entity.clone();
    let mut work = pin!(subsegment.scope(async { work(entity).await }));
    poll_fn(|cx| subsegment.recording_panics(|| work.as_mut().poll(cx))).await
}
