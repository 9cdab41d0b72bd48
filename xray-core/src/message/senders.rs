use super::Message;
use crate::{
    Entity,
    document::{Link, MAX_LINKS},
    header::Sampled,
};

/// Those who sent several messages: a link to each, once, and to no more than [`MAX_LINKS`].
///
/// A sender whose trace is not recorded has none, since such a link leads nowhere.
///
/// ```
/// use xray_core::{Entity, message::Senders};
///
/// let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
/// let senders = Senders::of([header, "nonsense", header]);
/// assert!(senders.is_sampled());
/// senders.link(&Entity::current());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Senders {
    links: Vec<Link>,
    sampled: bool,
}

impl Senders {
    /// Of these messages.
    pub fn of(messages: impl IntoIterator<Item: Message>) -> Self {
        let mut senders = Self::default();
        for message in messages {
            let header = message.trace_header();
            senders.sampled |= header.sampled == Some(Sampled::Yes);
            if let (Some(trace_id), Some(id)) = (header.root, header.parent)
                && header.sampled != Some(Sampled::No)
            {
                let link = Link { trace_id, id };
                if senders.links.len() < MAX_LINKS && !senders.links.contains(&link) {
                    senders.links.push(link);
                }
            }
        }
        senders
    }

    /// Whether the trace of one of them is recorded.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.sampled
    }

    /// Links the entity to them.
    pub fn link(&self, entity: &Entity) {
        entity.when_sampled(|entity| self.links.iter().for_each(|link| entity.link(*link)));
    }
}
