//! What an environment has in flight: what waits in its queue, and the one under way.

use std::collections::HashSet;

use super::{Door, Ids, QUEUED, Qovery, Results, Standing, Waiting};
use crate::api::{Api, Call};
use crate::model::deployment::{Deployment, State};
use crate::model::failure::{Failure, Kind};
use crate::model::id::{Id, canonical, is_same};
use crate::platform::Listed;
use crate::platform::usual::Read;

/// How the words for taking something down begin: that is no deployment.
const TEARDOWN: [&str; 3] = ["STOP", "DELETE", "UNINSTALL"];

impl Qovery {
    pub(super) async fn in_flight(&self, api: &Api) -> Result<Listed, Failure> {
        // In this order nothing is missed: what leaves the queue between the two reads is under way in the second.
        let queue = self.queue(api).await;
        match self.environment_now(api, Read::First).await? {
            Some(now) => Ok(Listed::Here(self.in_order(&now, queue?)?)),
            None => Ok(Listed::Missing(self.no_environment())),
        }
    }

    async fn queue(&self, api: &Api) -> Result<Vec<Waiting>, Failure> {
        let call = Call::get(self.path("/deploymentQueue"), "read the environment's queue");
        let queue: Results<Waiting> = api.send(call).await?.json()?;
        Ok(queue.results)
    }

    /// A plain `QUEUED` does not say what waits; the queue does.
    pub(super) async fn is_queued_teardown(&self, api: &Api, now: &Standing) -> Result<bool, Failure> {
        if now.door != Some(Door::Queue) {
            return Ok(false);
        }
        Ok(is_teardown_among(&self.queue(api).await?, &now.ids))
    }

    /// The queued ones first, then the one under way, as the next starts as soon as that has ended.
    ///
    /// Nothing here has a date. But whatever is under way, even what is no deployment, is what the environment is doing
    /// now, and the rest is behind it.
    fn in_order(&self, now: &Standing, queue: Vec<Waiting>) -> Result<Vec<Deployment>, Failure> {
        let takes_down = now.is_teardown() || is_teardown_among(&queue, &now.ids);
        let behind = !now.idle && !now.state.is_terminal();
        let mut all: Vec<Deployment> = Vec::new();
        let mut known = HashSet::new();
        for waiting in queue.into_iter().filter(|each| !each.is_teardown()) {
            let ids = waiting.ids().ok_or_else(|| self.nameless(QUEUED))?;
            // By name: a queue is as long as it likes.
            let is_new = ids.name().is_some_and(|id| known.insert(canonical(id)));
            if is_new && !ids.is(&now.ids) {
                let standing = Standing::new(ids, QUEUED, Some(Door::Queue));
                all.push(Deployment { behind, ..self.tell(&standing) });
            }
        }
        // One that is being canceled already needs nobody to choose it. A word that is not known is no rest: it is not
        // chosen either, but it has to be seen.
        let is_unknown = now.state == State::Unknown && !now.idle;
        if (now.state.is_in_flight() || is_unknown) && !takes_down {
            if now.ids.name().is_none() && !is_unknown {
                return Err(self.nameless(&now.word));
            }
            all.push(self.tell(now));
        }
        // What it did last may be what was meant, and too late.
        let word = now.word.to_ascii_uppercase();
        let was_taken_down = TEARDOWN.iter().any(|begin| word.starts_with(begin));
        if now.state.is_terminal() && !was_taken_down && now.ids.name().is_some() {
            all.push(self.tell(now));
        }
        Ok(all)
    }

    /// Something goes on, and nobody can tell which deployment it is.
    pub(super) fn nameless(&self, word: &str) -> Failure {
        let words = if word == QUEUED {
            format!("a deployment waits in environment {}, but it does not tell which", self.environment())
        } else {
            format!(
                "the status of environment {} is {word}, but it does not tell which deployment is under way",
                self.environment()
            )
        };
        let hint = "Give `deployment_id`, or look at the environment in the console.";
        Failure::own(Kind::Unreadable, words, hint)
    }
}

fn is_teardown_among(queue: &[Waiting], ids: &Ids) -> bool {
    let names = |waiting: &Waiting| {
        let request = waiting.identifier.as_ref()?.deployment_request_id.as_ref()?;
        Some(is_same(ids.request.as_ref()?, request))
    };
    queue.iter().any(|waiting| waiting.is_teardown() && names(waiting) == Some(true))
}

impl Waiting {
    fn is_teardown(&self) -> bool {
        let action = self.trigger_action.as_deref().unwrap_or_default();
        let action = action.to_ascii_uppercase();
        TEARDOWN.iter().any(|word| action.starts_with(word))
    }

