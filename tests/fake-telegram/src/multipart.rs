//! Multipart bodies, as far as bots send them.

use bytes::Bytes;

#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) file_name: Option<String>,
    pub(crate) mime: String,
    pub(crate) bytes: Bytes,
}

/// The parts of a multipart body; `None` where it is malformed.
pub(crate) fn parts(content_type: &str, body: &Bytes) -> Option<Vec<Part>> {
    let boundary = attribute(content_type, "boundary")?;
    let marker = format!("--{boundary}").into_bytes();
    let mut found = Vec::new();
    let mut at = find(body, &marker, 0)? + marker.len();
    loop {
        if body.get(at..at + 2)? == b"--" {
            return Some(found);
        }
        let head_start = at + 2;
        let head_end = find(body, b"\r\n\r\n", at)?;
        let content_start = head_end + 4;
        let mut closing = b"\r\n".to_vec();
        closing.extend_from_slice(&marker);
        let content_end = find(body, &closing, content_start)?;
        // A part without headers would start after its blank line.
        let head = std::str::from_utf8(body.get(head_start..head_end.max(head_start))?).ok()?;
        found.push(part(head, body.slice(content_start..content_end))?);
        at = content_end + closing.len();
    }
}

fn part(head: &str, bytes: Bytes) -> Option<Part> {
    let mut name = None;
    let mut file_name = None;
    let mut mime = "application/octet-stream".to_owned();
    for line in head.split("\r\n") {
        let (header, value) = line.split_once(':')?;
        if header.eq_ignore_ascii_case("content-disposition") {
            name = attribute(value, "name");
            file_name = attribute(value, "filename");
        } else if header.eq_ignore_ascii_case("content-type") {
            value.trim().clone_into(&mut mime);
        }
    }
    Some(Part {
        name: name?,
        file_name,
        mime,
        bytes,
    })
}

fn attribute(header: &str, wanted: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|piece| {
        let (name, value) = piece.trim().split_once('=')?;
        name.eq_ignore_ascii_case(wanted)
            .then(|| value.trim_matches('"').to_owned())
    })
}

fn find(body: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let window = body.get(from..)?;
    window
        .windows(wanted.len())
        .position(|slice| slice == wanted)
        .map(|at| at + from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_and_a_file() {
        let body = Bytes::from_static(
            b"--x\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n7\r\n--x\r\nContent-Disposition: form-data; \
              name=\"document\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhi\r\nyou\r\n--x--\r\n",
        );
        let read = parts("multipart/form-data; boundary=x", &body).unwrap();
        assert_eq!(read[0].bytes, "7");
        assert_eq!(read[1].file_name.as_deref(), Some("a.txt"));
        assert_eq!(read[1].bytes, "hi\r\nyou");
    }
}
