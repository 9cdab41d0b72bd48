use crate::TraceId;

/// Documents of one system call. More of them save little, and make longer bursts.
const GROUP: usize = 16;

/// Bytes of one system call: those of the longest datagram over IPv4.
const GROUP_BYTES: usize = 65_507;

/// Documents are sent once there are so many bytes of them.
const WINDOW: usize = 128 * 1024;

/// Documents that wait to be sent together, each a datagram with its header line.
///
/// All datagrams of one system call but the last have the same length, so what is shorter is filled
/// up with spaces at the end of the header line, which every reader of JSON skips.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    documents: Vec<Document>,
    /// The first that has not been grouped.
    first: usize,
    picked: Vec<usize>,
    passed: Vec<TraceId>,
    padded: Vec<u8>,
}

#[derive(Debug)]
struct Document {
    trace: Option<TraceId>,
    start: usize,
    end: usize,
    grouped: bool,
}

impl Document {
    fn len(&self) -> usize {
        self.end - self.start
    }
}

/// Documents that leave together.
#[derive(Debug)]
pub(super) struct Group<'a> {
    batch: &'a Batch,
    /// The length of each datagram but the last in `padded`; it holds nothing for one document alone.
    pub(super) segment: usize,
    pub(super) padded: &'a [u8],
}

impl Batch {
    pub(super) fn push(&mut self, trace: Option<TraceId>, datagram: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(datagram);
        self.documents.push(Document { trace, start, end: self.bytes.len(), grouped: false });
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= WINDOW
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.documents.clear();
        self.first = 0;
    }

    /// The next documents to leave together, whose datagrams are at most `limit` bytes long; `None`
    /// after the last. `header` is how many bytes of each stand before the newline.
    ///
    /// Documents of similar length are picked, so that none grows by more than a third. Those of one
    /// trace leave in the order in which they came.
    pub(super) fn next(&mut self, header: usize, limit: usize) -> Option<Group<'_>> {
        self.pick(limit)?;
        let longest = self.picked.iter().map(|&index| self.documents[index].len()).max()?;
        self.padded.clear();
        if self.picked.len() > 1 {
            let last = self.picked.len() - 1;
            for (place, &index) in self.picked.iter().enumerate() {
                let document = &self.documents[index];
                let missing = if place == last { 0 } else { longest - document.len() };
                let (head, rest) = self.bytes[document.start..document.end].split_at(header);
                self.padded.extend_from_slice(head);
                self.padded.resize(self.padded.len() + missing, b' ');
                self.padded.extend_from_slice(rest);
            }
        }
        Some(Group { batch: self, segment: longest, padded: &self.padded })
    }

    fn pick(&mut self, limit: usize) -> Option<()> {
        self.picked.clear();
        self.passed.clear();
        while self.documents.get(self.first)?.grouped {
            self.first += 1;
        }
        let (mut shortest, mut longest) = (usize::MAX, 0);
        for index in self.first..self.documents.len() {
            let document = &self.documents[index];
            if document.grouped {
                continue;
            }
            let (short, long) = (shortest.min(document.len()), longest.max(document.len()));
            let fits = self.picked.is_empty()
                || (long <= limit
                    && long - short <= long / 4
                    && (self.picked.len() + 1) * long <= GROUP_BYTES
                    && document.trace.is_none_or(|trace| !self.passed.contains(&trace)));
            if fits {
                (shortest, longest) = (short, long);
                self.picked.push(index);
                self.documents[index].grouped = true;
                if self.picked.len() == GROUP || long > limit {
                    break;
                }
            } else if let Some(trace) = document.trace {
                self.passed.push(trace);
            }
        }
        Some(())
    }
}

impl Group<'_> {
    pub(super) fn documents(&self) -> usize {
        self.batch.picked.len()
    }

    /// Bytes of its datagrams.
    pub(super) fn bytes(&self) -> usize {
        if self.padded.is_empty() { self.segment } else { self.padded.len() }
    }

    /// Its documents as they came.
    pub(super) fn plain(&self) -> impl Iterator<Item = &[u8]> {
        let document = |&index: &usize| &self.batch.documents[index];
        let bytes = |document: &Document| &self.batch.bytes[document.start..document.end];
        self.batch.picked.iter().map(document).map(bytes)
    }
}
