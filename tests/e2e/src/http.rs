//! HTTP requests byte by byte: what no well-behaved client sends, too.

use std::collections::BTreeMap;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::{PATIENCE, SECRET};

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Header fields, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

/// Posts a body to the webhook, as Telegram does, with the right secret.
pub async fn post_update(address: &str, body: &[u8]) -> Answer {
    post(address, "/webhook/telegram", Some(SECRET), body).await
}

/// Posts a body, with this secret.
pub async fn post(address: &str, path: &str, secret: Option<&str>, body: &[u8]) -> Answer {
    let secret = secret.map_or_else(String::new, |secret| {
        format!("X-Telegram-Bot-Api-Secret-Token: {secret}\r\n")
    });
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\n{secret}Content-Length: {}\r\n\r\n",
        body.len()
    );
    send(address, &[head.as_bytes(), body].concat()).await
}

/// A request without a body.
pub async fn request(address: &str, method: &str, path: &str) -> Answer {
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    send(address, head.as_bytes()).await
}

/// Sends bytes and reads the answer.
pub async fn send(address: &str, request: &[u8]) -> Answer {
    let Ok(answer) = tokio::time::timeout(PATIENCE, exchange(address, request)).await else {
        panic!("{address} did not answer within {PATIENCE:?}");
    };
    answer
}

async fn exchange(address: &str, request: &[u8]) -> Answer {
    let stream = TcpStream::connect(address)
        .await
        .expect("connecting to frontdesk");
    let (mut read, mut write) = stream.into_split();
    let request = request.to_vec();
    // A server that has heard enough answers and closes while this still writes.
    let writing = tokio::spawn(async move {
        let written = write.write_all(&request).await;
        (written, write)
    });
    let mut bytes = Vec::new();
    let ended = read.read_to_end(&mut bytes).await;
    writing.abort();
    answer(&bytes).unwrap_or_else(|| {
        panic!(
            "no HTTP answer ({ended:?}): {:?}",
            String::from_utf8_lossy(&bytes)
        )
    })
}

fn answer(bytes: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Some(Answer {
        status,
        headers,
        body: body.to_owned(),
    })
}
