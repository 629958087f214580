//! What a file is, by its content: neither its name nor what its sender calls it is believed, except
//! that a name which makes a computer run a text makes the text a program.

/// So much of the start is looked at; names inside office documents stand within it.
const HEAD: usize = 8 << 10;

/// Content of no kind known here.
const UNKNOWN: &str = "application/octet-stream";

/// A text that a computer runs when its name is clicked.
const SCRIPT: &str = "text/x-script";

/// Endings of names that make a text, an archive or anything else run.
const RUN_BY_NAME: &[&str] = &[
    "apk", "app", "appimage", "bat", "cmd", "com", "cpl", "exe", "gadget", "hta", "inf", "jar", "js", "jse",
    "lnk", "msc", "msi", "msp", "pif", "ps1", "py", "reg", "scf", "scr", "sh", "url", "vb", "vbe", "vbs",
    "ws", "wsf", "wsh",
];

/// A type by the bytes at a place.
type Magic = (usize, &'static [u8], &'static str);

/// Programs come first: nothing that runs passes for anything else.
const MAGICS: &[Magic] = &[
    (0, b"MZ", "application/x-msdownload"),
    (0, b"\x7fELF", "application/x-elf"),
    (0, b"\xfe\xed\xfa\xce", "application/x-mach-binary"),
    (0, b"\xfe\xed\xfa\xcf", "application/x-mach-binary"),
    (0, b"\xce\xfa\xed\xfe", "application/x-mach-binary"),
    (0, b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (0, b"\xca\xfe\xba\xbe", "application/java-vm"),
    (0, b"\0asm", "application/wasm"),
    (0, b"dex\n", "application/x-dex"),
    (0, b"L\0\0\0\x01\x14\x02\0", "application/x-ms-shortcut"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"#!", "text/x-shellscript"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"8BPS", "image/vnd.adobe.photoshop"),
    (0, b"AC10", "image/vnd.dwg"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypheix", "image/heic"),
    (4, b"ftypmif1", "image/heic"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypM4B", "audio/mp4"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1a\x45\xdf\xa3", "video/webm"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (0, b"fLaC", "audio/flac"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (
        0,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "application/x-ole-storage",
    ),
    (0, b"{\\rtf", "application/rtf"),
];

/// What kind of ZIP file it is by a name inside.
const INSIDE_ZIP: &[(&[u8], &str)] = &[
    (b"AndroidManifest.xml", "application/vnd.android.package-archive"),
    (b"META-INF/MANIFEST.MF", "application/java-archive"),
    (
        b"mimetypeapplication/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.text",
    ),
    (
        b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.spreadsheet",
    ),
    (
        b"mimetypeapplication/vnd.oasis.opendocument.presentation",
        "application/vnd.oasis.opendocument.presentation",
    ),
    (
        b"word/",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    (
        b"xl/",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    (
        b"ppt/",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
];

/// Looks at a file as it comes.
#[derive(Debug)]
pub(super) struct Sniffer {
    head: Vec<u8>,
    /// No byte so far is one that no text has.
    readable: bool,
}

impl Sniffer {
    pub(super) fn new() -> Self {
        Sniffer {
            head: Vec::new(),
            readable: true,
        }
    }

    /// More of the file.
    pub(super) fn see(&mut self, bytes: &[u8]) {
        let room = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);
        // Whatever the encoding, a text has no such bytes; UTF-16 has a mark at its start.
        self.readable = self.readable
            && bytes
                .iter()
                .all(|b| *b >= b' ' || b"\t\n\x0c\r\x1a\x1b".contains(b));
    }

    /// The type of the whole file, which is called so.
    pub(super) fn kind(&self, file_name: Option<&str>) -> &'static str {
        let kind = self.by_content();
        let runs = file_name
            .and_then(|name| name.rsplit_once('.'))
            .map(|(_, ending)| ending.trim().to_lowercase())
            .is_some_and(|ending| RUN_BY_NAME.contains(&ending.as_str()));
        if runs { SCRIPT } else { kind }
    }

    fn by_content(&self) -> &'static str {
        let head = self.head.as_slice();
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            let inside = INSIDE_ZIP.iter().find(|(name, _)| contains(head, name));
            return inside.map_or("application/zip", |(_, kind)| kind);
        }
        let magic = MAGICS
            .iter()
            .find(|(at, bytes, _)| head.get(*at..).is_some_and(|from| from.starts_with(bytes)));
        if let Some((_, _, kind)) = magic {
            return kind;
        }
        let start = head
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(head)
            .trim_ascii_start();
        if start.starts_with(b"%PDF-") {
            return "application/pdf";
        }
        let utf16 = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
        if utf16 && head.len().is_multiple_of(2) {
            return "text/plain";
        }
        if !self.readable || head.is_empty() {
            return UNKNOWN;
        }
        let lower = start[..start.len().min(1 << 10)].to_ascii_lowercase();
        if contains(&lower, b"<svg") {
            "image/svg+xml"
        } else if [&b"<!doctype html"[..], b"<html", b"<script"]
            .iter()
            .any(|tag| contains(&lower, tag))
        {
            "text/html"
        } else if lower.starts_with(b"<?xml") {
            "text/xml"
        } else {
            "text/plain"
        }
    }
}

fn contains(within: &[u8], wanted: &[u8]) -> bool {
    within.windows(wanted.len()).any(|part| part == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kind(bytes: &[u8], name: &str) -> &'static str {
        let mut sniffer = Sniffer::new();
        // In pieces as they come.
        for piece in bytes.chunks(7) {
            sniffer.see(piece);
        }
        sniffer.kind(Some(name))
    }

    #[test]
    fn content_counts_and_not_the_name() {
        for (bytes, name, expected) in [
            (&b"%PDF-1.7\n..."[..], "brief.pdf", "application/pdf"),
            (b"\xef\xbb\xbf\n%PDF-1.4", "brief.pdf", "application/pdf"),
            (b"MZ\x90\0\x03", "brief.pdf", "application/x-msdownload"),
            (b"\x7fELF\x02\x01", "photo.jpg", "application/x-elf"),
            (b"#!/bin/sh\nrm -rf ~\n", "notes.txt", "text/x-shellscript"),
            (b"#!AMR\n\x3c", "a.amr", "audio/amr"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "", "image/jpeg"),
            (b"\x89PNG\r\n\x1a\n\0", "x", "image/png"),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "x", "image/webp"),
            (b"RIFF\x24\0\0\0WAVEfmt ", "x", "audio/wav"),
            (b"OggS\0\x02", "", "audio/ogg"),
            (b"\0\0\0\x18ftypmp42", "v", "video/mp4"),
            (b"\0\0\0\x18ftypheic", "v", "image/heic"),
            (b"\0\0\0\x18ftypM4A ", "v", "audio/mp4"),
            (
                b"PK\x03\x04\x14\0word/document.xml",
                "a.docx",
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            ),
            (b"PK\x03\x04\x14\0plain.txt", "a.zip", "application/zip"),
            (
                b"PK\x03\x04\x14\0META-INF/MANIFEST.MF",
                "a.zip",
                "application/java-archive",
            ),
            (
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0",
                "a.doc",
                "application/x-ole-storage",
            ),
            (b"hello, world\r\n", "a.txt", "text/plain"),
            ("Привет, мир".as_bytes(), "a.txt", "text/plain"),
            (b"\xcf\xf0\xe8\xe2\xe5\xf2", "a.txt", "text/plain"),
            (b"\xff\xfea\0b\0", "a.csv", "text/plain"),
            (b"<!DOCTYPE html><script>", "a.txt", "text/html"),
            (b"<?xml version='1.0'?><svg onload='x'>", "a.png", "image/svg+xml"),
            (b"echo off\r\n", "run.bat", "text/x-script"),
            (b"%PDF-1.7", "brief.pdf.EXE", "text/x-script"),
            (b"\0\x01\x02\x03", "a.txt", "application/octet-stream"),
            (b"", "a.txt", "application/octet-stream"),
        ] {
            assert_eq!(
                kind(bytes, name),
                expected,
                "{name}: {:?}",
                String::from_utf8_lossy(bytes)
            );
        }
    }

    #[test]
    fn a_byte_no_text_has_is_seen_beyond_the_head() {
        let mut sniffer = Sniffer::new();
        sniffer.see(&vec![b'a'; HEAD * 2]);
        assert_eq!(sniffer.kind(None), "text/plain");
        sniffer.see(b"\0");
        assert_eq!(sniffer.kind(None), UNKNOWN);
    }

    proptest! {
        #[test]
        fn a_program_is_one_under_any_name(rest in any::<Vec<u8>>(), name in any::<String>()) {
            for start in [&b"MZ"[..], b"\x7fELF", b"\xca\xfe\xba\xbe"] {
                let found = kind(&[start, &rest].concat(), &name);
                prop_assert!(["application/x-msdownload", "application/x-elf", "application/java-vm", SCRIPT].contains(&found));
            }
        }
    }
}
