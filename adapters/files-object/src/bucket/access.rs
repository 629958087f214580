//! What opens a bucket.

use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{ClientOptions, RetryConfig};

use super::requests::Connector;
use crate::storage::Access;

/// A request is made anew so often, and so long, before its caller is told: whoever waits for files
/// tries again later by itself.
const RETRIES: usize = 3;
const RETRYING: Duration = Duration::from_secs(20);

/// The client of a bucket, or what is wrong with what is said about it. Nobody is asked.
pub(crate) fn client(bucket: &str, access: &Access) -> Result<AmazonS3, String> {
    let given = |wanted: &str| {
        let mut variables = access.variables();
        variables
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value)
    };
    let key = (given("AWS_ACCESS_KEY_ID"), given("AWS_SECRET_ACCESS_KEY"));
    if key.0.is_some() != key.1.is_some() {
        return Err(
            "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY one is missing: expected both, or neither where the machine has a role"
                .to_owned(),
        );
    }
    let mut allow_http = given("AWS_ALLOW_HTTP") == Some("true");
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT"] {
        let Some(url) = given(name) else { continue };
        match is_web_root(url) {
            Some(true) => {}
            Some(false) if allow_http || is_here(url) => allow_http = true,
            // The value may hold a password: it is not repeated.
            _ => {
                return Err(format!(
                    "{name} will not do: expected https://HOST, or http://HOST on this machine or with AWS_ALLOW_HTTP=true"
                ));
            }
        }
    }
    let mut builder = AmazonS3Builder::new();
    for (name, value) in access.variables() {
        if let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    builder
        .with_client_options(ClientOptions::new().with_allow_http(allow_http))
        .with_bucket_name(bucket)
        .with_http_connector(Connector)
        .with_retry(RetryConfig {
            max_retries: RETRIES,
            retry_timeout: RETRYING,
            ..RetryConfig::default()
        })
        .build()
        .map_err(|_| "the AWS_* variables will not do: expected those that S3 tools read".to_owned())
}

/// Whether a text is `https://HOST[:PORT]` (true) or `http://…` (false), without a user.
fn is_web_root(url: &str) -> Option<bool> {
    let (scheme, rest) = url.split_once("://")?;
    let fine = !rest.is_empty() && !rest.starts_with('/') && !rest.contains(['@', '?', '#', ' ']);
    match scheme {
        "https" if fine => Some(true),
        "http" if fine => Some(false),
        _ => None,
    }
}

fn is_here(url: &str) -> bool {
    let host = url.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost" || name == "[::1]" || name.starts_with("127.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<AmazonS3, String> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        client("bucket", &Access::new(variables))
    }

    const KEY: [(&str, &str); 2] = [
        ("AWS_ACCESS_KEY_ID", "AKIAVISIBLE"),
        ("AWS_SECRET_ACCESS_KEY", "very-secret"),
    ];

    #[test]
    fn what_opens_a_bucket() {
        for (variables, problem) in [
            (&[][..], None),
            (&KEY[..1], Some("AWS_SECRET_ACCESS_KEY")),
            (&KEY[..], None),
            (&[("AWS_ENDPOINT_URL", "https://s3.example.com")], None),
            (&[("AWS_ENDPOINT_URL", "http://127.0.0.1:5000")], None),
            (
                &[("AWS_ENDPOINT_URL", "http://minio:9000")],
                Some("AWS_ENDPOINT_URL"),
            ),
            (
                &[
                    ("AWS_ENDPOINT_URL", "http://minio:9000"),
                    ("AWS_ALLOW_HTTP", "true"),
                ],
                None,
            ),
            (
                &[("AWS_ENDPOINT_URL", "https://me:very-secret@host")],
                Some("AWS_ENDPOINT_URL"),
            ),
            (&[("AWS_ENDPOINT_URL", "minio:9000")], Some("AWS_ENDPOINT_URL")),
        ] {
            match (with(variables), problem) {
                (Ok(_), None) => {}
                (Err(told), Some(problem)) => {
                    assert!(told.contains(problem) && !told.contains("very-secret"), "{told}");
                }
                (other, _) => panic!("{variables:?}: {:?}", other.map(drop)),
            }
        }
    }
}
