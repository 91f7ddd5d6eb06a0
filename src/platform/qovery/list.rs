//! What an environment has in flight: what waits in its queue, and the one under way.

use std::collections::HashSet;

use super::Qovery;
use super::standing::{Door, Ids, QUEUED, Standing, is_teardown};
use super::wire::Entry;
use crate::api::Api;
use crate::model::answers::Listed;
use crate::model::deployment::{Deployment, State};
use crate::model::failure::{Failure, Kind};
use crate::model::id::{canonical, is_same};
use crate::platform::usual::Read;

impl Qovery {
    pub(super) async fn in_flight(&self, api: &Api) -> Result<Listed, Failure> {
        // In this order nothing is missed: what leaves the queue between the two reads is under way in the second.
        let queue = self.queue(api).await;
        match self.environment_now(api, Read::First).await? {
            Some(now) => Ok(Listed::Here(self.in_order(&now, &queue?)?)),
            None => Ok(Listed::Missing(self.environment.missing())),
        }
    }

    /// A plain `QUEUED` does not say what waits; the queue does.
    pub(super) async fn is_queued_teardown(&self, api: &Api, now: &Standing) -> Result<bool, Failure> {
        Ok(now.door == Some(Door::Queue) && is_teardown_among(&self.queue(api).await?, &now.ids))
    }

    /// The queued ones first, then the one under way, as the next starts as soon as that has ended.
    ///
    /// Nothing here has a date. But whatever is under way, even what is no deployment, is what the environment is doing
    /// now, and the rest is behind it.
    fn in_order(&self, now: &Standing, queue: &[Entry]) -> Result<Vec<Deployment>, Failure> {
        let behind = !now.idle && !now.state.is_terminal();
        let mut all: Vec<Deployment> = Vec::new();
        let mut known = HashSet::new();
        for waiting in queue.iter().filter(|each| !each.is_teardown()) {
            let request = waiting.request().ok_or_else(|| self.nameless(QUEUED))?;
            let ids = Ids::request(request);
            // By name: a queue is as long as it likes.
            if known.insert(canonical(request)) && !ids.is(&now.ids) {
                let standing = Standing::new(ids, QUEUED, Some(Door::Queue));
                all.push(Deployment { behind, ..self.deployment(&standing) });
            }
        }
        let takes_down = now.is_teardown() || is_teardown_among(queue, &now.ids);
        let is_named = now.ids.name().is_some();
        let is_meant = match now.state {
            state if state.is_in_flight() && !takes_down => {
                if !is_named {
                    return Err(self.nameless(&now.word));
                }
                true
            }
            // A word that is not known is no rest: it is not chosen either, but it has to be seen.
            State::Unknown => !now.idle && !takes_down,
            // What it did last may be what was meant, and too late. One that is being canceled already needs nobody to
            // choose it.
            state => state.is_terminal() && is_named && !is_teardown(&now.word),
        };
        all.extend(is_meant.then(|| self.deployment(now)));
        Ok(all)
    }

    /// Something goes on, and nobody can tell which deployment it is.
    pub(super) fn nameless(&self, word: &str) -> Failure {
        let words = if word == QUEUED {
            format!("a deployment waits in environment {}, but it does not tell which", self.environment.as_str())
        } else {
            format!(
                "the status of environment {} is {word}, but it does not tell which deployment is under way",
                self.environment.as_str()
            )
        };
        let hint = "Give `deployment_id`, or look at the environment in the console.";
        Failure::own(Kind::Unreadable, words, hint)
    }
}

