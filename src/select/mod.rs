//! Which deployments a run means when no id is given: latest, commit, branch, superseded, all. Pure.
//!
//! Only deployments in flight are ever chosen. Commits and branches are compared here, never by the platform: a
//! platform's own filter may miss or lag.

pub mod guard;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::deployment::{Deployment, Source, State, same_commit};

/// The most deployments chosen at once, unless all are meant.
pub const MOST: usize = 1000;

/// How much of a commit is shown, where nothing else depends on it.
const SHOWN_COMMIT: usize = 12;

/// What supersedes what, by repository, branch and target.
type Groups<'a> = BTreeMap<[Option<&'a str>; 3], Vec<&'a Deployment>>;

/// What `select` can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Select {
    /// The newest in flight.
    Latest,
    /// All made from a commit.
    Commit,
    /// All made from a branch.
    Branch,
    /// All but the newest of each branch and target.
    Superseded,
    /// All in flight.
    All,
}

impl Select {
    /// Every kind, in the order of the documents.
    pub const ALL: [Self; 5] = [Self::Latest, Self::Commit, Self::Branch, Self::Superseded, Self::All];

    /// What the user writes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Latest => "latest",
            Self::Commit => "commit",
            Self::Branch => "branch",
            Self::Superseded => "superseded",
            Self::All => "all",
        }
    }

    /// Takes a word in any case.
    pub fn parse(text: &str) -> Result<Self, String> {
        let word = text.to_ascii_lowercase();
        let found = Self::ALL.into_iter().find(|select| select.word() == word);
        found.ok_or_else(|| "takes `latest`, `commit`, `branch`, `superseded` or `all`".to_owned())
    }
}

/// What is wanted of a list.
#[derive(Clone, Debug)]
pub struct Selector {
    /// The kind.
    pub select: Select,
    /// For `branch`, and for `superseded` when written.
    pub branch: Option<String>,
    /// For `commit`; seven characters or more.
    pub commit: Option<String>,
    /// Only deployments to this target.
    pub target: Option<String>,
    /// The branch is a fork's: a deployment must come from this repository (`owner/name`) as well.
    pub repository: Option<String>,
    /// The branch is this repository's own: a deployment that says it comes from another one is not meant.
    pub home: Option<String>,
    /// The scope is one line of deployments: branches do not divide it into groups.
    pub one_group: bool,
    /// Deployments carry commits here, so a commit is a way to be sure which one is meant.
    pub knows_commits: bool,
}

/// What was chosen from a list.
#[derive(Debug, Default)]
pub struct Selection {
    /// To be canceled, newest first.
    pub chosen: Vec<Deployment>,
    /// The ones that are kept, for `superseded`: read again before their group is canceled.
    pub kept: Vec<Deployment>,
    /// The same, group by group.
    pub keepers: Vec<Arc<[Deployment]>>,
    /// Which of [`Self::keepers`] each of the chosen gives way to, by the chosen one's id.
    pub gives_way_to: HashMap<String, usize>,
    /// For `commit`, when nothing of it is in flight any more: how that commit ended, as if its id had been given.
    pub ended: Option<Deployment>,
    /// Why nobody can know whether what was meant went live, when nothing was chosen: goes on where
    /// [`Self::looked_at`] ends.
    pub perhaps_live: Option<String>,
    /// What was looked at, as a sentence without its full stop.
    pub looked_at: String,
    /// Sentences worth a warning.
    pub warnings: Vec<String>,
    /// Sentences worth a line of the log.
    pub notes: Vec<String>,
    /// Why nothing can be chosen safely.
    pub refused: Option<String>,
}

impl Selection {
    fn warning(mut self, text: Option<String>) -> Self {
        self.warnings.extend(text);
        self
    }
}

impl Selector {
    /// What is wanted, in a few words.
    pub fn describe(&self) -> String {
        let branch = self.branch.as_deref().unwrap_or("?");
        let what = match self.select {
            Select::Latest => "the latest deployment".to_owned(),
            Select::Commit => format!("all deployments of commit {}", self.commit.as_deref().unwrap_or("?")),
            Select::Branch => format!("all deployments of branch {branch}"),
            Select::Superseded if self.branch.is_some() => {
                format!("superseded deployments of branch {branch}")
            }
            Select::Superseded => "superseded deployments".to_owned(),
            Select::All => "all deployments".to_owned(),
        };
        let target = self.target.as_ref().map(|target| format!(" to {target}"));
        what + &target.unwrap_or_default()
    }

