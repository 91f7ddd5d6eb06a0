//! A platform that says these things, driven by the real procedure.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cancel_deployment::api::{Api, Clock, Request, Reset, Response, Service, Transport, TransportError};
use cancel_deployment::cancel::{Plan, Verdict};
use cancel_deployment::input::Spelling;
use cancel_deployment::model::address::Address;
use cancel_deployment::model::answers::{Accepted, Conclusion, Found};
use cancel_deployment::model::deployment::{Deployment, State};
use cancel_deployment::model::failure::{Failure, Kind};
use cancel_deployment::model::id::Id;
use cancel_deployment::model::outcome::{FailOn, Outcome};
use cancel_deployment::model::reason::{Missing, Reason};
use cancel_deployment::model::signal::{Received, Signals};
use cancel_deployment::platform::Platform;
use cancel_deployment::platform::register::REGISTER;
use cancel_deployment::report::{Asked, DeploymentReport, Report, Whole};
use cancel_deployment::run::{Run, Task};
use cancel_deployment::select::guard::Guard;
use cancel_deployment::text::sanitizer::Sanitizer;
use serde_json::{Map, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::{End, Said, Tale};
#[path = "../../run/nobody.rs"]
#[allow(clippy::duplicate_mod, reason = "the fuzz targets take each of two files alone")]
mod nobody;
use nobody::Nobody;

/// A platform that says these things.
pub(super) struct Player {
    said: Vec<Said>,
    sanitizer: Arc<Sanitizer>,
}

/// The id that a user writes for the deployment of that number: the words, if they can be an id at all.
pub(super) fn written(number: usize, words: &str) -> Id {
    let id = Id::parse(&format!("{words}{number}"));
    id.unwrap_or_else(|_| Id::parse(&format!("d{number}")).expect("an id"))
}

impl Player {
    pub(super) fn number(&self, id: &str) -> usize {
        let digits = id.len() - 1;
        id[digits..].parse().expect("a number at the end")
    }

    pub(super) fn deployment(&self, number: usize, state: State, word: &str, settled: bool) -> Found {
        let said = &self.said[number];
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Found::Here(Box::new(Deployment {
            state,
            platform_state: word.to_owned(),
            settled,
            url: text(&said.url),
            branch: text(&said.branch),
            commit: text(&said.commit),
            target: text(&said.target),
            note: text(&said.note),
            ..Deployment::without_reading(&format!("{}{number}", said.own_id))
        }))
    }
}

#[async_trait]
impl Platform for Player {
    async fn find(&self, _api: &Api, id: &Id) -> Result<Found, Failure> {
        let number = self.number(id.as_str());
        let said = &self.said[number];
        Ok(match said.end {
            End::Missing => Found::Missing(Missing::Gone(said.sentence.clone())),
            _ => self.deployment(number, State::Running, &said.before, false),
        })
    }

    async fn refresh(&self, _api: &Api, known: &Deployment) -> Result<Found, Failure> {
        let number = self.number(&known.id);
        let said = &self.said[number];
        let state = match said.end {
            End::Canceled => State::Canceled,
            End::Live => State::Succeeded,
            End::Failed => State::Failed,
            End::Unclear | End::Missing => State::Unknown,
            End::Refused => State::Running,
        };
        let settled = state == State::Unknown;
        Ok(self.deployment(number, state, &said.after, settled))
    }

    fn without_reading(&self, _id: &Id) -> Option<Deployment> {
        None
    }

    async fn cancel(&self, _api: &Api, known: &Deployment) -> Result<Accepted, Failure> {
        let said = &self.said[self.number(&known.id)];
        // The door cleans these before anybody sees them.
        let request_id = Some(self.sanitizer.short(&said.request_id).into_string());
        if said.end == End::Refused {
            let refused = Failure::own(Kind::Refused, said.refusal.clone(), said.hint.clone());
            return Err(Failure { action: "cancel it".to_owned(), status: Some(409), request_id, ..refused });
        }
        Ok(Accepted { deployment: None, status: 202, request_id })
    }

    async fn final_details(&self, _api: &Api, ended: &Deployment) -> Result<Conclusion, Failure> {
        let said = &self.said[self.number(&ended.id)];
        let mut details = Map::new();
        details.insert("query".to_owned(), json!(said.fact));
        let sentence = Some(said.sentence.clone()).filter(|text| !text.is_empty());
        Ok(Conclusion { details, sentence, ..Conclusion::default() })
    }
}

/// Nothing is ever sent.
pub(super) struct NoLink;

#[async_trait]
impl Transport for NoLink {
    async fn send(&self, _request: Request) -> Result<Response, TransportError> {
        unreachable!("the platform answers by itself")
    }
}

/// The report of a tale, by the real procedure.
pub(super) fn report(tale: &Tale, sanitizer: &Arc<Sanitizer>) -> Report {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    let entry = REGISTER[0];
    let ending = |words: &String| {
        Whole::new(&Verdict::new(Outcome::Error, Reason::CannotBegin(words.clone())), sanitizer, &Spelling::PLAIN)
    };
    Report {
        platform: Some(&entry.about),
        asked: Asked::new(sanitizer, &format!("Cancel {}", tale.asked), Some((&tale.asked, None)), &tale.asked),
        deployments: runtime
            .block_on(drive(tale, sanitizer))
            .iter()
            .map(|work| DeploymentReport::new(&entry.about, &work.id, &work.procedure, sanitizer, &Spelling::PLAIN))
            .collect(),
        fail_on: FailOn::usual(false),
        whole: tale.whole.as_ref().map(ending),
        faults: tale.faults.iter().map(|fault| sanitizer.short(&format!("`x` {fault}"))).collect(),
        took: Duration::from_secs(3),
    }
}

pub(super) async fn drive(tale: &Tale, sanitizer: &Arc<Sanitizer>) -> Vec<Task> {
    const LIMIT: Duration = Duration::from_secs(20);
    let start = Instant::now();
    let service = Service::new(&REGISTER[0].about).rate_limit(Reset("x")).request_id("");
    let base = Address::parse("https://api.example").expect("an address");
    let api = Api::new(service, base, Box::new(NoLink), Arc::clone(sanitizer), Clock { start, limit: LIMIT });
    let player = Player { said: tale.deployments.clone(), sanitizer: Arc::clone(sanitizer) };
    let driver = Run {
        platform: &player,
        api: &api,
        plan: Plan {
            wait: true,
            dry_run: false,
            only_states: None,
            guard: Guard::default(),
            guarded: false,
            poll_interval: Duration::from_secs(5),
            slower: None,
            spare: false,
            limit: LIMIT,
            many: 1,
        },
        lists_tell: false,
        if_live: None,
        sanitizer,
        start,
    };
    let (_sender, mut signals): (_, Signals) = watch::channel(Received::default());
    let ids = tale.deployments.iter().enumerate();
    let ids = ids.map(|(number, said)| written(number, &said.id)).collect();
    driver.drive(ids, &mut signals, &mut Nobody).await
}
