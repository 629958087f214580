//! A streamed answer, read from bytes: no network in here.

use frontdesk_core::port::ModelError;
use frontdesk_core::port::llm::{ModelAnswer, PartialAnswer, Usage};
use serde_json::Value;

use crate::assembly::{Assembly, Said};
use crate::sse::Events;

/// Reads a streamed answer as its bytes come, however they were cut on the way. Pure and total: whatever
/// the bytes, it gives the answer or says what was wrong with them.
///
/// ```
/// use frontdesk_core::port::llm::Unheard;
/// use frontdesk_longcat::StreamReader;
///
/// let mut reader = StreamReader::new();
/// let stream = b"data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
/// assert!(reader.push(stream, &Unheard).is_ok());
/// assert!(reader.is_done());
/// let answer = reader.finish("LongCat-2.0", &Unheard).unwrap();
/// assert_eq!(answer.text, "Hello");
/// ```
#[derive(Debug, Default)]
pub struct StreamReader {
    events: Events,
    assembly: Assembly,
    chunks: u64,
    done: bool,
}

/// What ends a stream before its end.
#[derive(Debug)]
pub enum Broken {
    /// A chunk is no JSON object.
    NoJson,
    /// A chunk holds an error, which is given as it came.
    Reported(Value),
}

impl StreamReader {
    /// Nothing has come yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes more bytes; tells `heard` what more of the text may be shown.
    ///
    /// # Errors
    /// [`Broken`]: the rest is not worth reading.
    pub fn push(&mut self, bytes: &[u8], heard: &dyn PartialAnswer) -> Result<(), Broken> {
        for event in self.events.push(bytes) {
            self.event(&event, heard)?;
        }
        Ok(())
    }

    /// No more bytes come: takes what they left unfinished.
    ///
    /// # Errors
    /// [`Broken`], as for [`StreamReader::push`].
    pub fn close(&mut self, heard: &dyn PartialAnswer) -> Result<(), Broken> {
        match self.events.finish() {
            Some(event) => self.event(&event, heard),
            None => Ok(()),
        }
    }

    /// Whether `[DONE]` has come: nothing that counts comes after it.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Whether anything of the answer has come: text, thought, a proposal, or its end.
    pub fn has_begun(&self) -> bool {
        self.assembly.begun()
    }

    /// How many chunks have come; comments are none.
    pub fn chunks(&self) -> u64 {
        self.chunks
    }

    /// What it cost, as far as it said.
    pub fn usage(&self) -> Option<Usage> {
        self.assembly.usage()
    }

    /// The answer of the model of this name.
    ///
    /// # Errors
    /// [`ModelError::Incomplete`] if `[DONE]` or a known `finish_reason` is missing, or if what came is
    /// no answer.
    pub fn finish(self, model: &str, heard: &dyn PartialAnswer) -> Result<ModelAnswer, ModelError> {
        let usage = self.usage();
        if !self.done {
            return Err(incomplete("the stream ended before it was done", usage));
        }
        let Said { last, text, calls } = self.assembly.finish().map_err(|why| incomplete(why, usage))?;
        if !last.is_empty() {
            heard.more(&last);
        }
        Ok(ModelAnswer {
            text,
            calls,
            model: model.to_owned(),
            usage,
        })
    }

    fn event(&mut self, event: &[u8], heard: &dyn PartialAnswer) -> Result<(), Broken> {
        let event = event.trim_ascii();
        if self.done || event.is_empty() {
            return Ok(());
        }
        self.chunks += 1;
        if event == b"[DONE]" {
            self.done = true;
            return Ok(());
        }
        let chunk: Value = serde_json::from_slice(event).map_err(|_| Broken::NoJson)?;
        if !chunk.is_object() {
            return Err(Broken::NoJson);
        }
        if chunk.get("error").is_some_and(|error| !error.is_null()) {
            return Err(Broken::Reported(chunk));
        }
        let piece = self.assembly.chunk(&chunk);
        if !piece.is_empty() {
            heard.more(piece);
        }
        Ok(())
    }
}

