//! What the deployments of all platforms have in common, and where a platform keeps its own.

use serde_json::{Value, json};

use super::http::{Answer, merge};
use super::live::Slots;
use super::platform::{Addition, Platform, Platforms, Tokens};
use super::script::{CancelAnswer, Script};
use super::stand::{About, One};

/// The commit a deployment carries until told otherwise.
pub const COMMIT: &str = "9a4df0b8e161e323bc3cdf1dc71878080fe144fa";

/// A deployment, with what only those of its platform have.
#[derive(Clone, Debug)]
pub struct Deployment<O> {
    /// Its id.
    pub id: String,
    /// The app, project, service or environment that it belongs to.
    pub scope: String,
    /// What it goes through.
    pub script: Script,
    /// `main` until told otherwise.
    pub branch: String,
    /// Absent when it was made without git.
    pub commit: Option<String>,
    /// The owner of the fork that it is made from.
    pub owner: Option<String>,
    /// Where it goes.
    pub target: Option<String>,
    /// When it was created, as the platform writes it.
    pub created: Value,
    /// The shape of an accepted cancel's answer.
    pub cancel_answer: CancelAnswer,
    /// The status a cancel gets once it is finished.
    pub finished_cancel: u16,
    /// When it went live last, by the platform's clock in milliseconds.
    pub live: Option<i64>,
    /// When another took its place.
    pub replaced: Option<i64>,
    /// What was live when it was created, and when it went live.
    pub before: [Option<String>; 2],
    /// What was built, where it is a copy of that.
    pub build: Option<String>,
    /// What others do not have.
    pub own: O,
    patch: Value,
    fields: Vec<(String, Value)>,
}

/// Words before a cancel takes effect, and afterwards.
pub type Words = (&'static [&'static str], &'static [&'static str]);

/// What only the deployments of one platform have.
pub trait Own: Clone + Send + Sized + 'static {
    /// That platform.
    type Platform: Platform + Default;
    /// The words of one that runs until it is canceled, and those from the moment a cancel takes effect.
    const COURSE: Words;
    /// The words after which nothing comes.
    const FINISHED: &'static [&'static str] = &[];
    /// Whether nothing comes after that word.
    fn is_finished(word: &str) -> bool {
        Self::FINISHED.contains(&word)
    }
    /// The fields that say when one was created.
    const CREATED: &'static [&'static str] = &[];
    /// Where the platform keeps them.
    fn fleet(platform: &mut Self::Platform) -> &mut Fleet<Self>;
    /// One as the platform shows it in that state.
    fn json(one: &Deployment<Self>, word: &str) -> Value;
    /// The same as the answer of an accepted cancel.
    fn canceled(one: &Deployment<Self>, word: &str) -> Value {
        one.json(word)
    }
    /// Another one in that place.
    fn another(one: &Deployment<Self>) -> Value {
        let body = Self::canceled(one, one.script.now());
        if body.is_null() {
            return json!({ "id": "another" });
        }
        let id = json!(one.id).to_string();
        serde_json::from_str(&body.to_string().replace(&id, r#""another""#)).expect("JSON with another text in it")
    }
    /// When one was created, so many seconds after the first.
    fn created(second: usize) -> Value {
        json!(format!("{}Z", time(second)))
    }
    /// Whether that id is one of its ids.
    fn is(one: &Deployment<Self>, id: &str) -> bool {
        one.id == id
    }
    /// The word that is true of it now.
    fn word(one: &Deployment<Self>) -> &str {
        one.script.now()
    }
    /// The words on which one goes live.
    const LIVE: &'static [&'static str] = &[];
    /// Whether it goes live now.
    fn goes_live(one: &Deployment<Self>) -> bool {
        Self::LIVE.contains(&Self::word(one))
    }
    /// What it goes live in; `None`: no live pointer of the platform ever names it.
    fn slot(_one: &Deployment<Self>) -> Option<&str> {
        None
    }
    /// Another one has taken its place.
    fn replace(_one: &mut Deployment<Self>) {}
    /// It is built, and its slot takes nothing new at present.
    fn park(_one: &mut Deployment<Self>) {}
    /// Puts what one needs on the platform, such as its app, before it arrives there.
    fn precede(_platform: &mut Self::Platform, _one: &mut Deployment<Self>) {}
}

