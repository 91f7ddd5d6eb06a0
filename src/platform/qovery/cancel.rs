//! The two cancel requests: for the environment, whatever it is doing, and for what waits in its queue.

use serde_json::json;

use super::environment::Qovery;
use super::standing::{Door, Ids};
use crate::api::{Api, ApiRequest, Body};
use crate::model::answers::Accepted;
use crate::model::failure::{Failure, Kind};
use crate::model::id::segment;
use crate::model::reason::Check;
use crate::platform::usual::{Read, accepted};

impl Qovery {
    pub(super) async fn cancel_queued(&self, api: &Api, ids: &Ids) -> Result<Accepted, Failure> {
        let path = format!("/deploymentQueue/{}/cancelDeployment", segment(ids.request.or_empty()));
        let call = ApiRequest::post(path, "cancel the deployment in the queue");
        let failure = match api.send(call.body(Body::Json(json!({})))).await {
            Ok(reply) => return accepted(&reply, || None),
            Err(failure) => failure,
        };
        // Refused because it has left the queue in this moment? Then it is to be asked for where it is now.
        if matches!(failure.kind, Kind::Refused | Kind::NotFound) {
            let now = self.environment_now(api, Read::Later).await.ok().flatten();
            if now.is_some_and(|now| ids.is(&now.ids) && now.door != Some(Door::Queue)) {
                return Err(Failure { kind: Kind::MovedOn, ..failure });
            }
        }
        Err(failure)
    }

    pub(super) async fn cancel_under_way(&self, api: &Api, ids: &Ids) -> Result<Accepted, Failure> {
        let body = Body::Json(json!({ "force_cancel": self.force }));
        let reply = api.send(ApiRequest::cancel(self.path("/cancelDeployment")).body(body)).await?;
        let yes = accepted(&reply, || None)?;
        // JSON of another shape, or about another environment, is a yes that shows nothing.
        let Some(mut now) = self.status(&reply).ok().flatten() else {
            return Ok(yes);
        };
        if now.torn {
            now.ids.execution.0 = None;
        }
        match ids.agree(&now.ids) {
            Some(false) => Err(Failure {
                status: Some(reply.status),
                request_id: reply.request_id.clone(),
                ..Check::MovedOn {
                    stopped: now.ids.name_beside(ids).to_owned(),
                    meant: ids.name_beside(&now.ids).to_owned(),
                }
                .into()
            }),
            Some(true) if !now.torn => {
                let told = self.deployment(&now.knowing(ids));
                Ok(Accepted { deployment: Some(Box::new(told)), ..yes })
            }
            _ => Ok(yes),
        }
    }
}