/// An answer that is none.
pub(crate) fn incomplete(why: &str, usage: Option<Usage>) -> ModelError {
    ModelError::Incomplete {
        why: why.to_owned(),
        usage,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default)]
    struct Kept(Mutex<Vec<String>>);

    impl PartialAnswer for Kept {
        fn more(&self, piece: &str) {
            assert!(!piece.is_empty());
            self.0.lock().unwrap().push(piece.to_owned());
        }

        fn restart(&self) {
            panic!("one attempt is made");
        }
    }

    /// What a stream comes to: the answer or the kind of the error, and what was heard.
    fn read<'b>(parts: impl IntoIterator<Item = &'b [u8]>) -> (Result<ModelAnswer, String>, String) {
        let kept = Kept::default();
        let mut reader = StreamReader::new();
        let mut pushed = Ok(());
        for part in parts {
            pushed = pushed.and_then(|()| reader.push(part, &kept));
        }
        let pushed = pushed.and_then(|()| reader.close(&kept));
        let answer = match pushed {
            Ok(()) => reader.finish("m", &kept).map_err(|error| error.to_string()),
            Err(broken) => Err(format!("{broken:?}")),
        };
        let heard = kept.0.lock().unwrap().concat();
        (answer, heard)
    }

    /// Streams of chunks that make sense, with what could be among them.
    fn streams() -> impl Strategy<Value = Vec<u8>> {
        let chunk = |delta: Value| {
            format!(
                "data: {}\n\n",
                json!({"choices": [{"delta": delta}], "usage": null})
            )
        };
        let call = |function: Value| json!({"tool_calls": [{"index": 0, "id": null, "function": function}]});
        let event = prop_oneof![
            4 => "[ -~а-я\n]{0,8}".prop_map(move |text| chunk(json!({"content": text}))),
            1 => Just(chunk(json!({"content": "<longcat_think>x"}))),
            1 => Just(chunk(json!({"content": "</longcat_think>"}))),
            1 => Just(chunk(json!({"reasoning_content": "hm"}))),
            1 => Just(chunk(call(json!({"name": "f", "arguments": ""})))),
            1 => Just(chunk(call(json!({"name": null, "arguments": "{}"})))),
            1 => Just(": ping\r\n\r\n".to_owned()),
            2 => Just(format!("data: {}\r\n\r\n", json!({"choices": [{"delta": {}, "finish_reason": "stop"}]}))),
            1 => Just(format!("data:{}\n\n", json!({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}}))),
            1 => Just("data: {\"choices\": [\n\n".to_owned()),
            1 => Just(format!("data: {}\n\n", json!({"error": {"code": 500}}))),
            2 => Just("data: [DONE]\n\n".to_owned()),
        ];
        prop::collection::vec(event, 0..12).prop_map(|events| events.concat().into_bytes())
    }

    proptest! {
        #[test]
        fn the_cuts_on_the_way_make_no_difference(stream in streams(), size in 1_usize..40) {
            let (whole, heard) = read([stream.as_slice()]);
            let (cut, heard_cut) = read(stream.chunks(size));
            prop_assert_eq!(&whole, &cut);
            prop_assert_eq!(&heard, &heard_cut);
            if let Ok(answer) = whole {
                prop_assert_eq!(&answer.text, &heard);
                prop_assert!(!answer.text.is_empty() || !answer.calls.is_empty());
                prop_assert!(!answer.text.contains("longcat_"));
            }
        }

        #[test]
        fn a_stream_cut_short_is_no_answer(text in "[a-z ]{1,40}", at in 0_usize..400) {
            let stream = format!(
                "data: {}\n\ndata: {}\n\ndata: [DONE]\n\n",
                json!({"choices": [{"delta": {"content": format!("x{text}x")}}]}),
                json!({"choices": [{"delta": {}, "finish_reason": "stop"}]}),
            );
            // Up to the last bracket: without the blank line behind it the end has still come.
            let end = stream.len() - 2;
            let at = at.min(end);
            let (answer, _) = read([&stream.as_bytes()[..at]]);
            prop_assert_eq!(answer.is_ok(), at == end);
        }

        #[test]
        fn any_bytes_will_do(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut stream = b"data: ".to_vec();
            stream.extend(&bytes);
            stream.extend(b"\n\n");
            prop_assert!(read([stream.as_slice()]).0.is_err());
        }
    }
}