/// A time of UTC, so many seconds after the first.
pub fn time(second: usize) -> String {
    let (day, hour, minute) = (1 + second / 86_400, second / 3600 % 24, second / 60 % 60);
    format!("2026-08-{day:02}T{hour:02}:{minute:02}:{:02}", second % 60)
}

impl<O: Own> Deployment<O> {
    /// One that runs until it is canceled, of branch `main` and commit [`COMMIT`].
    pub fn made(scope: &str, id: &str, own: O) -> Self {
        Deployment {
            id: id.to_owned(),
            scope: scope.to_owned(),
            script: Script::new(O::COURSE.0, O::COURSE.1),
            branch: "main".to_owned(),
            commit: Some(COMMIT.to_owned()),
            owner: None,
            target: None,
            created: Value::Null,
            cancel_answer: CancelAnswer::Current,
            finished_cancel: 400,
            live: None,
            replaced: None,
            before: [None, None],
            build: None,
            own,
            patch: json!({}),
            fields: Vec::new(),
        }
    }

    /// The words it goes through undisturbed; see [`Script`].
    pub fn states<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.script.set_states(states);
        self
    }

    /// The words from the moment a cancel takes effect; see [`Script`].
    pub fn after_cancel<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.script.set_after_cancel(states);
        self
    }

    /// The branch.
    pub fn branch(mut self, branch: &str) -> Self {
        self.branch = branch.to_owned();
        self
    }

    /// The commit.
    pub fn commit(mut self, commit: &str) -> Self {
        self.commit = Some(commit.to_owned());
        self
    }

    /// Knows neither branch nor commit, as when made without git or from an image.
    pub fn without_commit(mut self) -> Self {
        self.commit = None;
        self
    }

    /// Where it goes; none is where the platform sends it by itself.
    pub fn target(mut self, target: Option<&str>) -> Self {
        self.target = target.map(str::to_owned);
        self
    }

    /// When it was created, as the platform writes it; otherwise a second after the one added before.
    pub fn created_at(mut self, time: impl Into<Value>) -> Self {
        self.created = time.into();
        self
    }

    /// The shape of a successful cancel's answer.
    pub fn cancel_answer(mut self, shape: CancelAnswer) -> Self {
        self.cancel_answer = shape;
        self
    }

    /// The status a cancel gets once it is finished; 200 answers with the deployment as it is.
    pub fn finished_cancel(mut self, status: u16) -> Self {
        self.finished_cancel = status;
        self
    }

    /// Lays a JSON merge patch over the deployment, in reads and lists; null removes a field.
    pub fn patch(mut self, patch: Value) -> Self {
        self.patch = patch;
        self
    }

    /// Sets one field as it is, null included, in reads and lists.
    pub fn field(mut self, name: &str, value: Value) -> Self {
        self.fields.push((name.to_owned(), value));
        self
    }

    /// As a test tells of it.
    pub fn like(mut self, about: &About, one: &One) -> Self {
        let (states, after, answer) = about.words(&one.course);
        self.created = O::created(one.at);
        self.owner = one.owner.map(str::to_owned);
        self.commit = one.branch.map(|_| one.commit.to_owned());
        let undated = O::CREATED.iter().filter(|_| one.undated);
        self.fields.extend(undated.map(|name| ((*name).to_owned(), Value::Null)));
        self.states(states)
            .after_cancel(after)
            .cancel_answer(CancelAnswer::shows(answer))
            .branch(one.branch.unwrap_or_default())
            .target(one.target)
    }

    /// A newer copy of it, as a roll back makes one, with these words before it.
    pub fn copy<S: Into<String>>(&self, id: &str, states: impl IntoIterator<Item = S>) -> Self {
        let build = self.build.clone().or_else(|| Some(self.id.clone()));
        let plain = Self { id: id.to_owned(), build, live: None, replaced: None, fields: Vec::new(), ..self.clone() };
        Self { script: Script::new(O::COURSE.0, O::COURSE.1), ..plain }.states(states)
    }

    /// When it was created, where the platform writes that as a text.
    pub fn created(&self) -> &str {
        self.created.as_str().unwrap_or_default()
    }

    /// As the platform shows it in that state.
    pub fn json(&self, word: &str) -> Value {
        self.adjusted(O::json(self, word))
    }

    /// A body with the changes that a test has made.
    pub fn adjusted(&self, mut body: Value) -> Value {
        merge(&mut body, &self.patch);
        for (name, value) in &self.fields {
            body[name] = value.clone();
        }
        body
    }

    /// As it is now, which does not move it on.
    pub fn shown(&self) -> Value {
        self.json(self.script.now())
    }

    /// As a read shows it, after which it moves on.
    pub fn read(&mut self) -> Value {
        let word = self.script.read();
        self.json(&word)
    }

    /// Takes a cancel request; the status instead, when it is too late for one.
    pub fn cancel(&mut self) -> Result<Answer, u16> {
        if O::is_finished(self.script.now()) {
            return match self.finished_cancel {
                200 => Ok(Answer::json(200, &O::canceled(self, self.script.now()))),
                other => Err(other),
            };
        }
        let took_effect = self.script.cancel();
        Ok(Answer::json(200, &self.canceled()).effect(took_effect))
    }

    /// What an accepted cancel is answered; null is no body.
    pub fn canceled(&self) -> Value {
        match &self.cancel_answer {
            CancelAnswer::Current => O::canceled(self, self.script.now()),
            CancelAnswer::Word(word) => O::canceled(self, word),
            CancelAnswer::OtherId => O::another(self),
            CancelAnswer::Empty => Value::Null,
        }
    }
}