    /// Chooses from the deployments of a scope.
    pub fn pick(&self, listed: &[Deployment]) -> Selection {
        let target = |one: &&Deployment| self.target.as_ref().is_none_or(|wanted| one.target.as_ref() == Some(wanted));
        let in_target: Vec<_> = listed.iter().filter(target).collect();
        let unseen_target = self.unseen_target(listed, &in_target);
        let (in_target, automatic) = self.apart(in_target);
        let mut picked = match self.select {
            Select::Latest => pick_latest(&in_target),
            Select::All => Selection { chosen: owned(in_flight(&in_target)), ..Selection::default() },
            Select::Commit => {
                self.pick_matching(&in_target, |source| self.is_commit(source), |source| source.commit.is_some())
            }
            Select::Branch => self
                .pick_matching(&in_target, |source| self.is_branch(source), |source| source.branch.is_some())
                .warning(self.strangers(&in_target)),
            Select::Superseded => self.pick_superseded(&in_target),
        };
        self.mind_unknown(&in_target, &mut picked);
        picked.warnings.extend(unseen_target);
        picked.looked_at = self.looked_at(&in_target);
        if automatic > 0 {
            let count = deployments(automatic);
            let besides = format!(", besides {automatic} that the platform started by itself");
            picked.looked_at.push_str(&besides);
            picked.notes.push(format!(
                "{count} in flight that the platform started by itself: left alone, only `select: all` or `deployment_id` cancels one of these."
            ));
        }
        if picked.chosen.is_empty() {
            self.look_back(&in_target, &mut picked);
        }
        picked.chosen.sort_by_key(|one| std::cmp::Reverse(one.created));
        picked
    }