fn is_teardown_among(queue: &[Entry], ids: &Ids) -> bool {
    let is_it = |waiting: &Entry| ids.request.get().zip(waiting.request()).is_some_and(|(own, id)| is_same(own, id));
    queue.iter().any(|waiting| waiting.is_teardown() && is_it(waiting))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::wire::Text;
    use crate::platform::qovery::tests::qovery;
    use crate::select::{Select, Selector};

    fn now(word: &str, name: &str) -> Standing {
        let name = |kind: &str| Text((!name.is_empty()).then(|| format!("{kind}-{name}")));
        let ids = Ids { request: name("req"), execution: name("exec") };
        Standing { idle: word == "READY", ..Standing::new(ids, word, Some(Door::Environment)) }
    }

    fn queue(entries: &[(&str, &str)]) -> Vec<Entry> {
        let entry = |(id, action): &(&str, &str)| {
            let body = json!({ "identifier": { "deployment_request_id": id }, "trigger_action": action });
            serde_json::from_value(body).unwrap()
        };
        entries.iter().map(entry).collect()
    }

    fn listed(now: &Standing, entries: &[(&str, &str)]) -> Vec<Deployment> {
        qovery().in_order(now, &queue(entries)).unwrap()
    }

    fn chosen(select: Select, now: &Standing, entries: &[(&str, &str)]) -> Vec<String> {
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
        let picked = wanted.pick(&listed(now, entries));
        assert_eq!(picked.refused, None);
        picked.chosen.into_iter().map(|one| one.id).collect()
    }

    #[test]
    fn the_queued_ones_come_before_the_one_under_way_and_each_is_listed_once() {
        let entries = [("req-b", "DEPLOY"), ("req-c", "RESTART")];
        let left_the_queue_just_now = [("req-a", "DEPLOY"), ("req-b", "DEPLOY"), ("req-c", "RESTART")];
        for word in ["BUILDING", "QUEUED"] {
            for entries in [&entries[..], &left_the_queue_just_now] {
                let under_way = now(word, "a");
                assert_eq!(chosen(Select::All, &under_way, entries), ["req-b", "req-c", "req-a"]);
                assert_eq!(chosen(Select::Latest, &under_way, entries), ["req-a"]);
            }
        }
    }

    #[test]
    fn a_teardown_is_no_deployment() {
        let entries = [
            ("req-b", "STOP"),
            ("req-c", "DELETE"),
            ("req-d", "DELETE_RESOURCES_ONLY"),
            ("req-e", "UNINSTALL"),
            ("req-f", "DEPLOY"),
            ("req-g", ""),
        ];
        let under_way = now("DELETING", "a");
        assert_eq!(chosen(Select::All, &under_way, &entries), ["req-f", "req-g"]);
        assert!(chosen(Select::Latest, &under_way, &entries).is_empty());
    }

    #[test]
    fn what_is_behind_one_that_is_being_canceled_is_not_the_latest() {
        let entries = [("req-b", "DEPLOY")];
        let canceling = now("CANCELING", "a");
        assert!(chosen(Select::Latest, &canceling, &entries).is_empty());
        assert_eq!(chosen(Select::All, &canceling, &entries), ["req-b"]);
        for over in ["DEPLOYED", "CANCELED", "READY"] {
            assert_eq!(chosen(Select::Latest, &now(over, "a"), &entries), ["req-b"], "{over}");
        }
    }

    #[test]
    fn an_environment_at_rest_has_nothing_in_flight_and_a_word_that_is_not_known_is_no_rest() {
        for (word, name, states) in [
            ("READY", "a", &[][..]),
            ("STOPPED", "a", &[]),
            ("DEPLOYED", "a", &[State::Succeeded]),
            ("BUILD_ERROR", "a", &[State::Failed]),
            ("RECAP", "a", &[State::Unknown]),
            ("UNAVAILABLE", "", &[State::Unknown]),
            ("SOMETHING_NEW", "", &[State::Unknown]),
        ] {
            let seen: Vec<_> = listed(&now(word, name), &[]).iter().map(|one| one.state).collect();
            assert_eq!(seen, states, "{word}");
        }
    }

    #[test]
    fn what_cannot_be_named_is_not_left_out_in_silence() {
        assert!(qovery().in_order(&now("BUILDING", ""), &[]).is_err());
        for bad in ["", "..", " x"] {
            assert!(qovery().in_order(&now("READY", ""), &queue(&[(bad, "DEPLOY")])).is_err(), "{bad:?}");
        }
        let one = listed(&now("BUILDING", "a"), &[]);
        let one = one.first().unwrap();
        assert_eq!((one.state, one.behind), (State::Running, false));
        assert!(Ids::of(one).is(&now("BUILDING", "a").ids));
    }
}
