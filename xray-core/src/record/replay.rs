//! From the journal to the record.

use std::{mem, ops::Range};

use super::{
    Data,
    journal::{Journal, NO_TEXT, Note, NotedValue},
    slots::{OPEN, Text},
};
use crate::document::mended_key;

impl Data {
    /// Writes up what has happened since the last time, and empties the journal.
    pub(super) fn replay(&mut self, journal: &mut Journal) {
        if journal.is_empty() {
            return;
        }
        // Mostly it is the first time, and the texts can stay where they are. Later only those are
        // copied that are kept, so that a value that is set again and again takes no room.
        let mut texts = Texts { at: 0, elsewhere: None };
        let mut starts = journal.starts.iter().copied();
        if self.text.is_empty() {
            mem::swap(&mut self.text, &mut journal.texts);
        } else {
            texts.elsewhere = Some(&journal.texts);
        }
        for note in &journal.notes {
            self.write_up(*note, &mut texts, &mut starts);
        }
        journal.clear();
    }

    fn write_up(
        &mut self,
        note: Note,
        texts: &mut Texts<'_>,
        starts: &mut impl Iterator<Item = u64>,
    ) {
        match note {
            Note::Begin { id, parent, name } => {
                let name = texts.next(self, name).unwrap_or_default();
                let start = starts.next().unwrap_or_default();
                self.push_entity(id, parent, name, start);
            }
            Note::End { at, entity } => {
                if let Some(entity) = self.entities.get_mut(entity as usize) {
                    entity.end = at.clamp(entity.start, OPEN - 1);
                }
            }
            Note::Annotation { bits, entity, key, kind }
            | Note::Mended { bits, entity, key, kind } => {
                let value = NotedValue { kind, bits };
                let mend = matches!(note, Note::Mended { .. });
                let key = texts.range(key);
                let text = texts.range(value.text_len());
                if !self.takes(entity) {
                    return;
                }
                let value = value.kept(|| texts.keep(self, text));
                let noted = texts.bytes(self, &key);
                let mended = if mend { mended_key(noted) } else { None };
                let known = self.annotation(entity, mended.as_deref().map_or(noted, str::as_bytes));
                match known {
                    Some(item) => self.annotations[item as usize].value = value,
                    None => {
                        let key = match mended {
                            Some(key) => self.push_text(&key),
                            None => texts.keep(self, key),
                        };
                        self.push_annotation(entity, key, value);
                    }
                }
            }
            Note::Http { entity, method, url, user_agent, client_ip, x_forwarded_for, traced } => {
                let [method, url, user_agent, client_ip] =
                    [method, url, user_agent, client_ip].map(|text| texts.next(self, text));
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
            Note::Sql { entity, texts: lengths, rest } => {
                let noted = lengths.map(|text| texts.next(self, text));
                if self.takes(entity) {
                    let skipped = if rest { noted.len() } else { 0 };
                    let fields = self.sql(entity).fields().into_iter().skip(skipped);
                    for (field, text) in fields.zip(noted) {
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

/// The texts of the notes, one behind the other.
struct Texts<'a> {
    /// Where those of the next note begin.
    at: usize,
    /// `None` where the record has taken them over as they are.
    elsewhere: Option<&'a str>,
}

impl Texts<'_> {
    /// The next text, in the record.
    fn next(&mut self, record: &mut Data, len: u16) -> Option<Text> {
        (len != NO_TEXT).then(|| {
            let range = self.range(len);
            self.keep(record, range)
        })
    }

    fn range(&mut self, len: u16) -> Range<usize> {
        let start = self.at;
        self.at += usize::from(len);
        start..self.at
    }

    fn bytes<'t>(&'t self, record: &'t Data, range: &Range<usize>) -> &'t [u8] {
        let texts = self.elsewhere.unwrap_or(&record.text);
        texts.as_bytes().get(range.clone()).unwrap_or_default()
    }

    fn keep(&self, record: &mut Data, range: Range<usize>) -> Text {
        match self.elsewhere {
            Some(texts) => record.push_text(texts.get(range).unwrap_or_default()),
            None => Text { start: range.start as u32, len: range.len() as u32 },
        }
    }
}