    /// Its name, which nobody wrote, so it is judged like a written one.
    fn ids(self) -> Option<Ids> {
        let id = self.identifier?.deployment_request_id?;
        let is_fit = Id::parse(&id).is_ok_and(|parsed| parsed.as_str() == id);
        is_fit.then_some(Ids { request: Some(id), execution: None })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::Once;
    use crate::select::{Select, Selector};

    fn qovery() -> Qovery {
        Qovery { environment: Id::parse("env").unwrap(), force: false, named: false, page: Once::new() }
    }

    fn now(word: &str, name: &str) -> Standing {
        let name = |kind: &str| (!name.is_empty()).then(|| format!("{kind}-{name}"));
        let ids = Ids { request: name("req"), execution: name("exec") };
        Standing { idle: word == "READY", ..Standing::new(ids, word, Some(Door::Environment)) }
    }

    fn queue(entries: &[(&str, Value)]) -> Vec<Waiting> {
        let entries = entries.iter().map(|(id, action)| {
            json!({
                "identifier": { "deployment_request_id": id, "environment_id": "env" },
                "auditing_data": { "triggered_by": "somebody" }, "trigger_action": action, "stages": [],
            })
        });
        let body = json!({ "results": entries.collect::<Vec<_>>() });
        let queue: Results<Waiting> = serde_json::from_value(body).unwrap();
        queue.results
    }

    fn chosen(select: Select, now: &Standing, entries: &[(&str, Value)]) -> Vec<String> {
        let listed = qovery().in_order(now, queue(entries)).unwrap();
        let wanted = Selector {
            select,
            branch: None,
            commit: None,
            target: None,
            repository: None,
            home: None,
            one_group: false,
            knows_commits: false,
        };
        let picked = wanted.pick(&listed);
        assert_eq!(picked.refused, None);
        picked.chosen.into_iter().map(|one| one.id).collect()
    }

    #[test]
    fn the_queued_ones_come_before_the_one_under_way() {
        let entries = [("req-b", json!("DEPLOY")), ("req-c", json!("RESTART"))];
        let under_way = now("BUILDING", "a");
        assert_eq!(chosen(Select::All, &under_way, &entries), ["req-b", "req-c", "req-a"]);
        assert_eq!(chosen(Select::Latest, &under_way, &entries), ["req-a"]);
    }

    #[test]
    fn one_that_left_the_queue_in_this_moment_is_listed_once() {
        let entries = [("req-a", json!("DEPLOY")), ("req-b", json!("DEPLOY"))];
        for word in ["BUILDING", "QUEUED"] {
            let under_way = now(word, "a");
            assert_eq!(chosen(Select::All, &under_way, &entries), ["req-b", "req-a"]);
            assert_eq!(chosen(Select::Latest, &under_way, &entries), ["req-a"]);
        }
    }

    #[test]
    fn a_teardown_is_no_deployment() {
        let entries = [
            ("req-b", json!("STOP")),
            ("req-c", json!("DELETE")),
            ("req-d", json!("DELETE_RESOURCES_ONLY")),
            ("req-e", json!("UNINSTALL")),
            ("req-f", json!("DEPLOY")),
            ("req-g", Value::Null),
        ];
        let under_way = now("DELETING", "a");
        assert_eq!(chosen(Select::All, &under_way, &entries), ["req-f", "req-g"]);
        assert!(chosen(Select::Latest, &under_way, &entries).is_empty());
    }

    #[test]
    fn what_is_behind_one_that_is_being_canceled_is_not_the_latest() {
        let entries = [("req-b", json!("DEPLOY"))];
        let canceling = now("CANCELING", "a");
        assert!(chosen(Select::Latest, &canceling, &entries).is_empty());
        assert_eq!(chosen(Select::All, &canceling, &entries), ["req-b"]);
        for over in ["DEPLOYED", "CANCELED", "READY"] {
            assert_eq!(chosen(Select::Latest, &now(over, "a"), &entries), ["req-b"], "{over}");
        }
    }

    #[test]
    fn an_environment_at_rest_has_nothing_in_flight() {
        for (word, last) in [("READY", 0), ("DEPLOYED", 1), ("STOPPED", 0), ("BUILD_ERROR", 1)] {
            let listed = qovery().in_order(&now(word, "a"), Vec::new()).unwrap();
            assert_eq!(listed.len(), last, "{word}");
            assert!(listed.iter().all(Deployment::is_terminal), "{word}");
        }
    }

    #[test]
    fn a_word_that_is_not_known_is_no_rest() {
        for word in ["RECAP", "UNAVAILABLE", "SOMETHING_NEW"] {
            for name in ["a", ""] {
                let listed = qovery().in_order(&now(word, name), Vec::new()).unwrap();
                let seen: Vec<_> = listed.iter().map(|one| one.state).collect();
                assert_eq!(seen, [State::Unknown], "{word}");
            }
        }
    }

    #[test]
    fn what_cannot_be_named_is_not_left_out_in_silence() {
        assert!(qovery().in_order(&now("BUILDING", ""), Vec::new()).is_err());
        let idle = now("READY", "");
        for bad in ["", "..", " x"] {
            let entries = queue(&[(bad, json!("DEPLOY"))]);
            assert!(qovery().in_order(&idle, entries).is_err(), "{bad:?}");
        }
        let one = qovery().in_order(&now("BUILDING", "a"), Vec::new()).unwrap();
        let one = one.first().unwrap();
        assert_eq!((one.state, one.behind), (State::Running, false));
        assert!(Ids::of(one).is(&now("BUILDING", "a").ids));
    }
}