impl<O: Own> Addition for Deployment<O> {
    fn add_to(mut self, platforms: &mut Platforms) {
        let platform = platforms.of::<O::Platform>();
        O::precede(platform, &mut self);
        O::fleet(platform).add(self);
        O::fleet(platform).settle();
    }
}

/// The tokens and deployments of a platform.
pub struct Fleet<O> {
    /// Who may do what.
    pub tokens: Tokens,
    /// In the order in which they were added.
    pub all: Vec<Deployment<O>>,
    /// How many answers it has given.
    pub answers: u32,
    /// What is live.
    pub slots: Slots,
    added: usize,
    /// Where the last one was that was looked for.
    near: usize,
    /// Those that may have gone live since anybody looked.
    touched: Option<usize>,
}

impl<O> Default for Fleet<O> {
    fn default() -> Self {
        Fleet {
            tokens: Tokens::default(),
            all: Vec::new(),
            answers: 0,
            slots: Slots::default(),
            added: 0,
            near: 0,
            touched: None,
        }
    }
}

impl<O: Own> Fleet<O> {
    /// Takes one in, in the place of the one with its id.
    pub fn add(&mut self, mut one: Deployment<O>) {
        if one.created.is_null() {
            one.created = O::created(self.added);
        }
        self.added += 1;
        one.before[0] = O::slot(&one).and_then(|slot| Some(self.slots.live(slot)?.id.clone()));
        let known = self.all.iter().position(|known| known.id == one.id && known.scope == one.scope);
        match known {
            Some(at) => self.all[at] = one,
            None => self.all.push(one),
        }
        self.touched = known.or(Some(self.all.len() - 1));
    }

    /// What has reached its end goes live, and takes another one's place.
    pub fn settle(&mut self) {
        let Some(at) = self.touched.take() else { return };
        let one = &mut self.all[at];
        let goes_live = one.live.is_none() && O::goes_live(one);
        let Some(slot) = O::slot(one).filter(|_| goes_live).map(str::to_owned) else { return };
        if self.slots.is_parked(&slot) {
            O::park(one);
        } else {
            let since = self.point(&slot, at);
            self.all[at].live = Some(since);
        }
    }

    /// Takes in a newer copy of the one in that place, as a roll back makes one; where it is then.
    pub fn copy(&mut self, at: usize, id: &str, states: &[&str]) -> usize {
        const LATER: usize = 10_000;
        let copy = self.all[at].copy(id, states.iter().copied()).created_at(O::created(LATER + self.added));
        self.add(copy);
        self.all.len() - 1
    }