    /// What the platform started by itself, such as the copy that an autoscaler makes, is nobody's push: it is set apart,
    /// unless all are meant or it is live, since then its commit is. Answers with how many of those are in flight.
    fn apart<'a>(&self, listed: Vec<&'a Deployment>) -> (Vec<&'a Deployment>, usize) {
        let counts = |one: &&Deployment| !one.automatic || self.select == Select::All || one.went_live();
        let (counting, automatic): (Vec<_>, Vec<_>) = listed.into_iter().partition(counts);
        (counting, in_flight(&automatic).len())
    }

    /// Nothing is in flight of what was meant: what can be said of those that are over, or that nobody understands.
    fn look_back(&self, listed: &[&Deployment], picked: &mut Selection) {
        let mut meant: Vec<_> = listed.to_vec();
        match self.select {
            Select::Commit => meant.retain(|one| one.sources.iter().any(|it| self.is_commit(it))),
            Select::Branch => meant.retain(|one| one.sources.iter().any(|it| self.is_branch(it))),
            Select::Superseded => {
                let groups = self.groups(listed);
                meant = groups.into_values().flat_map(without_kept).collect();
            }
            Select::Latest | Select::All => {}
        }
        meant.retain(|one| !is_in_flight(one));
        let is_live = |one: &&&Deployment| one.went_live();
        let open = meant.iter().find(|one| !one.is_terminal());
        if self.select == Select::Commit {
            let live = meant.iter().filter(is_live).max_by_key(|one| one.created);
            let last = meant.iter().max_by_key(|one| one.created);
            let ended = live.or(last.filter(|_| open.is_none()));
            picked.ended = ended.map(|one| (**one).clone());
            if picked.ended.is_some() {
                return;
            }
        }
        let newest = meant.iter().filter_map(|one| one.created).max();
        let mut last = meant.iter().filter(|one| one.created.is_none() || one.created == newest);
        let telling = open.or_else(|| last.find(|one| may_be_live(one).is_some()));
        let told = telling.and_then(|one| Some((one, may_be_live(one)?)));
        picked.perhaps_live = told.map(|(one, how)| self.how_to_be_sure(one, &how));
    }

    fn how_to_be_sure(&self, one: &Deployment, how: &str) -> String {
        let commit = one.commit.as_ref().map(|commit| {
            let short: String = commit.chars().take(SHOWN_COMMIT).collect();
            format!("commit {short}")
        });
        let created = one.created.map(|created| format!("created {created}"));
        let facts: Vec<_> = commit.into_iter().chain(created).collect();
        let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
        let cure = if self.knows_commits && self.select != Select::Commit {
            "use `select: commit` or give `deployment_id`"
        } else {
            "give `deployment_id`"
        };
        format!("; {}{facts}, the newest that could have been meant, {how}: to be sure, {cure}", one.id)
    }

    /// A target that no deployment has may be mistyped: the ones that were seen are named.
    fn unseen_target(&self, listed: &[Deployment], in_target: &[&Deployment]) -> Option<String> {
        let wanted = self.target.as_ref().filter(|_| in_target.is_empty())?;
        let seen: BTreeSet<_> = listed.iter().filter_map(|one| one.target.as_deref()).collect();
        let seen: Vec<_> = seen.into_iter().collect();
        (!seen.is_empty())
            .then(|| format!("No deployment to {wanted} was seen; the targets that were seen are {}.", seen.join(", ")))
    }

    /// A word that nobody knows is no end: it is said, and `latest` is not sure any more if such a one is newer.
    fn mind_unknown(&self, listed: &[&Deployment], picked: &mut Selection) {
        let unknown = |one: &&&Deployment| one.state == State::Unknown && !one.is_terminal();
        let unknown: Vec<_> = listed.iter().filter(unknown).collect();
        let Some(first) = unknown.first() else {
            return;
        };
        let word = &first.platform_state;
        let count = deployments(unknown.len());
        let newest = unknown.iter().filter_map(|one| one.created).max();
        let chosen = picked.chosen.iter().filter_map(|one| one.created).max();
        // One without a time may be newer than any, and any may be newer than one without a time.
        let undated = unknown.iter().any(|one| one.created.is_none());
        if self.select == Select::Latest && (undated || newest >= chosen) {
            picked.chosen.clear();
            picked.refused =
                Some(format!("{count} in a state that is not known ({word}) may be the latest; nothing was sent."));
        }
        picked.warnings.push(format!(
            "{count} in a state that is not known ({word}) left alone: to cancel one of these, give `deployment_id`."
        ));
    }

    fn pick_matching(
        &self,
        listed: &[&Deployment],
        matches: impl Fn(&Source) -> bool,
        tells: impl Fn(&Source) -> bool,
    ) -> Selection {
        let flying = in_flight(listed);
        let silent = flying.iter().filter(|one| !one.sources.iter().any(&tells)).count();
        let chosen = flying.into_iter().filter(|one| one.sources.iter().any(&matches));
        let mut picked = Selection { chosen: owned(chosen.collect()), ..Selection::default() };
        if silent > 0 {
            let what = if self.select == Select::Commit { "commit" } else { "branch" };
            picked.warnings.push(format!(
                "{} in flight without a {what}: to cancel one of these, give `deployment_id`.",
                deployments(silent)
            ));
        }
        picked
    }

    /// What is in flight of a branch of that name, but from another repository than this run's.
    fn strangers(&self, listed: &[&Deployment]) -> Option<String> {
        let is_named = |source: &Source| source.branch.is_some() && source.branch == self.branch;
        let left = in_flight(listed)
            .into_iter()
            .filter(|one| one.sources.iter().any(is_named) && !one.sources.iter().any(|it| self.is_branch(it)));
        let count = left.count();
        (count > 0).then(|| {
            let ours = self.repository.as_ref().or(self.home.as_ref());
            format!(
                "{} in flight of a branch of the same name that does not come from {}: left alone; if it is meant, write `branch`, or give `deployment_id`.",
                deployments(count),
                ours.map_or("this repository", String::as_str)
            )
        })
    }

    fn is_meant(&self, one: &Deployment) -> bool {
        one.sources.iter().any(|source| self.is_commit(source) || self.is_branch(source))
    }

    fn is_commit(&self, source: &Source) -> bool {
        let (Some(wanted), Some(found)) = (&self.commit, &source.commit) else {
            return false;
        };
        same_commit(wanted, found)
    }

    fn is_branch(&self, source: &Source) -> bool {
        let found = source.repository.as_deref();
        let is = |wanted: &String| found.map(|found| found.eq_ignore_ascii_case(wanted));
        let from_fork = self.repository.as_ref().is_none_or(|wanted| is(wanted) == Some(true));
        let from_home = self.home.as_ref().is_none_or(|wanted| is(wanted) != Some(false));
        from_fork && from_home && self.branch.is_some() && source.branch == self.branch
    }

    /// What supersedes what: those of one branch and target. One whose branch is not known belongs to no group, and a
    /// fork's branch of the same name is another branch. What the platform started by itself supersedes nothing.
    fn groups<'a>(&self, listed: &[&'a Deployment]) -> Groups<'a> {
        let mut groups = Groups::new();
        for one in listed.iter().filter(|one| !one.automatic) {
            let branch = one.branch.as_deref();
            let mut sources = one.sources.iter();
            let repository = sources.find_map(|source| source.repository.as_deref());
            let is_wanted = self.branch.is_none() || branch == self.branch.as_deref();
            let key = if self.one_group {
                [None; 3]
            } else if branch.is_some() && is_wanted {
                [repository, branch, one.target.as_deref()]
            } else {
                continue;
            };
            groups.entry(key).or_default().push(one);
        }
        groups
    }

    fn pick_superseded(&self, listed: &[&Deployment]) -> Selection {
        let mut picked = Selection::default();
        let is_silent = |one: &&Deployment| !self.one_group && one.branch.is_none();
        let silent = in_flight(listed).into_iter().filter(is_silent).count();
        let mut undated = 0;
        for group in self.groups(listed).values() {
            undated += group.iter().filter(|one| is_in_flight(one) && one.created.is_none()).count();
            let Some((newest, kept)) = newest_kept(group) else {
                continue;
            };
            let older = |one: &&&Deployment| is_in_flight(one) && one.created.is_some_and(|created| created < newest);
            let chosen: Vec<_> = group.iter().filter(older).map(|one| (*one).clone()).collect();
            if !chosen.is_empty() {
                let group = picked.keepers.len();
                let give_way = chosen.iter().map(|one| (one.id.clone(), group));
                picked.gives_way_to.extend(give_way);
                picked.keepers.push(kept.clone().into());
                picked.chosen.extend(chosen);
                picked.kept.extend(kept);
            }
        }
        if silent > 0 {
            picked.warnings.push(format!(
                "{} in flight without a branch: they belong to no group and are left alone.",
                deployments(silent)
            ));
        }
        if undated > 0 {
            picked.warnings.push(format!(
                "{} in flight without a time of creation: nobody knows what they supersede, and they are left alone.",
                deployments(undated)
            ));
        }
        picked
    }

    fn looked_at(&self, in_target: &[&Deployment]) -> String {
        let of = match (self.select, &self.branch, &self.commit) {
            (Select::Branch | Select::Superseded, Some(branch), _) => {
                format!(" of branch {branch}")
            }
            (Select::Commit, _, Some(commit)) => format!(" of commit {commit}"),
            _ => String::new(),
        };
        let count = match self.select {
            Select::Commit => {
                in_target.iter().filter(|one| one.sources.iter().any(|source| self.is_commit(source))).count()
            }
            // Without those of another repository, which are in flight perhaps, and warned of.
            Select::Branch => {
                in_target.iter().filter(|one| one.sources.iter().any(|source| self.is_branch(source))).count()
            }
            Select::Superseded if self.branch.is_some() => {
                in_target.iter().filter(|one| one.sources.iter().any(|source| source.branch == self.branch)).count()
            }
            _ => in_target.len(),
        };
        let target = self.target.as_ref().map(|target| format!(" to {target}")).unwrap_or_default();
        let flying = in_flight(in_target).len();
        let rest = match self.select {
            // Somebody who looks for one commit or branch wants to know that it is out already.
            Select::Commit | Select::Branch => {
                let is_live = |one: &&&Deployment| one.went_live() && self.is_meant(one);
                match in_target.iter().filter(is_live).count() {
                    0 => "none of them in flight".to_owned(),
                    live => format!("none of them in flight, {live} ended succeeded"),
                }
            }
            Select::Superseded if flying > 0 => {
                format!("{flying} in flight, none of them superseded")
            }
            _ if flying > 0 => format!("{flying} in flight, none of them meant by `select: {}`", self.select.word()),
            _ => "none of them in flight".to_owned(),
        };
        format!("{}{of}{target}, {rest}", deployments(count))
    }
}

