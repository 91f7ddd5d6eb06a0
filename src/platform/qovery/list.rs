//! What an environment has in flight: what waits in its queue, and the one under way.

use std::collections::HashSet;

use super::environment::Qovery;
use super::standing::{Door, Ids, QUEUED, Standing, is_teardown};
use super::wire::QueueItem;
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
    fn in_order(&self, now: &Standing, queue: &[QueueItem]) -> Result<Vec<Deployment>, Failure> {
        let queued_behind = !now.idle && !now.state.is_terminal();
        let mut all: Vec<Deployment> = Vec::new();
        let mut known = HashSet::new();
        for waiting in queue.iter().filter(|each| !each.is_teardown()) {
            let request = waiting.request().ok_or_else(|| self.nameless(QUEUED))?;
            let ids = Ids::request(request);
            // By name: a queue is as long as it likes.
            if known.insert(canonical(request)) && !ids.is(&now.ids) {
                let standing = Standing::new(ids, QUEUED, Some(Door::Queue));
                all.push(Deployment { queued_behind, ..self.deployment(&standing) });
            }
        }
        let takes_down = now.is_teardown() || is_teardown_among(queue, &now.ids);
        let is_named = now.ids.name().is_some();
        let is_meant = match now.state {
            // It needs nobody to choose it.
            State::Canceling => false,
            // A word that is not known is no rest: it is not chosen either, but it has to be seen.
            State::Unknown => !now.idle && !takes_down,
            // What it did last may be what was meant, and too late.
            state if state.is_terminal() => is_named && !is_teardown(&now.word),
            _ if takes_down => false,
            _ if is_named => true,
            _ => return Err(self.nameless(&now.word)),
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

fn is_teardown_among(queue: &[QueueItem], ids: &Ids) -> bool {
    let is_it =
        |waiting: &QueueItem| ids.request.get().zip(waiting.request()).is_some_and(|(own, id)| is_same(own, id));
    queue.iter().any(|waiting| waiting.is_teardown() && is_it(waiting))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::wire;
    use crate::api::wire::Text;
    use crate::platform::qovery::tests::qovery;
    use crate::select::{Select, Selector};

    fn now(word: &str, name: &str) -> Standing {
        let name = |kind: &str| Text((!name.is_empty()).then(|| format!("{kind}{name}")));
        let ids = Ids { request: name(""), execution: name("exec-") };
        Standing { idle: word == "READY", ..Standing::new(ids, word, Some(Door::Environment)) }
    }

    /// Entries of the queue, written as `id:ACTION`.
    fn queue(entries: &str) -> Vec<QueueItem> {
        let entry = |written: &str| {
            let (id, action) = written.split_once(':').unwrap();
            let body = json!({ "identifier": { "deployment_request_id": id }, "trigger_action": action });
            wire::of(&body).unwrap()
        };
        entries.split_whitespace().map(entry).collect()
    }

    fn chosen(select: Select, listed: &[Deployment]) -> String {
        let wanted = Selector {
            select,
            branch: None,
            commit: None,
            run_commit: None,
            target: None,
            repository: None,
            pull: None,
            home: None,
            one_group: false,
            knows_commits: false,
        };
        let selection = wanted.select(listed);
        assert!(selection.unsure.is_none());
        selection.chosen.iter().map(|one| one.id.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_queued_ones_come_before_the_one_under_way_which_is_the_latest() {
        for (word, entries, all, latest) in [
            ("BUILDING", "b:DEPLOY c:RESTART", "b c a", "a"),
            ("QUEUED", "b:DEPLOY c:RESTART", "b c a", "a"),
            // One that left the queue in this moment is listed once.
            ("BUILDING", "a:DEPLOY b:DEPLOY", "b a", "a"),
            ("QUEUED", "a:DEPLOY b:DEPLOY", "b a", "a"),
            // A teardown is no deployment.
            ("DELETING", "b:STOP c:DELETE d:DELETE_RESOURCES_ONLY e:UNINSTALL f:DEPLOY g:", "f g", ""),
            // What is behind one that is being canceled is not the latest.
            ("CANCELING", "b:DEPLOY", "b", ""),
            ("DEPLOYED", "b:DEPLOY", "b", "b"),
            ("CANCELED", "b:DEPLOY", "b", "b"),
            ("READY", "b:DEPLOY", "b", "b"),
        ] {
            let listed = qovery().in_order(&now(word, "a"), &queue(entries)).unwrap();
            let seen = (chosen(Select::All, &listed), chosen(Select::Latest, &listed));
            assert_eq!(seen, (all.to_owned(), latest.to_owned()), "{word} {entries}");
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
            let listed = qovery().in_order(&now(word, name), &[]).unwrap();
            let seen: Vec<_> = listed.iter().map(|one| one.state).collect();
            assert_eq!(seen, states, "{word}");
        }
    }

    #[test]
    fn what_cannot_be_named_is_not_left_out_in_silence() {
        assert!(qovery().in_order(&now("BUILDING", ""), &[]).is_err());
        for bad in [":DEPLOY", "..:DEPLOY", "'x':DEPLOY"] {
            assert!(qovery().in_order(&now("READY", ""), &queue(bad)).is_err(), "{bad}");
        }
        let listed = qovery().in_order(&now("BUILDING", "a"), &[]).unwrap();
        assert!(!listed[0].queued_behind && Ids::of(&listed[0]).is(&now("BUILDING", "a").ids));
    }
}
