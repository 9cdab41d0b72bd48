use std::{future::poll_fn, mem, ops::Deref, pin::pin, thread, time::SystemTime};

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

    pub(super) fn new(entity: Entity) -> Self {
        Self { entity, unwinding: thread::panicking() }
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
    let subsegment = Subsegment::begin(name);
    let entity = subsegment.entity.clone();
    let mut work = pin!(subsegment.scope(async { work(entity).await }));
    poll_fn(|cx| subsegment.recording_panics(|| work.as_mut().poll(cx))).await
}