/// Whether a deployment is worth keeping: on its way to go live, or live.
pub fn is_keepable(one: &Deployment) -> bool {
    let good = matches!(one.state, State::Queued | State::Running | State::Succeeded);
    good && !one.blocked && one.created.is_some()
}

/// The newest that is worth keeping, and all of the very same age: equal times prove no order.
fn newest_kept(group: &[&Deployment]) -> Option<(Timestamp, Vec<Deployment>)> {
    let keepable = |one: &&&Deployment| is_keepable(one);
    let newest = group.iter().filter(keepable).filter_map(|one| one.created).max()?;
    let kept = group.iter().filter(keepable).filter(|one| one.created == Some(newest));
    Some((newest, kept.map(|one| (*one).clone()).collect()))
}

/// A group without the ones that are kept: nobody wanted those stopped.
fn without_kept(group: Vec<&Deployment>) -> Vec<&Deployment> {
    let newest = newest_kept(&group).map(|(newest, _)| newest);
    let mut rest = group;
    rest.retain(|one| !is_keepable(one) || one.created != newest);
    rest
}

/// What one that is not in flight leaves open about going live, as the rest of a sentence about it.
fn may_be_live(one: &Deployment) -> Option<String> {
    match one.state {
        _ if one.went_live() => Some("has gone live".to_owned()),
        State::Unknown | State::Canceling => {
            let word = &one.platform_state;
            let live = if one.is_terminal() { "went" } else { "goes" };
            Some(format!("is {word}, which does not tell whether it {live} live"))
        }
        _ => None,
    }
}

