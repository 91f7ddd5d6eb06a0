//! Acme Deploy, an imaginary platform, after its imaginary API reference (read 2026-08).
//!
//! One trap shapes this file, as every real one has its own: a cancel is answered with 202 and the deployment, which
//! may go live all the same, so only a read decides.

use super::rest::{Rest, opened};
use super::{Need, Opened, PlatformInfo, input, secret};
use crate::api::wire::{Text, fields};
use crate::api::{ApiRequest, Errors, Reset, Service};
use crate::input::Values;
use crate::input::faults::Faults;
use crate::model::about::About;
use crate::model::deployment::{Deployment, State};
use crate::model::id::segment;

/// The register's entry.
pub(super) const INFO: PlatformInfo = PlatformInfo {
    about: About {
        id: "acme",
        name: "Acme Deploy",
        docs: "https://docs.acme.example/api#cancel-a-deployment",
        named_by: "`workspace`, and the deployment's id",
        credentials: "`token` (or ACME_TOKEN)",
        grant: "the token needs the right `deploy` in the workspace",
        caveat: "What was live before stays live.",
        way_back: "open the workspace and choose Restore.",
        ..About::NONE
    },
    base: "https://api.acme.example",
    inputs: &[
        secret("token", &[("ACME_TOKEN", "")], "API token that may deploy in the workspace."),
        input("workspace", &[("ACME_WORKSPACE", "")], "The workspace that the deployment belongs to."),
    ],
    needs: &[Need::All(&["token", "workspace"])],
    states: &[
        ("WAITING", State::Queued),
        ("BUILDING", State::Running),
        ("CANCELED", State::Canceled),
        ("LIVE", State::Succeeded),
        ("FAILED", State::Failed),
    ],
    no_select: "there is no list of deployments; use `deployment_id`",
    open,
    ..PlatformInfo::USUAL
};

struct Acme {
    workspace: String,
}

fn open(values: &Values, _faults: &mut Faults) -> Opened {
    let workspace = values.get("workspace")?.to_owned();
    let service = Service::new(&INFO.about)
        .bearer(&values.secret("token")?)
        .rate_limit(Reset("x-rate-limit-reset"))
        .errors(Errors::at(&["/message"]))
        .scope(format_args!("looked in workspace {workspace}, see `workspace`"));
    opened(Acme { workspace }, service)
}

fields! {
    struct Wire {
        id: Text,
        status: Text,
        page: Text,
    }
}

impl Rest for Acme {
    type Wire = Wire;

    fn read(&self, id: &str) -> ApiRequest {
        let workspace = segment(&self.workspace);
        ApiRequest::get(format!("/v1/workspaces/{workspace}/deployments/{}", segment(id)), "read the deployment")
    }

    fn cancel(&self, id: &str) -> ApiRequest {
        let workspace = segment(&self.workspace);
        ApiRequest::cancel(format!("/v1/workspaces/{workspace}/deployments/{}/cancel", segment(id)))
    }

    fn deployment(&self, wire: Wire) -> Option<Deployment> {
        Some(Deployment { url: wire.page.0, ..INFO.deployment(wire.id, wire.status)? })
    }
}
