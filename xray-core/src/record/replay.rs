//! From the journal to the record.

use std::mem;

use super::{
    Data,
    journal::{Journal, NO_TEXT, Note, NotedValue},
    slots::{AnnotationText, OPEN, Text},
};

impl Data {
    /// Writes up what has happened since the last time, and empties the journal.
    pub(super) fn replay(&mut self, journal: &mut Journal) {
        if journal.is_empty() {
            return;
        }
        let mut texts = Texts { at: self.text.len() as u32 };
        // Mostly it is the first time, and the texts can stay where they are.
        if self.text.is_empty() {
            mem::swap(&mut self.text, &mut journal.texts);
        } else {
            self.text.push_str(&journal.texts);
        }
        for note in &journal.notes {
            self.write_up(*note, &mut texts);
        }
        journal.clear();
    }

    fn write_up(&mut self, note: Note, texts: &mut Texts) {
        match note {
            Note::Begin { id, start, parent, name } => {
                let name = texts.next(name).unwrap_or_default();
                self.push_entity(id, parent, name, start);
            }
            Note::End { at, entity } => {
                if let Some(entity) = self.entities.get_mut(entity as usize) {
                    entity.end = at.clamp(entity.start, OPEN - 1);
                }
            }
            Note::Annotation { value, entity, key } => {
                let key = texts.next(key).unwrap_or_default();
                let value = match value {
                    NotedValue::Text(text) => {
                        AnnotationText::String(texts.next(text).unwrap_or_default())
                    }
                    NotedValue::Integer(value) => AnnotationText::Integer(value),
                    NotedValue::Unsigned(value) => AnnotationText::Unsigned(value),
                    NotedValue::Float(value) => AnnotationText::Float(value),
                    NotedValue::Bool(value) => AnnotationText::Bool(value),
                };
                if self.takes(entity) {
                    self.annotate(entity, key, value);
                }
            }
            Note::Http { entity, method, url, user_agent, client_ip, x_forwarded_for, traced } => {
                let [method, url, user_agent, client_ip] =
                    [method, url, user_agent, client_ip].map(|text| texts.next(text));
                if self.takes(entity) {
                    let http = self.http(entity);
                    http.method = method.or(http.method);
                    http.url = url.or(http.url);
                    http.user_agent = user_agent.or(http.user_agent);
                    http.client_ip = client_ip.or(http.client_ip);
                    http.x_forwarded_for |= x_forwarded_for;
                    http.traced |= traced;
                }
            }
            Note::Sql { entity, texts: lengths } => {
                let noted = lengths.map(|text| texts.next(text));
                if self.takes(entity) {
                    for (field, text) in self.sql(entity).fields().into_iter().zip(noted) {
                        *field = text.or(*field);
                    }
                }
            }
            Note::Outcome { entity, clear, set, status } => {
                if self.takes(entity) {
                    let flags = &mut self.entities[entity as usize].flags;
                    *flags = (*flags & !clear) | set;
                    if status.is_some() {
                        self.http(entity).status = status;
                    }
                }
            }
            Note::Namespace { entity, namespace } => {
                if self.takes(entity) {
                    self.entities[entity as usize].namespace = Some(namespace);
                }
            }
            Note::ContentLength { bytes, entity } => {
                if self.takes(entity) {
                    self.http(entity).content_length = Some(bytes);
                }
            }
        }
    }

    /// Whether the entity has not ended. Told of later, since a lock is held here and the program's
    /// logger may record.
    fn takes(&mut self, entity: u32) -> bool {
        let open = self.entities.get(entity as usize).is_some_and(|entity| entity.is_open());
        self.late += u32::from(!open);
        open
    }
}

/// Where the texts of the next note begin.
struct Texts {
    at: u32,
}

impl Texts {
    fn next(&mut self, len: u16) -> Option<Text> {
        if len == NO_TEXT {
            return None;
        }
        let text = Text { start: self.at, len: len.into() };
        self.at += u32::from(len);
        Some(text)
    }
}
