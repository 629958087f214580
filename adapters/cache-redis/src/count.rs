//! The script that counts.

use frontdesk_core::port::cache::{CountUp, Counted};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, RedisError, Script, ServerErrorKind};
use std::time::Duration;

const CODE: &str = include_str!("count.lua");

/// Counts batches by one script, known to the server by its hash.
#[derive(Debug)]
pub(crate) struct CountScript {
    hash: String,
}

impl CountScript {
    pub(crate) fn new() -> Self {
        CountScript {
            hash: Script::new(CODE).get_hash().to_owned(),
        }
    }

    /// Counts a batch; `prefix` stands before each key.
    pub(crate) async fn run(
        &self,
        connection: &mut MultiplexedConnection,
        prefix: &str,
        batch: &[Vec<CountUp>],
    ) -> Result<Vec<Vec<Counted>>, RedisError> {
        let known = call("EVALSHA", &self.hash, prefix, batch);
        let numbers: Vec<u64> = match known.query_async(connection).await {
            Ok(numbers) => numbers,
            // A server that was started or flushed since: the whole script makes it known again.
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                call("EVAL", CODE, prefix, batch).query_async(connection).await?
            }
            Err(error) => return Err(error),
        };
        answers(batch, &numbers).ok_or_else(|| (ErrorKind::UnexpectedReturnType, "counts are missing").into())
    }
}

fn call(how: &str, script: &str, prefix: &str, batch: &[Vec<CountUp>]) -> Cmd {
    let counters: usize = batch.iter().map(Vec::len).sum();
    let mut cmd = redis::cmd(how);
    cmd.arg(script).arg(counters);
    for up in batch.iter().flatten() {
        cmd.arg(format!("{prefix}{}", up.key));
    }
    for group in batch {
        cmd.arg(group.len());
        for up in group {
            cmd.arg(millis(up.window)).arg(up.limit);
        }
    }
    cmd
}

/// Whole milliseconds, one at least: a time of none would be an error to Redis.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis())
        .unwrap_or(u64::MAX)
        .clamp(1, LONGEST)
}

/// Redis adds a time to its clock's milliseconds, within 63 bits.
const LONGEST: u64 = u64::MAX / 4;

/// The script's numbers, two a counter, as answers of the groups.
fn answers(batch: &[Vec<CountUp>], numbers: &[u64]) -> Option<Vec<Vec<Counted>>> {
    let (pairs, rest) = numbers.as_chunks::<2>();
    let mut pairs = pairs.iter().map(|[count, left]| Counted {
        count: *count,
        resets_in: Duration::from_millis(*left),
    });
    let answers: Vec<Vec<Counted>> = batch
        .iter()
        .map(|group| pairs.by_ref().take(group.len()).collect())
        .collect();
    let fits = answers.iter().map(Vec::len).eq(batch.iter().map(Vec::len));
    (fits && rest.is_empty() && pairs.next().is_none()).then_some(answers)
}
