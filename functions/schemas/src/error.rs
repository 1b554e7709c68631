//! The failing statuses of this API, and their bodies: `error_message` in general, `error` for lists and links, none for
//! missing rows and credentials.

use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::error::Error;
use edge::status::to_status;
use http::StatusCode;
use http::header::{ALLOW, WWW_AUTHENTICATE};
use schemas::places::WriteRefusal;
use schemas::refusal::Refusal;
use schemas::resource::form::form_of;
use schemas::resource::listing::ListError;
use serde_json::{Map, Value, json};

use crate::methods;

const CHALLENGE: &str = "Basic Realm=\"django-tastypie\"";
const SORRY: &str = "Sorry, this request could not be processed. Please try again later.";
const UNKNOWN_PATH: &str = "Unknown path.";

/// A failed request.
#[derive(Debug)]
pub enum ApiError {
    /// The request has no valid credentials.
    Unauthenticated,
    /// The row does not exist.
    Missing,
    /// The path has something else where an id is expected.
    InvalidId,
    /// No such path.
    UnknownPath,
    /// The resource does not have this method; it has these, in lower case.
    MethodNotAllowed(&'static [&'static str]),
    /// The method is documented and never worked.
    NotImplemented,
    /// The query of a list, or a link in a body, is invalid.
    Invalid(String),
    /// The body or the query of another request is invalid.
    Malformed(String),
    /// The task of a status does not exist.
    UnknownTask,
    /// An action is refused. `is_legacy` makes it return 200, as the original did.
    Refused {
        /// Why.
        refusal: Refusal,
        /// Whether the status of the original is returned.
        is_legacy: bool,
    },
    /// Everything else.
    Failed(Error),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<ListError> for ApiError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Invalid(text) => Self::Invalid(text),
            ListError::Failed(error) => Self::Failed(error),
        }
    }
}

impl From<WriteRefusal> for ApiError {
    fn from(refusal: WriteRefusal) -> Self {
        match refusal {
            WriteRefusal::Link(text) => Self::Invalid(text),
            // A missing row has no body.
            WriteRefusal::Other(Refusal::NotFound(_)) => Self::Missing,
            WriteRefusal::Other(refusal) => Self::Refused { refusal, is_legacy: false },
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self {
            Self::Unauthenticated => {
                (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, CHALLENGE)]).into_response()
            }
            Self::Missing => StatusCode::NOT_FOUND.into_response(),
            Self::InvalidId => error_body(StatusCode::NOT_FOUND, SORRY),
            Self::UnknownPath => error_body(StatusCode::NOT_FOUND, UNKNOWN_PATH),
            Self::MethodNotAllowed(allowed) => method_not_allowed(&methods::joined(allowed)),
            Self::NotImplemented => StatusCode::NOT_IMPLEMENTED.into_response(),
            Self::Invalid(text) => (StatusCode::BAD_REQUEST, Json(json!({"error": text}))).into_response(),
            Self::Malformed(text) => error_body(StatusCode::BAD_REQUEST, &text),
            Self::UnknownTask => {
                error_body(StatusCode::NOT_FOUND, "TaskState matching query does not exist.")
            }
            Self::Refused { refusal, is_legacy } => refused(refusal, is_legacy),
            Self::Failed(error) => {
                let (status, text) = to_status(&error);
                error_body(status, &text)
            }
        }
    }
}

/// Returns the response to a refused action: the text, beside the changeset as it is stored if the action is about one.
fn refused(refusal: Refusal, is_legacy: bool) -> Response {
    let (status, text, changeset) = match refusal {
        Refusal::Malformed(text) => (StatusCode::BAD_REQUEST, text, None),
        Refusal::NotAllowed { text, changeset } => (StatusCode::FORBIDDEN, text, changeset),
        Refusal::NotFound(text) => (StatusCode::NOT_FOUND, text, None),
        Refusal::WrongState { text, changeset } => (StatusCode::CONFLICT, text, changeset),
        Refusal::Failed(error) => return ApiError::Failed(error).into_response(),
    };
    let mut body = match changeset.map(|changeset| form_of(&*changeset)).transpose() {
        Ok(form) => form.unwrap_or_default(),
        Err(error) => return ApiError::Failed(error).into_response(),
    };
    body.insert("error_message".to_owned(), json!(text));
    let status = if is_legacy { StatusCode::OK } else { status };
    (status, Json(Value::Object(body))).into_response()
}

/// Returns the response to a method that a path does not have: the methods that it has, as text.
pub fn method_not_allowed(allowed: &str) -> Response {
    let allow = [(ALLOW, allowed.to_owned())];
    methods::exact((StatusCode::METHOD_NOT_ALLOWED, allow, allowed.to_owned()))
}

/// Returns the response to a failing status and a text.
pub fn error_body(status: StatusCode, message: &str) -> Response {
    let body = Map::from_iter([("error_message".to_owned(), json!(message))]);
    (status, Json(Value::Object(body))).into_response()
}

/// The response to an unknown path.
pub async fn not_found() -> Response {
    ApiError::UnknownPath.into_response()
}
