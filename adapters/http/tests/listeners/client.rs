//! A client that says exactly what it is told, byte by byte.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// No test waits longer for anything.
pub const PATIENCE: Duration = Duration::from_secs(10);

pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// A problem document about this status.
    pub fn assert_problem(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["status"], status);
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()));
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| detail.len() < 120)
        );
    }
}

impl Client {
    pub async fn connect(addr: SocketAddr) -> Self {
        let stream = timeout(PATIENCE, TcpStream::connect(addr))
            .await
            .unwrap()
            .unwrap();
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    pub async fn send(&mut self, text: impl AsRef<[u8]>) {
        timeout(PATIENCE, self.stream.write_all(text.as_ref()))
            .await
            .unwrap()
            .unwrap();
    }

    /// Sends until the other side takes no more.
    pub async fn send_while_possible(&mut self, text: impl AsRef<[u8]>) {
        if let Err(error) = timeout(PATIENCE, self.stream.write_all(text.as_ref()))
            .await
            .unwrap()
        {
            eprintln!("the server stopped reading: {error}");
        }
    }

    pub async fn shut_write_side(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    pub async fn answer(&mut self) -> Answer {
        self.answer_with_body(true).await
    }

    pub async fn answer_to_head(&mut self) -> Answer {
        self.answer_with_body(false).await
    }

    async fn answer_with_body(&mut self, has_body: bool) -> Answer {
        let head_end = loop {
            if let Some(at) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(
                self.fill().await > 0,
                "closed in the head: {:?}",
                String::from_utf8_lossy(&self.buffer)
            );
        };
        let head = String::from_utf8(self.buffer.drain(..head_end).collect()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut answer = Answer {
            status,
            head,
            body: String::new(),
        };
        if status >= 200 && status != 204 && has_body {
            let length: usize = answer.header("content-length").unwrap().parse().unwrap();
            while self.buffer.len() < length {
                assert!(self.fill().await > 0, "closed in the body of {answer:?}");
            }
            answer.body = String::from_utf8(self.buffer.drain(..length).collect()).unwrap();
        }
        answer
    }

    /// Waits until the server closes, and returns what it still sent.
    pub async fn rest(&mut self) -> String {
        while self.fill().await > 0 {}
        String::from_utf8(std::mem::take(&mut self.buffer)).unwrap()
    }

    /// Whether nothing at all comes for that long.
    pub async fn hears_nothing_for(&mut self, time: Duration) -> bool {
        timeout(time, self.stream.readable()).await.is_err()
    }

    /// Bytes read; none where the server closed or reset the connection.
    async fn fill(&mut self) -> usize {
        timeout(PATIENCE, self.stream.read_buf(&mut self.buffer))
            .await
            .unwrap()
            .unwrap_or(0)
    }
}

/// One request on a connection of its own.
pub async fn ask(addr: SocketAddr, request: &str) -> Answer {
    let mut client = Client::connect(addr).await;
    client.send(request).await;
    client.answer().await
}

/// A request as Telegram sends it.
pub fn update(secret: &str, body: &str) -> String {
    format!(
        "POST /webhook/telegram HTTP/1.1\r\nHost: desk\r\nContent-Type: application/json\r\n\
         X-Telegram-Bot-Api-Secret-Token: {secret}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A request without a body.
pub fn plain(method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: desk\r\n\r\n")
}
