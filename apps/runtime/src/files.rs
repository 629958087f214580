//! The file storage that the settings name: a folder, or a bucket.

use std::sync::Arc;

use frontdesk_core::port::{Clock, FileStorage, IdSource};
use frontdesk_files::ObjectFiles;

use crate::failure::Failure;
use crate::settings::Settings;

/// Opens it; call it on the runtime. A folder is made where there is none; a bucket that cannot be
/// reached keeps nobody from starting.
///
/// # Errors
/// A place that will not do, named with its setting.
pub(crate) async fn open(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
) -> Result<Arc<dyn FileStorage>, Failure> {
    let opened = ObjectFiles::open(&settings.files, &settings.files_access, clock, ids).await;
    match opened {
        Ok(files) => Ok(Arc::new(files)),
        Err(error) => Err(Failure::Usage(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{OsEntropy, SystemClock};
    use crate::settings::Sources;

    fn with(variables: &[(&str, &str)]) -> Result<Settings, String> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let sources = Sources {
            environment: variables.collect(),
            ..Sources::default()
        };
        Settings::read(&sources).map_err(|problems| problems.to_string())
    }

    #[tokio::test]
    async fn files_are_kept_in_the_data_folder_where_nothing_else_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let settings = with(&[("DATA_DIR", folder.path().to_str().unwrap())])
            .ok()
            .unwrap();
        let files = open(&settings, Arc::new(SystemClock), Arc::new(OsEntropy))
            .await
            .unwrap();
        files.put("client/x", vec![1]).await.unwrap();
        let now = SystemClock.now();
        let kept_at = files.head("client/x").await.unwrap().unwrap().kept_at;
        assert!(now.since(kept_at) < std::time::Duration::from_mins(1) && kept_at <= now);
        assert!(folder.path().join("files/kept/client+/x").exists());
    }

    #[test]
    fn a_place_that_will_not_do_is_a_problem_of_its_setting() {
        let bucket = ("FILES_URL", "s3://bucket/prefix");
        let expected = if frontdesk_files::HAS_S3 {
            "AWS_SECRET_ACCESS_KEY"
        } else {
            "frontdesk-runtime/s3"
        };
        for (variables, expected) in [
            (&[("FILES_URL", "/var/files")][..], "expected file:///FOLDER"),
            (&[bucket, ("AWS_ACCESS_KEY_ID", "AKIA")], expected),
        ] {
            let told = with(variables).err().unwrap();
            assert!(told.contains("FILES_URL: ") && told.contains(expected), "{told}");
        }
    }

    #[cfg(feature = "s3")]
    #[test]
    fn keys_of_a_bucket_come_from_files_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "very-secret\n").unwrap();
        let path = path.to_str().unwrap();
        let bucket = ("FILES_URL", "s3://bucket/prefix");
        let id = ("AWS_ACCESS_KEY_ID", "AKIA");
        assert!(with(&[bucket, id, ("AWS_SECRET_ACCESS_KEY_FILE", path)]).is_ok());
        let both = [
            bucket,
            id,
            ("AWS_SECRET_ACCESS_KEY_FILE", path),
            ("AWS_SECRET_ACCESS_KEY", "x"),
        ];
        let told = with(&both).err().unwrap();
        assert!(told.contains("AWS_SECRET_ACCESS_KEY: is set"), "{told}");
    }
}
