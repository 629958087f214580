//! Server-sent events: bytes in, the data of each event out. Pure, whatever the bytes.

/// Takes a stream apart, however its bytes were cut on the way.
///
/// Only `data` counts; other fields and comments are dropped. Lines end with LF, CR or both.
#[derive(Debug, Default)]
pub(crate) struct Events {
    line: Vec<u8>,
    data: Option<Vec<u8>>,
    after_cr: bool,
    begun: bool,
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

impl Events {
    /// The data of the events that these bytes complete, in order.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut events = Vec::new();
        for &byte in bytes {
            let second_half = self.after_cr && byte == b'\n';
            self.after_cr = byte == b'\r';
            match byte {
                _ if second_half => {}
                b'\r' | b'\n' => events.extend(self.end_line()),
                _ => self.line.push(byte),
            }
        }
        events
    }

    /// The data of an event that the end of the stream left without its blank line.
    pub(crate) fn finish(&mut self) -> Option<Vec<u8>> {
        let completed = self.end_line();
        completed.or_else(|| self.data.take())
    }

    /// Takes a line; a blank one ends an event.
    fn end_line(&mut self) -> Option<Vec<u8>> {
        let line = std::mem::take(&mut self.line);
        let mut line = line.as_slice();
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        if line.is_empty() {
            return self.data.take();
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, &[][..]),
        };
        if field == b"data" {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.data = Some(value.to_vec()),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all<'b>(parts: impl IntoIterator<Item = &'b [u8]>) -> Vec<String> {
        let mut reader = Events::default();
        let mut events: Vec<Vec<u8>> = parts.into_iter().flat_map(|part| reader.push(part)).collect();
        events.extend(reader.finish());
        events
            .iter()
            .map(|event| String::from_utf8_lossy(event).into_owned())
            .collect()
    }

    #[test]
    fn data_comes_out_event_by_event() {
        let stream = "\u{feff}: hello\n\ndata: one\r\n\r\nevent: x\rdata:two\rdata: lines\r\rid: 7\n\ndata\n\ndata:  [DONE]";
        assert_eq!(all([stream.as_bytes()]), ["one", "two\nlines", "", " [DONE]"]);
    }

    #[test]
    fn what_is_no_event_is_nothing() {
        assert_eq!(all([&b""[..]]), Vec::<String>::new());
        assert_eq!(all([&b"\n\n\r\n<html>502</html>\n\n"[..]]), Vec::<String>::new());
    }

    /// Bytes with many line ends and `data:` among them.
    fn streams() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![
            Just(b"data: ".to_vec()),
            Just(b"data:".to_vec()),
            Just(b"\n".to_vec()),
            Just(b"\r\n".to_vec()),
            Just(b"\r".to_vec()),
            Just(b": ping".to_vec()),
            Just("{\"я\":1}".as_bytes().to_vec()),
            prop::collection::vec(any::<u8>(), 0..6),
        ];
        prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn the_cuts_on_the_way_make_no_difference(stream in streams(), cuts in prop::collection::vec(0_usize..200, 0..12)) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let parts = cuts.windows(2).map(|pair| &stream[pair[0]..pair[1]]);
            prop_assert_eq!(all(parts), all([stream.as_slice()]));
        }

        #[test]
        fn any_bytes_will_do(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            all([bytes.as_slice()]);
        }
    }
}