    /// Points a slot to the one in that place; the moment at which that happens.
    pub fn point(&mut self, slot: &str, at: usize) -> i64 {
        let before = self.slots.live(slot).map(|served| served.id.clone());
        let one = &mut self.all[at];
        let build = one.build.clone().unwrap_or_else(|| one.id.clone());
        let since = self.slots.point(slot, &one.id, &build);
        one.before[1].clone_from(&before);
        one.replaced = None;
        let is_replaced =
            |known: &&mut Deployment<O>| before.as_ref() == Some(&known.id) && O::slot(known) == Some(slot);
        let others = self.all.iter_mut().enumerate().filter(|(place, _)| *place != at).map(|(_, known)| known);
        for known in others.filter(is_replaced) {
            known.replaced = Some(since);
            O::replace(known);
        }
        since
    }

    /// The only one that is it. It is looked for around the last one first: thousands are asked for in their order.
    pub fn find_only(&mut self, is_it: impl Fn(&Deployment<O>) -> bool) -> Option<&mut Deployment<O>> {
        let from = self.near.saturating_sub(100);
        let mut places = (from..self.all.len()).chain(0..from);
        self.near = places.find(|at| is_it(&self.all[*at]))?;
        self.touched = Some(self.near);
        self.all.get_mut(self.near)
    }

    /// The first that is it.
    pub fn find(&mut self, is_it: impl Fn(&Deployment<O>) -> bool) -> Option<&mut Deployment<O>> {
        self.touched = self.all.iter().position(is_it);
        self.all.get_mut(self.touched?)
    }

    /// Those that are wanted, the newest first.
    pub fn newest_first(&self, is_wanted: impl Fn(&Deployment<O>) -> bool) -> Vec<&Deployment<O>> {
        let mut found: Vec<_> = self.all.iter().rev().filter(|known| is_wanted(known)).collect();
        found.sort_by(|one, other| order(&other.created).cmp(&order(&one.created)));
        found
    }
}

/// Times of one platform are either numbers or texts.
fn order(time: &Value) -> (Option<i64>, Option<&str>) {
    (time.as_i64(), time.as_str())
}

/// What the sandbox asks every platform for.
pub trait Desk {
    /// Who may do what.
    fn tokens(&mut self) -> &mut Tokens;
    /// Counts one more answer.
    fn count_answer(&mut self) -> u32;
    /// How many cancel requests changed the course of that deployment.
    fn effective_cancels(&self, id: &str) -> usize;
    /// The word that is true of that deployment now, whatever anybody was shown.
    fn truth(&self, id: &str) -> Option<String>;
    /// What has reached its end goes live.
    fn settle(&mut self);
    /// Everything in flight comes to its end, the oldest first.
    fn run_out(&mut self);
    /// What is live.
    fn slots(&mut self) -> &mut Slots;
    /// Forgets a deployment, as a platform does after its time.
    fn lose(&mut self, id: &str);
    /// Whether a path names a deployment that a roll back has made.
    fn is_of_a_copy(&self, path: &str) -> bool;
}

impl<O: Own> Desk for Fleet<O> {
    fn tokens(&mut self) -> &mut Tokens {
        &mut self.tokens
    }

    fn count_answer(&mut self) -> u32 {
        self.answers += 1;
        self.answers
    }

    fn effective_cancels(&self, id: &str) -> usize {
        self.all.iter().filter(|known| O::is(known, id)).map(|known| known.script.cancels()).sum()
    }

    fn truth(&self, id: &str) -> Option<String> {
        self.all.iter().find(|known| O::is(known, id)).map(|known| O::word(known).to_owned())
    }

    fn settle(&mut self) {
        self.settle();
    }

    fn run_out(&mut self) {
        for at in 0..self.all.len() {
            self.all[at].script.run_out();
            self.touched = Some(at);
            self.settle();
        }
    }

    fn slots(&mut self) -> &mut Slots {
        &mut self.slots
    }

    fn lose(&mut self, id: &str) {
        self.all.retain(|known| !O::is(known, id));
        (self.near, self.touched) = (0, None);
    }

    fn is_of_a_copy(&self, path: &str) -> bool {
        self.all.iter().filter(|known| known.build.is_some()).any(|known| path.split('/').any(|part| part == known.id))
    }
}