fn pick_latest(listed: &[&Deployment]) -> Selection {
    let mut flying = in_flight(listed);
    // Where nothing has a date, what the scope is doing now is meant, even if that is nothing to be canceled.
    flying.retain(|one| !one.behind);
    match flying.as_slice() {
        [] => Selection::default(),
        [only] => Selection { chosen: vec![(*only).clone()], ..Selection::default() },
        several if several.iter().any(|one| one.created.is_none()) => Selection {
            refused: Some(format!(
                "{} are in flight and their list carries no time of creation, so nobody knows which is the latest; give `deployment_id`.",
                deployments(several.len())
            )),
            ..Selection::default()
        },
        several => {
            let newest = several.iter().filter_map(|one| one.created).max();
            let last: Vec<_> = several.iter().filter(|one| one.created == newest).collect();
            match last.as_slice() {
                [only] => Selection { chosen: vec![(**only).clone()], ..Selection::default() },
                _ => Selection {
                    refused: Some(format!(
                        "{} in flight were created at the same time, so nobody knows which is the latest; nothing was sent.",
                        deployments(last.len())
                    )),
                    ..Selection::default()
                },
            }
        }
    }
}

/// Queued or running. One that is being canceled already needs nobody to choose it.
fn is_in_flight(one: &Deployment) -> bool {
    one.state.is_in_flight()
}

fn in_flight<'a>(listed: &[&'a Deployment]) -> Vec<&'a Deployment> {
    listed.iter().copied().filter(|one| is_in_flight(one)).collect()
}

fn owned(chosen: Vec<&Deployment>) -> Vec<Deployment> {
    chosen.into_iter().cloned().collect()
}

