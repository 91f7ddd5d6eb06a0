//! What is reported of a roll back.

use serde::Serialize;

use super::timeline::{StateChange, changes};
use crate::input::Spelling;
use crate::model::roll_back::{RollBackResult, Version};
use crate::roll_back::Procedure;
use crate::text::sanitizer::Sanitizer;
use crate::text::shown::Shown;

/// What is reported of a roll back, with each deployment that had gone live in its slot.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RollBackReport {
    #[serde(rename = "result", serialize_with = "word")]
    pub(super) came_to: RollBackResult,
    pub(super) target: Option<Shown>,
    pub(super) deployment_id: Option<Shown>,
    pub(super) deployment_url: Option<Shown>,
    pub(super) commit: Option<Shown>,
    pub(super) reason: Shown,
    pub(super) http_status: Option<u16>,
    pub(super) request_id: Option<Shown>,
    pub(super) timeline: Vec<StateChange>,
}

impl RollBackReport {
    /// The report of one that was needed.
    pub(super) fn of(procedure: &Procedure, sanitizer: &Sanitizer, spelling: &Spelling) -> Option<Self> {
        let verdict = procedure.verdict()?;
        let (target, served_by, sent) = (procedure.target(), procedure.served_by(), procedure.sent());
        let said = |text: Option<&String>| text.map(|text| sanitizer.short(text));
        let url = |version: Option<&Version>| said(version.and_then(|it| it.url.as_ref()));
        Some(Self {
            came_to: verdict.result,
            target: said(target.map(|it| &it.id)),
            deployment_id: said(served_by.map(|it| &it.id)),
            deployment_url: url(served_by).or_else(|| url(target)),
            commit: said(target.and_then(|it| it.commit.as_ref())),
            reason: sanitizer.redact(&spelling.respell(&verdict.reason.sentence())),
            http_status: sent.and_then(|sent| sent.status),
            request_id: said(sent.and_then(|sent| sent.request_id.as_ref())),
            timeline: changes(procedure.timeline(), sanitizer),
        })
    }

    /// What is live because of it.
    pub(super) fn serves(&self) -> Option<&str> {
        let is_live = matches!(self.came_to, RollBackResult::Done | RollBackResult::ReplacedOther);
        self.deployment_id.as_deref().filter(|_| is_live)
    }

    /// What stands if this process is killed after the request has gone out.
    pub(super) fn killed() -> Self {
        Self {
            came_to: RollBackResult::Unknown,
            target: None,
            deployment_id: None,
            deployment_url: None,
            commit: None,
            reason: "A roll back was sent and was not watched: it goes on by itself.".into(),
            http_status: None,
            request_id: None,
            timeline: Vec::new(),
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn word<S: serde::Serializer>(result: &RollBackResult, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(result.word())
}
