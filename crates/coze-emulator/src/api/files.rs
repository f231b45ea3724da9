//! Files: upload and look up (protocol 6.8). Bytes are counted as they pass and thrown away.

use super::caller::Caller;
use super::extract::{Params, required};
use crate::envelope::{ApiError, Data};
use crate::platform::{Platform, StoredFile};
use axum::extract::{Request, State};
use http::header;
use multer::Multipart;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Debug, Serialize)]
pub(super) struct FileObject {
    id: String,
    bytes: u64,
    file_name: String,
    created_at: i64,
}

impl FileObject {
    fn new(id: String, file: StoredFile) -> Self {
        let StoredFile {
            bytes,
            file_name,
            created_at,
            ..
        } = file;
        Self {
            id,
            bytes,
            file_name,
            created_at,
        }
    }
}

/// `POST /v1/files/upload`: multipart, one file in the field `file`.
pub(super) async fn upload(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    request: Request,
) -> Result<Data<FileObject>, ApiError> {
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(content_type.unwrap_or_default()).map_err(|error| unreadable(&error))?;
    let mut form = Multipart::new(request.into_body().into_data_stream(), boundary);

    let mut uploaded: Option<StoredFile> = None;
    while let Some(mut field) = form.next_field().await.map_err(|error| unreadable(&error))? {
        let is_file = field.name() == Some("file");
        if is_file && uploaded.is_some() {
            return Err(ApiError::MoreThanOneFile);
        }
        let file_name = field.file_name().unwrap_or_default().to_owned();
        let mut bytes = 0;
        while let Some(chunk) = field.chunk().await.map_err(|error| unreadable(&error))? {
            bytes += chunk.len() as u64;
        }
        if is_file {
            uploaded = Some(StoredFile {
                account: caller.identity.tenant.clone(),
                bytes,
                file_name,
                created_at: platform.clock.now(),
            });
        }
    }

    let file = uploaded.ok_or_else(|| ApiError::parameter("the form has no field named file"))?;
    if file.bytes == 0 {
        return Err(ApiError::EmptyFile);
    }
    let id = platform.ids.next();
    platform.files().insert(id.clone(), file.clone());
    Ok(Data(FileObject::new(id, file)))
}

#[derive(Debug, Deserialize)]
pub(super) struct RetrieveParams {
    file_id: Option<String>,
}

/// `GET /v1/files/retrieve`: any file of the account.
pub(super) async fn retrieve(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Params(params): Params<RetrieveParams>,
) -> Result<Data<FileObject>, ApiError> {
    let id = required("file_id", params.file_id.as_ref())?;
    let file = platform.files().get(id).cloned();
    let file = file.filter(|file| file.account == caller.identity.tenant);
    let file = file.ok_or_else(|| no_file(id))?;
    Ok(Data(FileObject::new(id.to_owned(), file)))
}

/// Refuses a message with a file of another account. An id that no file has passes: what the platform does with it is not
/// known.
pub(super) fn check_readable(platform: &Platform, caller: &Caller, file_ids: &[String]) -> Result<(), ApiError> {
    let files = platform.files();
    let is_foreign = |id: &&String| {
        files
            .get(*id)
            .is_some_and(|file| file.account != caller.identity.tenant)
    };
    file_ids.iter().find(is_foreign).map_or(Ok(()), |id| Err(no_file(id)))
}

fn no_file(id: &str) -> ApiError {
    ApiError::NotFound {
        resource: "file_id",
        id: id.to_owned(),
    }
}

fn unreadable(error: &multer::Error) -> ApiError {
    ApiError::parameter(error.to_string())
}
