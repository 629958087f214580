//! A way to lose a server without killing it.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What stands between the cache and its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Everything passes.
    Open,
    /// Connections are taken and nothing ever comes back, on those that were there neither.
    Hung,
    /// The server is gone: its connections are cut, new ones are closed at once.
    Gone,
}

/// A server behind a way that can be closed.
pub struct Proxy {
    pub url: String,
    way: watch::Sender<Way>,
}

impl Proxy {
    pub async fn before(server: &str) -> Proxy {
        let target = server.split_once("://").unwrap().1;
        let target = target.split('/').next().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let (way, watched) = watch::channel(Way::Open);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, target.clone(), watched.clone()));
            }
        });
        Proxy { url, way }
    }

    pub fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

async fn pass(mut client: TcpStream, target: String, mut way: watch::Receiver<Way>) {
    if *way.borrow_and_update() == Way::Open {
        let Ok(mut server) = TcpStream::connect(target).await else {
            return;
        };
        tokio::select! {
            _ = copy_bidirectional(&mut client, &mut server) => return,
            changed = way.wait_for(|way| *way != Way::Open) => if changed.is_err() { return },
        }
    }
    // Silent until it is decided otherwise. A connection that hung is never heard of again.
    if way.wait_for(|way| *way == Way::Gone).await.is_err() {
        std::future::pending::<()>().await;
    }
}
