//! What Cloud Foundry's refusals mean: the API's own, the UAA's, and those of a router before them.

use serde_json::Value;

use crate::api::{ApiError, Errors, Response};
use crate::model::failure::{Failure, Kind};
use crate::platform::usual::{self, Read};

/// The code of "no such resource, or not for you".
pub(super) const NO_RESOURCE: &str = "10010";
/// The code of "no such request".
pub(super) const NO_ROUTE: &str = "10000";
/// The codes of "nobody but an admin may change anything there for now".
pub(super) const ORG_SUSPENDED: &str = "10017";
pub(super) const SPACE_SUSPENDED: &str = "10019";

pub(super) const TOKEN_REFUSED: &str = "A ready `token` (or CF_ACCESS_TOKEN) lives for minutes and cannot be renewed here: take a \
                             fresh one from `cf oauth-token`, or give `username` and `password`, or `client_id` and \
                             `client_secret`, which sign in again by themselves.";
pub(super) const USER_REFUSED: &str = "Check `username`, `password` and `origin` (or CF_USERNAME, CF_PASSWORD, CF_ORIGIN); a user \
                            of single sign-on only has no password here.";
pub(super) const CLIENT_REFUSED: &str = "Check `client_id` and `client_secret` (or CF_CLIENT_ID, CF_CLIENT_SECRET), and that the \
                              client may use the grant type `client_credentials`.";
pub(super) const LOCKED: &str = "The account is locked for a while; nothing is tried again here. Correct the password, wait until \
                      the lock is over, then run this once.";
pub(super) const SUSPENDED: &str =
    "Only an admin can change anything there, until an operator ends the suspension of the organization or space.";
pub(super) const WRONG_ADDRESS: &str = "Check `api_url` (or CF_API_URL, CF_API): it must be the address of a Cloud Foundry v3 API, \
                             as `cf api` shows it.";
pub(super) const NO_CANCEL: &str = "Korifi cannot cancel a deployment: let it finish, or push what should run instead.";
pub(super) const WRONG_ROLE: &str = "To cancel, the user or client needs the role Space Developer or Space Supporter in the app's \
                          space, or has to be an admin; without, the API says that there is no such deployment.";

pub(super) const NO_APP: &str = "To deploy, the user or client needs the role Space Developer or Space Supporter in the app's \
                      space, or has to be an admin; without, the API says that the app cannot be used.";

/// Where the UAA and the API say what, as far as places go.
pub(super) const ERRORS: Errors = Errors::at(&["/error_description", "/error"]).code(&["/errors/0/code", "/error"]);

/// The API's errors are a list of `{detail, title, code}`, the UAA's are `{error, error_description}`, the router's text.
pub(super) fn refine(response: &Response, body: &Value, error: &mut ApiError, refused: &str) {
    let (status, code) = (response.status, error.code.as_deref());
    let hint = if let Some(errors) = body.get("errors").and_then(Value::as_array) {
        let details: Vec<_> = errors.iter().filter_map(|error| error.get("detail")?.as_str()).collect();
        error.message = (!details.is_empty()).then(|| details.join("; "));
        match (status, code) {
            (401, _) => Some(refused),
            (403, Some(ORG_SUSPENDED | SPACE_SUSPENDED)) => Some(SUSPENDED),
            (404, Some(NO_ROUTE)) => Some(WRONG_ADDRESS),
            (422, _) if details.iter().any(|detail| detail.starts_with("Unable to use app")) => Some(NO_APP),
            _ => None,
        }
    } else if body.get("error").is_some_and(Value::is_string) {
        let is_locked = error.message.as_ref().is_some_and(|message| message.contains("locked"));
        matches!(status, 400..=403).then_some(if is_locked { LOCKED } else { refused })
    } else {
        let is_router = status == 404 && response.header("x-cf-routererror").is_some();
        error.message = is_router.then(|| "a router that knows no such host or path".to_owned());
        match status {
            401 => Some(refused),
            404 => Some(WRONG_ADDRESS),
            _ => None,
        }
    };
    error.hint = hint.map(str::to_owned);
}

