//! Server-sent events out of the bytes of a stream, however they are cut.
//!
//! Own code: `EventSource` cannot carry a bearer, and what the backend sends needs no more of the format than this.

/// What a piece of a stream said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// Its kind; empty for the usual one.
    pub name: String,
    /// Names the state after it.
    pub id: Option<String>,
    /// What it carries.
    pub data: String,
}

/// Reads a stream.
#[derive(Debug, Default)]
pub struct Reader {
    rest: Vec<u8>,
    event: Event,
}

impl Reader {
    /// The events that are whole after these bytes. A comment is none, and yet a sign of life.
    pub fn take_in(&mut self, bytes: &[u8]) -> Vec<Event> {
        self.rest.extend_from_slice(bytes);
        let mut whole = vec![];
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            whole.extend(self.line(line.trim_end_matches(['\r', '\n'])));
        }
        whole
    }

    fn line(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return (!event.data.is_empty()).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "id" => self.event.id = Some(value.to_owned()),
            "data" => {
                if !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = ": as known\n\nid: d1:4\ndata: {\"a\":\"Взять\"}\n\n: \n\nevent: renew\r\ndata: {}\r\n\r\ndata: one\ndata: two\n\n";

    fn expected() -> Vec<Event> {
        let event = |name: &str, id: Option<&str>, data: &str| Event {
            name: name.to_owned(),
            id: id.map(str::to_owned),
            data: data.to_owned(),
        };
        vec![
            event("", Some("d1:4"), "{\"a\":\"Взять\"}"),
            event("renew", None, "{}"),
            event("", None, "one\ntwo"),
        ]
    }

    #[test]
    fn a_stream_reads_the_same_however_it_is_cut() {
        for size in [1, 2, 3, 7, STREAM.len()] {
            let mut reader = Reader::default();
            let read: Vec<Event> = STREAM
                .as_bytes()
                .chunks(size)
                .flat_map(|bytes| reader.take_in(bytes))
                .collect();
            assert_eq!(read, expected(), "pieces of {size}");
        }
    }

    #[test]
    fn what_is_not_whole_waits() {
        let mut reader = Reader::default();
        assert_eq!(reader.take_in(b"data: {}\n"), []);
        assert_eq!(reader.take_in(b"\n").len(), 1);
        assert_eq!(reader.take_in(b"<html>\n\n"), [], "another server's page");
    }
}
