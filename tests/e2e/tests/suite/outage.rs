//! The database goes away and comes back.

use std::time::Duration;

use frontdesk_e2e::{Backend, Desk, Mode, PATIENCE, http};

use crate::conversation::{Client, assert_says};
use crate::within_seconds;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_goes_away_and_comes_back() {
    within_seconds(60, async {
        let Some(mut desk) = Desk::new(Backend::Postgres, Mode::Webhook).await else {
            return;
        };
        let mut running = desk.start().await;
        let address = running.address.clone();
        Client::new(&desk, 41).says("/start").await;

        desk.database.close().await;
        let update =
            r#"{"update_id": 77, "message": {"text": "/help", "chat": {"id": 41, "type": "private"}}}"#;
        let refused = http::post_update(&address, update.as_bytes()).await;
        assert_eq!(refused.status, 503, "{refused:?}");
        let again_in = refused
            .headers
            .get("retry-after")
            .and_then(|after| after.parse::<u64>().ok());
        assert!(matches!(again_in, Some(1..=60)), "{refused:?}");
        let ready = ready_is(&address, 503).await;
        assert!(ready.body.contains("database"), "{ready:?}");
        assert_eq!(http::request(&address, "GET", "/health/live").await.status, 200);
        // Said while nobody could keep it: Telegram does, and brings it again.
        desk.telegram.user_text(41, "how much is a devops audit?");
        let refusals = desk
            .telegram
            .wait_until("a refused delivery", PATIENCE, |telegram| {
                telegram
                    .deliveries()
                    .iter()
                    .any(|delivery| delivery.status == Some(503))
                    .then_some(())
            })
            .await;
        assert!(refusals.is_ok(), "{refusals:?}");
        assert!(running.program.is_alive());

        desk.database.reopen().await;
        let mut ann = Client::new(&desk, 41);
        ann.hears("Welcome").await;
        assert_says(&ann.next("the audit").await, "EUR 2,500");
        ann.has_read_all();
        ready_is(&address, 200).await;
        running.stop().await.fine();
    })
    .await;
}

/// Asks until readiness is this: what it tells may be a moment old.
async fn ready_is(address: &str, status: u16) -> http::Answer {
    let asking = async {
        loop {
            let answer = http::request(address, "GET", "/health/ready").await;
            if answer.status == status {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let Ok(answer) = tokio::time::timeout(PATIENCE, asking).await else {
        panic!("readiness did not become {status}");
    };
    answer
}
