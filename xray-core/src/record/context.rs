//! The current entity: the top of a thread-local stack, set while code of a segment runs.
//!
//! A future wrapper enters it at each poll and leaves it at each return, so it follows `.await`
//! and never leaks to the next task of the thread. What is spawned elsewhere gets it by
//! `in_current_segment()`.

use std::{cell::RefCell, marker::PhantomData};

use super::{Entity, entity::Words};

thread_local! {
    static STACK: RefCell<Stack> = const { RefCell::new(Stack { levels: Vec::new(), guards: 0 }) };
}

#[derive(Debug)]
struct Stack {
    levels: Vec<Level>,
    /// Guards made so far on this thread, which numbers them.
    guards: u64,
}

/// What was entered on a thread and not left.
#[derive(Debug)]
pub(super) struct Level {
    /// `None` hides what is current outside.
    entity: Option<Entity>,
    owner: Owner,
    /// How often the same was entered on top, where that changes nothing.
    again: u32,
}

#[derive(Debug, PartialEq, Eq)]
enum Owner {
    /// One poll of a future, or one call of a closure.
    Scope,
    /// The guard of this number.
    Guard(u64),
    /// Entered by a call of its own, and left by another one.
    Named(u64, u64),
    /// Who entered the same again, since the first one has left.
    Others,
    /// One that was left while others stood above it.
    Gone,
}

/// The current entity; `None` also while the thread's storage is being torn down.
pub(super) fn current() -> Option<Entity> {
    let top = |stack: &RefCell<Stack>| stack.borrow().levels.last()?.entity.clone();
    STACK.try_with(top).ok().flatten()
}

/// Whether nothing that happens here can be of interest, as in a trace that is not recorded. Looked at in
/// place, so that nothing is counted up. What is absent is not idle: somebody may want to know.
#[cfg(feature = "macros")]
#[inline]
pub(super) fn is_idle() -> bool {
    let idle = |stack: &RefCell<Stack>| {
        stack
            .borrow()
            .levels
            .last()
            .and_then(|level| level.entity.as_ref())
            .is_some_and(Entity::is_idle)
    };
    STACK.try_with(idle).unwrap_or(false)
}

/// What `look` finds in the current entity, without a copy of it; it must run no code of the user's.
#[inline]
pub(super) fn look_at_current<T>(look: impl FnOnce(&Entity) -> Option<T>) -> Option<T> {
    let top = |stack: &RefCell<Stack>| look(stack.borrow().levels.last()?.entity.as_ref()?);
    STACK.try_with(top).ok().flatten()
}

/// Makes it current until [`leave`]; nothing at the end of a thread.
#[inline]
pub(super) fn enter_as(bridge: u64, id: u64, entity: Entity) {
    let level = Level::new(Some(entity), Owner::Named(bridge, id));
    let _ = STACK.try_with(|stack| stack.borrow_mut().levels.push(level));
}

/// Leaves what was entered last by this name, if anything was.
#[inline]
pub(super) fn leave(bridge: u64, id: u64) {
    let leave = |stack: &RefCell<Stack>| stack.borrow_mut().leave(&Owner::Named(bridge, id));
    drop(STACK.try_with(leave));
}

/// Makes what is not recorded current until [`leave_unrecorded`]. Mostly it is already, since a trace looks
/// the same from each of its spans.
#[inline]
pub(super) fn enter_unrecorded(bridge: u64, id: u64, words: Words<u64>) {
    let enter = |stack: &RefCell<Stack>| {
        let levels = &mut stack.borrow_mut().levels;
        match levels.last_mut() {
            Some(level) if level.is(&words) => level.again += 1,
            _ => {
                let entity = Entity::of_words(words);
                levels.push(Level::new(Some(entity), Owner::Named(bridge, id)));
            }
        }
    };
    let _ = STACK.try_with(enter);
}

/// Leaves what was entered by this name.
#[inline]
pub(super) fn leave_unrecorded(bridge: u64, id: u64) {
    let leave = |stack: &RefCell<Stack>| {
        let stack = &mut *stack.borrow_mut();
        let owner = Owner::Named(bridge, id);
        match stack.levels.last_mut() {
            Some(level) if level.again > 0 => {
                level.left_once(&owner);
                None
            }
            _ => stack.leave_unrecorded(&owner),
        }
    };
    drop(STACK.try_with(leave));
}

