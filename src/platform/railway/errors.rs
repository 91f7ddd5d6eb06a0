//! What Railway's errors mean. They stand inside a 200, and nearly all of them have one code: the message decides.

use serde_json::Value;

use crate::api::{ApiError, Errors, Response};
use crate::model::failure::Kind;

/// Not documented, and taken where it is there; otherwise the error's own trace id is told.
pub(super) const REQUEST_ID: &str = "x-railway-request-id";

pub(super) const ERRORS: Errors = Errors::at(&["/errors/0/message"])
    .code(&["/errors/0/extensions/code"])
    .request_id(&["/errors/0/traceId"])
    .in_success(is_error)
    .refined(refine)
    .hints(&[(
        Kind::Limited,
        "Too many requests with this token: Railway's plans allow 100 (Free), 1000 (Hobby) or 10,000 (Pro) an hour; run \
         fewer jobs at once, give a longer `poll_interval`, or allow a longer `timeout`.",
    )]);

/// The answer to the cancel request, which has no other form than a yes or a no.
const ANSWER: &str = "/data/deploymentCancel";

fn is_error(body: &Value) -> bool {
    body.pointer("/errors/0").is_some() || body.pointer(ANSWER) == Some(&Value::Bool(false))
}

fn refine(response: &Response, body: &Value, error: &mut ApiError) {
    if let Some(id) = response.header(REQUEST_ID) {
        error.request_id = Some(id.to_owned());
    }
    // What a refused token and an unknown field are answered with on the wire is documented nowhere: a 200 or a 400.
    let is_inside = response.status < 300 || response.status == 400;
    if is_inside {
        error.status = meaning(response.status, body, error);
    }
    // The same words stand for a bad token, the other kind of token and a missing right.
    if matches!(error.status.unwrap_or(response.status), 401 | 403) {
        error.credential_refused = true;
        if is_said(error, "two factor") {
            let hint = "Railway wants a second factor from people who sign in: give a token of its own settings as \
                        `project_token` or `api_token`.";
            error.hint = Some(hint.to_owned());
        }
    }
    if error.message.is_none() && is_inside && body.pointer(ANSWER).is_some() {
        error.message = Some("the platform said no without a reason".to_owned());
    }
}

fn is_said(error: &ApiError, words: &str) -> bool {
    error.message.as_ref().is_some_and(|message| message.to_ascii_lowercase().contains(words))
}