fn deployments(count: usize) -> String {
    if count == 1 { "1 deployment".to_owned() } else { format!("{count} deployments") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wanted(select: Select) -> Selector {
        Selector {
            select,
            branch: None,
            commit: None,
            target: None,
            repository: None,
            home: None,
            one_group: false,
            knows_commits: true,
        }
    }

    fn one(id: &str, state: State, created: i64, branch: Option<&str>, target: Option<&str>) -> Deployment {
        let source = Source {
            repository: None,
            branch: branch.map(str::to_owned),
            commit: Some(format!("{created:07x}aaaaaaa")),
        };
        Deployment {
            state,
            created: Timestamp::from_second(created).ok().filter(|_| created > 0),
            branch: branch.map(str::to_owned),
            commit: source.commit.clone(),
            target: target.map(str::to_owned),
            sources: vec![source],
            ..Deployment::unseen(id)
        }
    }

    fn ids(picked: &Selection) -> Vec<&str> {
        picked.chosen.iter().map(|one| one.id.as_str()).collect()
    }

    use State::{Canceled, Failed, Queued, Running, Succeeded};

    #[test]
    fn latest_is_the_newest_in_flight() {
        let listed = [
            one("new", Succeeded, 9, Some("main"), None),
            one("b", Running, 8, Some("main"), None),
            one("a", Queued, 7, Some("dev"), None),
        ];
        assert_eq!(ids(&wanted(Select::Latest).pick(&listed)), ["b"]);
        let undated = [one("a", Running, 0, None, None), one("b", Running, 0, None, None)];
        assert!(wanted(Select::Latest).pick(&undated).refused.is_some());
        assert_eq!(ids(&wanted(Select::Latest).pick(&undated[..1])), ["a"]);
    }

    #[test]
    fn branches_compare_exactly_and_commits_by_their_beginning() {
        let listed = [
            one("a", Running, 1, Some("main"), None),
            one("b", Running, 2, Some("main2"), None),
            one("c", Running, 3, None, None),
            one("d", Succeeded, 4, Some("main"), None),
        ];
        let main = Selector { branch: Some("main".to_owned()), ..wanted(Select::Branch) };
        let picked = main.pick(&listed);
        assert_eq!(ids(&picked), ["a"]);
        assert_eq!(picked.warnings.len(), 1);
        assert_eq!(picked.looked_at, "2 deployments of branch main, none of them in flight, 1 ended succeeded");
        let commit = Selector { commit: Some("0000002".to_owned()), ..wanted(Select::Commit) };
        assert_eq!(ids(&commit.pick(&listed)), ["b"]);
        let short = Selector { commit: Some("000000".to_owned()), ..wanted(Select::Commit) };
        assert!(ids(&short.pick(&listed)).is_empty());
    }

    #[test]
    fn a_forks_branch_of_the_same_name_is_another_branch() {
        let from = |id: &str, repository: Option<&str>| {
            let mut one = one(id, Running, 1, Some("main"), None);
            one.sources[0].repository = repository.map(str::to_owned);
            one
        };
        let listed = [from("ours", Some("me/app")), from("theirs", Some("you/app")), from("nobodys", None)];
        let main = Selector { branch: Some("main".to_owned()), ..wanted(Select::Branch) };
        let fork = Selector { repository: Some("You/App".to_owned()), ..main.clone() };
        assert_eq!(ids(&fork.pick(&listed)), ["theirs"]);
        let home = Selector { home: Some("me/app".to_owned()), ..main };
        assert_eq!(ids(&home.pick(&listed)), ["ours", "nobodys"]);
        let strangers = home.pick(&listed[1..2]);
        assert_eq!(strangers.warnings.len(), 1);
        assert_eq!(strangers.looked_at, "0 deployments of branch main, none of them in flight");
    }

    #[test]
    fn superseded_keeps_the_newest_that_is_worth_it() {
        for (newest, chosen) in [
            (Succeeded, vec!["b", "a"]),
            (Running, vec!["b", "a"]),
            (Failed, vec!["a"]),
            (Canceled, vec!["a"]),
            (State::Unknown, vec!["a"]),
        ] {
            let listed = [
                one("c", newest, 3, Some("main"), None),
                one("b", Running, 2, Some("main"), None),
                one("a", Queued, 1, Some("main"), None),
                one("x", Running, 1, Some("dev"), None),
                one("p", Running, 1, Some("main"), Some("production")),
            ];
            assert_eq!(ids(&wanted(Select::Superseded).pick(&listed)), chosen, "{newest:?}");
        }
    }

    #[test]
    fn what_is_held_back_or_undated_supersedes_nothing() {
        let mut held = one("c", Queued, 3, Some("main"), None);
        held.blocked = true;
        let listed = [held, one("b", Running, 2, Some("main"), None), one("u", Running, 0, Some("main"), None)];
        let picked = wanted(Select::Superseded).pick(&listed);
        assert!(ids(&picked).is_empty(), "{:?}", ids(&picked));
        assert_eq!(picked.warnings.len(), 1);
    }

    #[test]
    fn a_target_that_was_never_seen_is_said() {
        let listed = [one("a", Running, 1, Some("main"), Some("production"))];
        let picked = Selector { target: Some("prodution".to_owned()), ..wanted(Select::All) }.pick(&listed);
        assert!(picked.chosen.is_empty());
        assert_eq!(
            picked.warnings,
            ["No deployment to prodution was seen; the targets that were seen are production."]
        );
    }

    fn of_commit(listed: &[Deployment]) -> Selection {
        let commit = Some("0000001".to_owned());
        Selector { commit, ..wanted(Select::Commit) }.pick(listed)
    }

    /// The commonest failure of all: the build was faster than the tests.
    #[test]
    fn a_commit_that_is_over_is_told_by_the_one_that_is_live_else_the_newest() {
        let of = |id: &str, state, created| Deployment {
            sources: vec![Source::told(None, Some("main"), Some("0000001aaaaaaa"))],
            ..one(id, state, created, Some("main"), None)
        };
        let other = one("other", Succeeded, 9, Some("main"), None);
        for (listed, ended) in [
            (vec![], None),
            (vec![of("a", Failed, 1)], Some("a")),
            (vec![of("a", Failed, 1), of("b", Canceled, 2)], Some("b")),
            (vec![of("a", Succeeded, 1), of("b", Canceled, 2)], Some("a")),
            (vec![of("a", Succeeded, 1), of("b", Succeeded, 2)], Some("b")),
            (vec![of("a", Succeeded, 1), of("b", State::Unknown, 2)], Some("a")),
            (vec![of("a", Failed, 1), of("b", State::Unknown, 2)], None),
            (vec![of("a", Succeeded, 1), of("b", Running, 2)], None),
        ] {
            let mut listed = listed;
            listed.push(other.clone());
            let picked = of_commit(&listed);
            let found = picked.ended.as_ref().map(|one| one.id.as_str());
            assert_eq!(found, ended, "{listed:?}");
            let open = listed.iter().any(|one| one.state == State::Unknown);
            let unsure = open && ended.is_none();
            assert_eq!(picked.perhaps_live.is_some(), unsure, "{listed:?}");
        }
    }

    #[test]
    fn where_another_push_may_be_meant_nobody_says_that_nothing_went_live() {
        let all = [Select::Latest, Select::Branch, Select::Superseded, Select::All];
        for select in all {
            let wanted = Selector { branch: Some("main".to_owned()), ..wanted(select) };
            for (state, unsure) in [(Succeeded, true), (State::Canceling, true), (Failed, false), (Canceled, false)] {
                let listed = [
                    one("kept", Succeeded, 9, Some("main"), None),
                    one("b", state, 8, Some("main"), None),
                    one("a", Failed, 7, Some("main"), None),
                ];
                // The newest of a branch is the one that `superseded` keeps.
                let from = usize::from(select != Select::Superseded);
                let picked = wanted.pick(&listed[from..]);
                assert!(picked.chosen.is_empty() && picked.ended.is_none());
                let told = picked.perhaps_live.unwrap_or_default();
                assert_eq!(!told.is_empty(), unsure, "{select:?} {state:?}");
                let says =
                    ["b (commit 0000008aaaaa, created 1970-01-01T00:00:08Z)", "`select: commit`", "`deployment_id`"];
                assert!(!unsure || says.iter().all(|it| told.contains(it)), "{told}");
            }
        }
        let listed = [one("kept", Succeeded, 9, Some("main"), None)];
        let superseded = wanted(Select::Superseded).pick(&listed);
        assert_eq!(superseded.perhaps_live, None);
        let listed = [one("theirs", Succeeded, 9, Some("dev"), None), one("ours", Failed, 8, Some("main"), None)];
        let branch = Selector { branch: Some("main".to_owned()), ..wanted(Select::Branch) };
        assert_eq!(branch.pick(&listed).perhaps_live, None);
    }

    fn automatic(id: &str, state: State, created: i64) -> Deployment {
        Deployment {
            automatic: true,
            sources: vec![Source::told(None, Some("main"), Some("0000001aaaaaaa"))],
            ..one(id, state, created, Some("main"), None)
        }
    }

    /// An autoscaled copy carries its original's commit and branch, and nobody asked for it.
    #[test]
    fn what_the_platform_started_by_itself_is_nobodys_push() {
        for state in [Running, Queued, Failed, Canceled, State::Unknown] {
            let listed = [
                automatic("copy", state, 3),
                one("b", Running, 2, Some("main"), None),
                one("a", Running, 1, Some("main"), None),
            ];
            for (select, chosen) in [
                (Select::Latest, vec!["b"]),
                (Select::Branch, vec!["b", "a"]),
                (Select::Commit, vec!["a"]),
                (Select::Superseded, vec!["a"]),
            ] {
                let wanted =
                    Selector { branch: Some("main".to_owned()), commit: Some("0000001".to_owned()), ..wanted(select) };
                let picked = wanted.pick(&listed);
                assert_eq!(ids(&picked), chosen, "{select:?} {state:?}");
                let counted = usize::from(state.is_in_flight());
                assert_eq!(picked.notes.len(), counted, "{select:?} {state:?}");
                let nothing = wanted.pick(&listed[..1]);
                assert!(nothing.chosen.is_empty() && nothing.ended.is_none());
                assert_eq!(nothing.perhaps_live, None, "{select:?} {state:?}");
            }
            let all = wanted(Select::All).pick(&listed);
            let copy = usize::from(state.is_in_flight());
            assert_eq!(all.chosen.len(), 2 + copy, "{state:?}");
        }
    }

    #[test]
    fn a_live_copy_tells_how_its_commit_ended_and_supersedes_nothing() {
        let original = one("a", State::Superseded, 1, Some("main"), None);
        let picked = of_commit(&[automatic("copy", Succeeded, 3), original]);
        assert_eq!(picked.ended.map(|one| one.id).as_deref(), Some("copy"));
        let queued = one("b", Queued, 2, Some("main"), None);
        let picked = wanted(Select::Superseded).pick(&[automatic("copy", Succeeded, 3), queued]);
        assert!(picked.chosen.is_empty());
    }

    #[test]
    fn latest_is_not_sure_beside_one_that_may_be_newer() {
        for (unknown, known, sure) in [
            (9, Some(8), false),
            (8, Some(8), false),
            (7, Some(8), true),
            (0, Some(8), false),
            (7, Some(0), false),
            (7, None, false),
        ] {
            let mut listed = vec![one("unknown", State::Unknown, unknown, None, None)];
            listed.extend(known.map(|at| one("known", Running, at, None, None)));
            let picked = wanted(Select::Latest).pick(&listed);
            assert_eq!(picked.refused.is_none(), sure, "{unknown} {known:?}");
        }
    }

    #[test]
    fn where_there_are_no_branches_all_are_one_group() {
        let listed = [one("b", Running, 2, None, None), one("a", Running, 1, None, None)];
        assert!(ids(&wanted(Select::Superseded).pick(&listed)).is_empty());
        let line = Selector { one_group: true, ..wanted(Select::Superseded) };
        assert_eq!(ids(&line.pick(&listed)), ["a"]);
    }

    fn any_deployment() -> impl Strategy<Value = Deployment> {
        let states =
            [Queued, Running, State::Canceling, Canceled, Succeeded, Failed, State::Superseded, State::Unknown];
        let branch = prop_oneof![Just(None), Just(Some("main")), Just(Some("dev"))];
        let target = prop_oneof![Just(None), Just(Some("production"))];
        let repository = prop_oneof![3 => Just(None), 1 => Just(Some("you/app"))];
        (0..states.len(), 0..6_i64, branch, target, repository, any::<bool>()).prop_map(
            move |(state, created, branch, target, repository, blocked)| {
                let mut one = one("d", states[state], created, branch, target);
                one.sources[0].repository = repository.map(str::to_owned);
                Deployment { blocked, ..one }
            },
        )
    }

    /// A history, each of it with an id of its own.
    fn any_history() -> impl Strategy<Value = Vec<Deployment>> {
        proptest::collection::vec(any_deployment(), 0..14).prop_map(|mut listed| {
            for (which, one) in listed.iter_mut().enumerate() {
                one.id = format!("d{which}");
            }
            listed
        })
    }

    /// What divides a history, where anything does.
    fn group(one: &Deployment) -> (Option<&str>, Option<&str>, Option<&str>) {
        let repository = one.sources[0].repository.as_deref();
        (one.branch.as_deref(), one.target.as_deref(), repository)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        /// Over any history: exactly those in flight are chosen that are older than one of their group that goes live
        /// or is live. What is undated, held back or in a state that nobody knows is never the one that is kept.
        #[test]
        fn superseded_is_careful(listed in any_history(), narrowed in any::<bool>(), one_group in any::<bool>(), to in any::<bool>()) {
            let branch = narrowed.then(|| "main".to_owned());
            let target = to.then(|| "production".to_owned());
            let wanted = Selector { branch: branch.clone(), target: target.clone(), one_group, ..wanted(Select::Superseded) };
            let picked = wanted.pick(&listed);
            let together = |one: &Deployment, other: &Deployment| one_group || group(one) == group(other);
            let worth = |one: &Deployment| {
                matches!(one.state, Queued | Running | Succeeded) && !one.blocked && one.created.is_some()
            };
            let meant = |one: &Deployment| {
                let of_branch = one_group || (one.branch.is_some() && (branch.is_none() || one.branch == branch));
                of_branch && (target.is_none() || one.target == target)
            };
            let in_group = |one: &Deployment, other: &Deployment| meant(other) && together(one, other);
            for one in &listed {
                let mut others = listed.iter().filter(|other| in_group(one, other) && worth(other));
                let older = one.created.is_some() && others.any(|other| other.created > one.created);
                let expected = meant(one) && matches!(one.state, Queued | Running) && older;
                prop_assert_eq!(picked.chosen.iter().any(|chosen| chosen.id == one.id), expected, "{:?}", one);
            }
            for kept in &picked.kept {
                prop_assert!(worth(kept) && meant(kept), "{kept:?} is kept");
                let mut chosen = picked.chosen.iter().filter(|chosen| together(chosen, kept));
                prop_assert!(chosen.all(|chosen| chosen.created < kept.created), "one newer than {kept:?}");
                let mut newer = listed.iter().filter(|other| in_group(kept, other) && worth(other));
                prop_assert!(newer.all(|other| other.created <= kept.created), "{kept:?} is not the newest");
            }
            for chosen in &picked.chosen {
                prop_assert!(picked.kept.iter().any(|kept| together(chosen, kept)), "nothing is kept for {chosen:?}");
            }
        }

        #[test]
        fn only_what_is_in_flight_is_ever_chosen(listed in any_history()) {
            for select in Select::ALL {
                let wanted = Selector { branch: Some("main".to_owned()), commit: Some("0000001".to_owned()), ..wanted(select) };
                prop_assert!(wanted.pick(&listed).chosen.iter().all(is_in_flight));
            }
        }
    }
}