impl Level {
    #[inline]
    fn new(entity: Option<Entity>, owner: Owner) -> Self {
        Self { entity, owner, again: 0 }
    }

    /// Whether it holds what is not recorded and looks like this.
    #[inline]
    fn is(&self, words: &Words<u64>) -> bool {
        self.entity.as_ref().and_then(Entity::words).as_ref() == Some(words)
    }

    /// Somebody has left who is not the last one.
    #[inline]
    fn left_once(&mut self, owner: &Owner) {
        self.again -= 1;
        if self.owner == *owner {
            self.owner = Owner::Others;
        }
    }
}

impl Stack {
    /// Takes what was entered last by this owner off, as soon as nothing stands above it.
    #[inline]
    fn leave(&mut self, owner: &Owner) -> Option<Entity> {
        match self.levels.last() {
            Some(level) if level.owner == *owner && level.again == 0 => {
                let entity = self.levels.pop()?.entity;
                self.settle();
                entity
            }
            _ => self.leave_where(owner, |level| level.owner == *owner),
        }
    }

    /// As [`leave`](Self::leave), for an owner that may have entered what was there.
    #[inline(never)]
    fn leave_unrecorded(&mut self, owner: &Owner) -> Option<Entity> {
        self.leave_where(owner, |level| {
            level.owner == *owner || level.owner == Owner::Others || level.again > 0
        })
    }

    fn leave_where(&mut self, owner: &Owner, is_theirs: impl Fn(&Level) -> bool) -> Option<Entity> {
        let at = self.levels.iter().rposition(is_theirs)?;
        let level = &mut self.levels[at];
        if level.again > 0 {
            level.left_once(owner);
            return None;
        }
        level.owner = Owner::Gone;
        let entity = level.entity.take();
        self.settle();
        entity
    }

    /// Takes off what guards left in another order than they entered.
    fn settle(&mut self) {
        while self.levels.last().is_some_and(|level| level.owner == Owner::Gone) {
            self.levels.pop();
        }
    }
}

/// While it lives, its entity is the current one of this thread. Made by [`Entity::enter`].
///
/// Do not hold it across an `.await`: the task may go on in another thread. Use [`Entity::scope`]
/// there. The compiler helps, since the guard is not [`Send`].
#[derive(Debug)]
#[must_use = "the entity is left as soon as the guard is dropped"]
pub struct Entered {
    number: u64,
    not_send: PhantomData<*const ()>,
}

impl Entered {
    #[inline]
    pub(super) fn new(entity: Entity) -> Self {
        let enter = |stack: &RefCell<Stack>| {
            let stack = &mut *stack.borrow_mut();
            stack.guards += 1;
            let owner = Owner::Guard(stack.guards);
            stack.levels.push(Level::new(Some(entity), owner));
            stack.guards
        };
        // Only fails at the end of a thread, where nothing is current any more.
        Self { number: STACK.try_with(enter).unwrap_or_default(), not_send: PhantomData }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let leave = |stack: &RefCell<Stack>| stack.borrow_mut().leave(&Owner::Guard(self.number));
        // The entity is dropped here, where the stack is free: it may run code of the user's.
        drop(STACK.try_with(leave));
    }
}

/// While it lives, what it borrows is on the stack; it goes back at the end, also on a panic.
pub(super) struct Inside<'a> {
    entity: &'a mut Option<Entity>,
    /// Guards that a future holds while it is not polled.
    guards: &'a mut Vec<Level>,
    base: usize,
}

impl<'a> Inside<'a> {
    pub(super) fn new(entity: &'a mut Option<Entity>, guards: &'a mut Vec<Level>) -> Self {
        let enter = |stack: &RefCell<Stack>| {
            let levels = &mut stack.borrow_mut().levels;
            let base = levels.len();
            levels.push(Level::new(entity.take(), Owner::Scope));
            levels.append(guards);
            base
        };
        let base = STACK.try_with(enter).unwrap_or(usize::MAX);
        Self { entity, guards, base }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        let leave = |stack: &RefCell<Stack>| {
            let mut stack = stack.borrow_mut();
            if self.base < stack.levels.len() {
                self.guards.extend(stack.levels.drain(self.base + 1..));
                *self.entity = stack.levels.pop().and_then(|level| level.entity);
                stack.settle();
            }
        };
        // Only fails at the end of a thread, where nothing is current any more.
        let _ = STACK.try_with(leave);
    }
}