/// The status that an error would have elsewhere.
fn meaning(status: u16, body: &Value, error: &ApiError) -> Option<u16> {
    let has_path = body.pointer("/errors/0/path").is_some_and(|path| !path.is_null());
    let is_answered = body.pointer(ANSWER).is_some_and(|answer| !answer.is_null());
    let code = error.code.as_deref().unwrap_or_default().to_ascii_uppercase();
    let message = error.message.as_deref().unwrap_or_default().to_ascii_lowercase();
    let said = |words: &str| message.contains(words);
    let is_no = body.pointer("/errors/0").is_none();
    Some(match code.as_str() {
        _ if is_no => 422,
        // Both a yes or no and an error: nobody knows which of them holds.
        _ if is_answered => 503,
        "UNAUTHENTICATED" | "FORBIDDEN" => 401,
        "RATE_LIMITED" | "TOO_MANY_REQUESTS" => 429,
        "NOT_FOUND" => 404,
        // The schema has changed, which is a mistake of ours.
        "GRAPHQL_VALIDATION_FAILED" | "BAD_USER_INPUT" => 422,
        _ if said("not authorized") || said("project token not found") || said("two factor authentication") => 401,
        _ if message.ends_with("not found") => 404,
        _ if said("rate limit") || said("too many requests") => 429,
        _ if message.starts_with("cannot query field") || message.starts_with("unknown argument") => 422,
        // Inside a 200 and without a field it is no verdict on anything, whatever it says.
        _ if said("problem processing request") || (!has_path && status != 400) => 503,
        _ => 422,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What an answer of this status and body is taken for; `None` for a success.
    fn taken(status: u16, body: &Value) -> Option<(ApiError, u16)> {
        let response = Response { status, body: body.to_string().into_bytes(), ..Response::default() };
        if status < 300 && !is_error(body) {
            return None;
        }
        let text = |at: &str| body.pointer(at).and_then(Value::as_str).map(str::to_owned);
        let mut error = ApiError {
            message: text("/errors/0/message"),
            code: text("/errors/0/extensions/code"),
            ..ApiError::default()
        };
        refine(&response, body, &mut error);
        let meant = if error.credential_refused { 401 } else { error.status.unwrap_or(status) };
        Some((error, meant))
    }

    #[test]
    fn the_message_of_an_error_inside_a_200_decides() {
        let internal = "INTERNAL_SERVER_ERROR";
        for (message, code, path, meant) in [
            ("Not Authorized", internal, true, 401),
            ("not authorized", "", false, 401),
            ("Project Token not found", internal, true, 401),
            ("project token not found", "", false, 401),
            ("Two Factor Authentication Required", internal, true, 401),
            ("Deployment not found", internal, true, 404),
            ("Project not found", internal, true, 404),
            ("Problem processing request", "", false, 503),
            ("Anything at all", internal, false, 503),
            ("Deployment cannot be canceled", internal, true, 422),
            ("Cannot query field \"x\" on type \"Deployment\".", "", false, 422),
            ("Unknown argument \"x\"", "", false, 422),
            ("x", "graphql_validation_failed", false, 422),
            ("x", "BAD_USER_INPUT", false, 422),
            ("x", "UNAUTHENTICATED", false, 401),
            ("x", "FORBIDDEN", false, 401),
            ("x", "NOT_FOUND", false, 404),
            ("x", "RATE_LIMITED", false, 429),
            ("x", "TOO_MANY_REQUESTS", false, 429),
            ("Rate limit exceeded", "", false, 429),
        ] {
            let path = if path { json!(["deployment"]) } else { json!(null) };
            let body = json!({ "data": null, "errors": [{ "message": message, "extensions": { "code": code }, "path": path }] });
            let (_, found) = taken(200, &body).unwrap();
            assert_eq!(found, meant, "{message} {code}");
        }
    }

    #[test]
    fn a_false_is_a_no_and_a_yes_with_an_error_is_neither() {
        assert!(taken(200, &json!({ "data": { "deploymentCancel": true } })).is_none());
        assert!(taken(200, &json!({ "data": { "deploymentCancel": true }, "errors": [] })).is_none());
        let (error, meant) = taken(200, &json!({ "data": { "deploymentCancel": false } })).unwrap();
        assert_eq!((error.message.as_deref(), meant), (Some("the platform said no without a reason"), 422));
        for answer in [true, false] {
            let both = json!({
                "data": { "deploymentCancel": answer },
                "errors": [{ "message": "Not Authorized", "path": ["deploymentCancel"] }],
            });
            assert_eq!(taken(200, &both).unwrap().1, 503);
        }
    }

    #[test]
    fn a_400_is_our_own_mistake_unless_it_says_otherwise() {
        let refused = json!({ "errors": [{ "message": "Not Authorized" }] });
        assert_eq!(taken(400, &refused).unwrap().1, 401);
        let moved = json!({ "errors": [{ "message": "x", "extensions": { "code": "GRAPHQL_VALIDATION_FAILED" } }] });
        assert_eq!(taken(400, &moved).unwrap().1, 422);
        let said = |words: &str| json!({ "errors": [{ "message": words }] });
        assert_eq!(taken(400, &said("Syntax Error: Unexpected Name")).unwrap().1, 422);
        assert_eq!(taken(400, &said("Problem processing request")).unwrap().1, 503);
        assert_eq!(taken(502, &refused).unwrap().1, 502);
        assert_eq!(taken(403, &refused).unwrap().1, 401);
    }

    #[test]
    fn the_header_names_the_request_before_the_body_does() {
        let body = json!({ "errors": [{ "message": "Not Authorized", "traceId": "1" }] });
        let mut error = ApiError { request_id: Some("1".to_owned()), ..ApiError::default() };
        let headers = [(REQUEST_ID, "edge-1")].into_iter().collect();
        refine(&Response { status: 200, headers, ..Response::default() }, &body, &mut error);
        assert_eq!(error.request_id.as_deref(), Some("edge-1"));
    }
}