/// Whether the API itself says that there is no such deployment; a 404 of a router, or a 400 of anybody else, says
/// nothing about it.
pub(super) fn is_missing(failure: &Failure, read: Read) -> bool {
    let is_the_apis = match failure.status {
        Some(404) => failure.code.as_deref() == Some(NO_RESOURCE),
        Some(400) => failure.code.is_some(),
        _ => true,
    };
    is_the_apis && usual::is_missing(failure, read)
}

/// What a refusal of the cancel call means. Only a missing role is about rights; after the others the state decides.
pub(super) fn not_canceled(mut failure: Failure) -> Failure {
    match (failure.kind, failure.code.as_deref()) {
        (Kind::Forbidden, Some(ORG_SUSPENDED | SPACE_SUSPENDED)) => failure.kind = Kind::Refused,
        (Kind::NotFound, Some(NO_RESOURCE)) => failure.hint = WRONG_ROLE.to_owned(),
        (Kind::NotFound, Some(NO_ROUTE)) => {
            failure.kind = Kind::Unsupported;
            failure.hint = NO_CANCEL.to_owned();
        }
        (Kind::NotFound, _) => failure.kind = Kind::Refused,
        _ => {}
    }
    failure
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(response: &Response, refused: &str) -> ApiError {
        let mut error = ERRORS.read(response).unwrap();
        refine(response, &response.json(), &mut error, refused);
        error
    }

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        Response { status, headers: headers.iter().copied().collect(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn each_kind_of_error_is_read_in_its_own_shape() {
        let api = |code: u32| {
            let body = json!({ "errors": [{ "detail": "It says so", "title": "CF-X", "code": code }] });
            words(&answer(404, &[], &body.to_string()), TOKEN_REFUSED)
        };
        assert_eq!(
            (api(10010).message.as_deref(), api(10010).code.as_deref()),
            (Some("It says so"), Some(NO_RESOURCE))
        );
        assert_eq!(api(10000).hint.as_deref(), Some(WRONG_ADDRESS));
        let uaa = |status: u16, said: &str| {
            let body = json!({ "error": "invalid_client", "error_description": said });
            words(&answer(status, &[], &body.to_string()), USER_REFUSED)
        };
        assert_eq!(uaa(401, "Bad credentials").hint.as_deref(), Some(USER_REFUSED));
        assert_eq!(uaa(401, "Your account has been locked because").hint.as_deref(), Some(LOCKED));
        assert_eq!(uaa(503, "Busy").hint, None);
        let router = answer(404, &[("x-cf-routererror", "unknown_route")], "404 Not Found: Requested route");
        assert_eq!(words(&router, TOKEN_REFUSED).hint.as_deref(), Some(WRONG_ADDRESS));
    }

    #[test]
    fn an_app_that_cannot_be_used_is_a_missing_role() {
        let hint = |detail: &str| {
            let body = json!({ "errors": [{ "detail": detail, "title": "CF-UnprocessableEntity", "code": 10008 }] });
            words(&answer(422, &[], &body.to_string()), TOKEN_REFUSED).hint
        };
        let no_app = "Unable to use app. Ensure that the app exists and you have access to it.";
        assert_eq!(hint(no_app).as_deref(), Some(NO_APP));
        assert_eq!(hint("The revision does not exist"), None);
    }

    #[test]
    fn only_the_apis_own_word_says_that_a_deployment_is_missing() {
        let failure = |kind, status, code: Option<&str>| Failure {
            status: Some(status),
            code: code.map(str::to_owned),
            ..Failure::own(kind, "", "")
        };
        for (kind, status, code, first, later) in [
            (Kind::NotFound, 404, Some(NO_RESOURCE), true, true),
            (Kind::NotFound, 404, Some(NO_ROUTE), false, false),
            (Kind::NotFound, 404, None, false, false),
            (Kind::NotFound, 410, None, true, true),
            (Kind::Refused, 400, Some("10005"), true, false),
            (Kind::Refused, 400, None, false, false),
            (Kind::Unauthorized, 401, Some("invalid_grant"), false, false),
        ] {
            let failure = failure(kind, status, code);
            assert_eq!(is_missing(&failure, Read::First), first, "{status} {code:?}");
            assert_eq!(is_missing(&failure, Read::Later), later, "{status} {code:?}");
        }
    }
}
