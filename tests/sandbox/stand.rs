//! What tests have to know of a platform, beside its sandbox, so that every promise can be tried on every one of them.

use serde_json::Value;

use super::{COMMIT, Call, Sandbox, Served, TOKEN};

/// One platform, as tests know it.
pub trait Stand: Sync {
    /// What can be said of it in words.
    fn about(&self) -> &'static About;
    /// Puts a deployment on the platform, in the place of the one with its number, with as much of it as deployments carry.
    fn put_one(&self, sandbox: &Sandbox, one: &One);
    /// Puts one there that is in flight beside others, where they do not disturb it.
    fn put_alone(&self, sandbox: &Sandbox, one: One) {
        self.put_one(sandbox, &one);
    }
    /// Puts the first scope and another one there, as they are before anything is deployed.
    fn put_scopes(&self, _sandbox: &Sandbox) {}
    /// A read's answer about a deployment in a state of ours; `None` where an answer about another one is no lie.
    fn body(&self, id: &str, word: &str) -> Option<String>;
    /// A list that shows these in that state; `None` where nothing is told by lists.
    fn list(&self, _ids: &[String], _word: &str) -> Option<String> {
        None
    }
    /// Its way back, where it has one.
    fn way_back(&self) -> Option<&'static Back> {
        None
    }
    /// The addresses that name its deployments, where it takes any.
    fn addressed(&self) -> Option<&'static Addressed> {
        None
    }
    /// Puts one there that is held by the first of their holders.
    fn put_addressed(&self, sandbox: &Sandbox, one: &One) {
        self.put_one(sandbox, one);
    }
    /// A refusal in the platform's own form, with these words.
    fn refusal(&self, text: &str) -> String {
        serde_json::json!({"id": "refused", "code": "refused", "message": text}).to_string()
    }
}

/// Names and values.
type Inputs = &'static [(&'static str, &'static str)];

/// What tests have to be told of a platform.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// As `platform` has it.
    pub name: &'static str,
    /// Its letter in tables.
    pub letter: char,
    /// The id of the deployment with that number.
    pub id: fn(usize) -> String,
    /// States of ours, each with the platform's word for it, and with the message that makes the difference where its word
    /// means several: `error: Canceled build`; it has no others.
    pub states: Inputs,
    /// A word for a deployment in flight that nobody has told us of.
    pub unknown: &'static str,
    /// The word for one that a cancel has stopped, where no word says that it was a cancel.
    pub stopped: Option<&'static str>,
    /// The inputs of a step besides the common ones and the id: its credentials, and where it looks.
    pub inputs: Inputs,
    /// How it chooses from a list; `None`: it cannot.
    pub choice: Option<Choice>,
    /// The inputs instead of a token, where one is fetched at a sign-in.
    pub sign_in_inputs: Option<Inputs>,
    /// What of that must appear nowhere, besides the token.
    pub secrets: &'static [&'static str],
    /// What stands in the place of the first scope in the inputs of a choice, for one that is not there.
    pub unknown_scope: Option<(&'static str, &'static str)>,
    /// How the addresses of its pages for people begin; empty: it tells none.
    pub links: &'static str,
    /// The right that a token needs to cancel, as a message must name it.
    pub right: &'static str,
    /// Where a deployment goes of which nothing is said.
    pub usual_target: &'static str,
    /// How it differs.
    pub traits: Traits,
}

/// Addresses that stand for a deployment and for what holds it.
pub struct Addressed {
    /// The address of a deployment of a holder, at a platform whose API is there.
    pub address: fn(api: &str, holder: &str, id: &str) -> String,
    /// What holds the deployments of the first scope, and another holder, as addresses name them.
    pub holders: [&'static str; 2],
    /// The input that names a holder, and a usual variable that names the other one.
    pub input: &'static str,
    pub usual: (&'static str, &'static str),
    /// A run is for one of them.
    pub is_for_one: bool,
    /// An address at another host is an id like any other text.
    pub others_are_ids: bool,
}

impl Addressed {
    /// What sentences call a holder.
    pub fn noun(&self) -> &'static str {
        self.input.split('_').next().unwrap_or_default()
    }
}

/// How a platform chooses from a list.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// What a step needs for it besides its other inputs.
    pub inputs: Inputs,
    /// How a list comes in pages; `None`: it is one answer.
    pub pages: Option<Pages>,
}

/// How a list comes in pages.
#[derive(Clone, Copy, Debug)]
pub struct Pages {
    /// What counts the items of one, and how many are asked for at first and after that.
    pub size: &'static str,
    pub sizes: [u32; 3],
    /// An answer that shows the deployment with that number in flight and goes on at that page, whatever was asked for.
    pub page: fn(number: usize, next: usize) -> Value,
}

/// A way in which a platform may be that it is not usually, and what makes it so.
pub type Manner = (&'static str, fn(&Sandbox));

/// The way back of a platform: how what is live can be put where it was before.
#[derive(Clone, Copy, Debug)]
pub struct Back {
    /// What the live pointer of the first scope is called in the sandbox.
    pub slot: &'static str,
    /// What that of the second scope is called, where one run can find deployments of both.
    pub beside: Option<&'static str>,
    /// Where a deployment goes that it may name; `None`: they all do.
    pub target: Option<&'static str>,
    /// The requests that show what is live.
    pub live: Call,
    /// What the live pointer and a roll back name the deployment with that id by.
    pub named: fn(&str) -> String,
    /// The request that rolls the first scope back to a deployment: method, path and body.
    pub request: fn(&str) -> (&'static str, String, Value),
    /// The status of an accepted one.
    pub accepted: u16,
    /// It is a deployment of its own, with an id of its own.
    pub makes_one: bool,
    /// It can be accepted and come to nothing.
    pub can_fail: bool,
    /// The platform tells what it replaced.
    pub tells_replaced: bool,
    /// The words of deployments in flight that wait for somebody.
    pub held: &'static [&'static str],
    /// Puts one there that has ended and was never live, as much as it may look so.
    pub never_live: fn(&Sandbox, &One),
    /// What else is in the way of a roll back, as one in flight is.
    pub busy: &'static [Manner],
    /// What makes the platform say beforehand that the target with number 2 will not do, and refuse it.
    pub refuses: &'static [Manner],
    /// What speaks against it just as well, although the platform would do as it is told.
    pub traps: &'static [Manner],
    /// What no facts tell: the ways in which it may be, beside the usual one.
    pub unknown: &'static [Manner],
}

impl About {
    /// A platform that takes one token and finds its deployments by their ids.
    pub const USUAL: About = About {
        name: "",
        letter: ' ',
        id: |number| format!("dep-{number}"),
        states: &[],
        unknown: "FROZEN",
        stopped: None,
        inputs: &[("token", TOKEN)],
        choice: None,
        sign_in_inputs: None,
        secrets: &[],
        unknown_scope: None,
        links: "",
        right: "",
        usual_target: "preview",
        traits: Traits::USUAL,
    };

    /// The platform's word for a state of ours, with its message; `None`: it has no such state.
    pub fn told(&self, state: &str) -> Option<&'static str> {
        self.states.iter().find(|(ours, _)| *ours == state).map(|(_, word)| *word)
    }

    /// The word alone.
    pub fn word(&self, state: &str) -> Option<&'static str> {
        self.told(state).map(bare)
    }

    /// The word it shows for a state of ours; a word that is not ours stands for itself.
    pub fn shown(&self, state: &'static str) -> &'static str {
        bare(self.played(state))
    }

    /// The same with its message.
    pub fn played(&self, state: &'static str) -> &'static str {
        match state {
            "unknown" => self.unknown,
            "canceled" => self.stopped.or(self.told(state)).expect("a word for what a cancel has stopped"),
            "queued" | "running" | "canceling" | "succeeded" | "failed" | "superseded" => {
                self.told(state).unwrap_or_else(|| panic!("{} has no state {state}", self.name))
            }
            own => own,
        }
    }

    /// The words of a course before a cancel, afterwards, and in its answer.
    pub fn words(&self, course: &Course) -> (Vec<&'static str>, Vec<&'static str>, Option<&'static str>) {
        let played = |states: &[&'static str]| states.iter().map(|state| self.played(state)).collect();
        (played(&course.states), played(&course.after_cancel), course.answer.map(|state| self.played(state)))
    }
}

/// The commit that the deployment with that number is made from, where each has one of its own.
pub fn commit(number: usize) -> &'static str {
    const COMMITS: [&str; 10] = [
        "686780cab026a3d61fc1ba4c33dd7a1ff49274e7",
        "0f98b1f7eda33a4e9cfaab09506aa8094044085f",
        "78b3ba12002f9cab5cbb57fac87d8c703702a196",
        "512572f7a6f150f3e8d2734f94ee4b49ae4f67ee",
        "1bcfb39c7785c36d680bf0f930b4884f9ee8629a",
        "3633d884b9fa73308fd30ad256312f4a802f86e9",
        "6eaf654e6fbe469b719459e3f937a607ecbed180",
        "99ecd36e9878c0da63346ca80792c0a324775211",
        "e74ec615d6cbd420c830a129e283b1c6fa5ab6da",
        "64d7d56c1d145e2bdddd8634cda0a7ee9e5c5ffa",
    ];
    COMMITS[number]
}

/// A word without its message.
fn bare(word: &str) -> &str {
    word.split_once(": ").map_or(word, |(word, _)| word)
}

/// How a platform differs from the others where the contract allows it.
#[derive(Clone, Copy, Debug)]
pub struct Traits {
    /// An accepted cancel request is answered with the deployment as it is, so that an end needs no further read.
    pub answer_tells: bool,
    /// A test can say what that answer shows.
    pub answer_can_lie: bool,
    /// How many reads come before the cancel request.
    pub reads_before: usize,
    /// The status of an accepted cancel request.
    pub accepted: u16,
    /// The status of one whose token may only look.
    pub no_right: u16,
    /// The status of one that comes too late.
    pub too_late: u16,
    /// Several deployments can be in flight at a time.
    pub many: bool,
    /// A new deployment of a scope ends the one in flight before it.
    pub supersedes: bool,
    /// Deployments carry a branch and a commit.
    pub commits: bool,
    /// The id of a deployment is its commit, so no two are of one commit.
    pub ids_are_commits: bool,
    /// Only the newest hundred of a list are looked at.
    pub newest_alone: bool,
    /// How many requests for lists one look at a scope without anything in flight takes.
    pub lists: usize,
    /// What is in a state that nobody knows can be canceled there.
    pub unknown_can_be_canceled: bool,
    /// A deployment may be asked to stop by a token that may not read it.
    pub blind: bool,
    /// A 400 to a read says that there is no such id.
    pub malformed_is_unknown: bool,
    /// The statuses that this platform tells inside a 200.
    pub inside_a_200: &'static [u16],
    /// A 429 without `Retry-After` says when the limit ends, in a header of the platform's own.
    pub tells_reset: bool,
    /// The header that carries the token, and what stands before it there.
    pub credential: (&'static str, &'static str),
    /// How a request id begins.
    pub request_id: &'static str,
}

impl Traits {
    /// As most platforms have them.
    pub const USUAL: Traits = Traits {
        answer_tells: true,
        answer_can_lie: true,
        reads_before: 1,
        accepted: 200,
        no_right: 403,
        too_late: 400,
        many: true,
        supersedes: false,
        commits: true,
        ids_are_commits: false,
        newest_alone: false,
        lists: 1,
        unknown_can_be_canceled: true,
        blind: true,
        malformed_is_unknown: true,
        inside_a_200: &[],
        tells_reset: true,
        credential: ("authorization", "Bearer "),
        request_id: "",
    };

    /// The status on the wire of an answer that means this one.
    pub fn on_the_wire(&self, status: u16) -> u16 {
        if self.inside_a_200.contains(&status) { 200 } else { status }
    }
}

/// What a deployment goes through, in our words; a word that is not ours is the platform's.
#[derive(Clone, Debug)]
pub struct Course {
    pub states: Vec<&'static str>,
    pub after_cancel: Vec<&'static str>,
    pub answer: Option<&'static str>,
}

impl Course {
    /// Shows these states, one for each read; a cancel that takes effect ends it as canceled.
    pub fn of(states: &[&'static str]) -> Self {
        Self { states: states.to_vec(), after_cancel: vec!["canceled"], answer: None }
    }

    /// Runs until it is canceled.
    pub fn running() -> Self {
        Self::of(&["running"])
    }

    /// The states from the moment a cancel takes effect.
    pub fn then(mut self, states: &[&'static str]) -> Self {
        self.after_cancel = states.to_vec();
        self
    }

    /// One more state before a cancel.
    pub fn and(mut self, state: &'static str) -> Self {
        self.states.push(state);
        self
    }

    /// The state in a cancel's answer, whatever is true, where the platform answers with one.
    pub fn answering(mut self, state: &'static str) -> Self {
        self.answer = Some(state);
        self
    }
}

/// A deployment among others, for a platform to choose from.
#[derive(Clone, Debug)]
pub struct One {
    pub number: usize,
    pub course: Course,
    /// 1 or 2.
    pub scope: usize,
    pub branch: Option<&'static str>,
    pub commit: &'static str,
    /// How many seconds after the others' beginning it was created.
    pub at: usize,
    pub target: Option<&'static str>,
    /// The owner of the fork that it is made from.
    pub owner: Option<&'static str>,
    pub undated: bool,
}

impl One {
    /// A running deployment of branch `main` and that commit to no target.
    pub fn new(number: usize, commit: &'static str) -> Self {
        let course = Course::running();
        Self {
            number,
            course,
            scope: 1,
            branch: Some("main"),
            commit,
            at: number,
            target: None,
            owner: None,
            undated: false,
        }
    }

    /// One that goes through this.
    pub fn course(mut self, course: &Course) -> Self {
        self.course = course.clone();
        self
    }

    pub fn state(mut self, state: &'static str) -> Self {
        self.course.states = vec![state];
        self
    }

    /// What it becomes once a cancel takes effect.
    pub fn then(mut self, after: &'static str) -> Self {
        self.course.after_cancel = vec![after];
        self
    }

    pub fn branch(mut self, branch: &'static str) -> Self {
        self.branch = Some(branch);
        self
    }

    pub fn commit(mut self, commit: &'static str) -> Self {
        self.commit = commit;
        self
    }

    /// Says neither branch nor commit.
    pub fn silent(mut self) -> Self {
        self.branch = None;
        self
    }

    /// As old as the one with that number.
    pub fn at(mut self, number: usize) -> Self {
        self.at = number;
        self
    }

    pub fn target(mut self, target: &'static str) -> Self {
        self.target = Some(target);
        self
    }

    /// Made from a fork of that owner.
    pub fn fork(mut self, owner: &'static str) -> Self {
        self.owner = Some(owner);
        self
    }

    /// In another app, project, service or environment.
    pub fn elsewhere(mut self) -> Self {
        self.scope = 2;
        self
    }

    pub fn undated(mut self) -> Self {
        self.undated = true;
        self
    }
}

impl dyn Stand {
    /// As `platform` has it.
    pub fn name(&self) -> &'static str {
        self.about().name
    }

    /// Its letter in tables.
    pub fn letter(&self) -> char {
        self.about().letter
    }

    /// The id of the deployment with that number.
    pub fn id(&self, number: usize) -> String {
        (self.about().id)(number)
    }

    /// The platform's word for a state of ours; `None`: it has no such state.
    pub fn word(&self, state: &str) -> Option<&'static str> {
        self.about().word(state)
    }

    /// A word for a deployment in flight that nobody has told us of.
    pub fn unknown(&self) -> &'static str {
        self.about().unknown
    }

    /// The word for one that a cancel has stopped.
    pub fn stopped(&self) -> &'static str {
        self.about().shown("canceled")
    }

    /// A running one that goes where it will be live, with a commit of its own.
    pub fn bound(&self, number: usize) -> One {
        // The first one is what should have been stopped, the second and the fourth one are older.
        const CREATED: [usize; 10] = [0, 11, 10, 20, 9, 21, 22, 23, 24, 25];
        let target = self.way_back().and_then(|back| back.target);
        One { target, ..One::new(number, commit(number)).at(CREATED[number]) }
    }

    /// Puts one there that goes live now, some time after the one before.
    pub fn put_live(&self, sandbox: &Sandbox, number: usize) {
        sandbox.pass(self.name(), 5);
        self.put_one(sandbox, &self.bound(number).state("succeeded"));
    }

    /// What is live in the first scope.
    pub fn live(&self, sandbox: &Sandbox) -> Option<Served> {
        sandbox.live(self.name(), self.way_back()?.slot)
    }

    /// The number of the deployment that was built for what is live in the first scope, itself or a copy of it.
    pub fn serves(&self, sandbox: &Sandbox) -> Option<usize> {
        let live = self.live(sandbox)?;
        (1..20).find(|number| self.id(*number) == live.build)
    }

    /// What its live pointer names the deployment with that number by.
    pub fn named(&self, number: usize) -> String {
        let id = self.id(number);
        self.way_back().map_or(id.clone(), |back| (back.named)(&id))
    }

    /// Somebody else rolls the first scope back to that deployment, to the end; the status of the answer.
    pub fn roll_back(&self, sandbox: &Sandbox, number: usize) -> u16 {
        let back = self.way_back().expect("a way back");
        let (method, path, body) = (back.request)(&self.id(number));
        let status = sandbox.ask(self.name(), method, &path, &body).status;
        sandbox.run_out(self.name());
        status
    }

    /// Forgets the one with that number, as the platform does after its time.
    pub fn lose(&self, sandbox: &Sandbox, number: usize) {
        sandbox.lose(self.name(), &self.id(number));
    }

    /// Puts a deployment on the platform that has nothing special but its course.
    pub fn put(&self, sandbox: &Sandbox, number: usize, course: &Course) {
        self.put_alone(sandbox, One::new(number, COMMIT).course(course));
    }

    /// What stands in the place of the first scope in the inputs of a choice, for one that is not there.
    pub fn unknown_scope(&self) -> Option<(&'static str, &'static str)> {
        self.about().unknown_scope
    }

    /// The inputs of a step besides the common ones and the id: its credentials, and where it looks.
    pub fn inputs(&self) -> Vec<(&'static str, &'static str)> {
        self.about().inputs.to_vec()
    }

    /// What a step needs besides them to choose from a list; `None`: there is no choice.
    pub fn select_inputs(&self) -> Option<Vec<(&'static str, &'static str)>> {
        self.about().choice.map(|choice| choice.inputs.to_vec())
    }

    /// The inputs instead of a token, where one is fetched at a sign-in.
    pub fn sign_in_inputs(&self) -> Option<Vec<(&'static str, &'static str)>> {
        self.about().sign_in_inputs.map(<[_]>::to_vec)
    }

    /// What of that must appear nowhere, besides the token.
    pub fn secrets(&self) -> &'static [&'static str] {
        self.about().secrets
    }

    /// The right that a token needs to cancel, as a message must name it.
    pub fn right(&self) -> &'static str {
        self.about().right
    }

    /// Where a deployment goes of which nothing is said.
    pub fn usual_target(&self) -> &'static str {
        self.about().usual_target
    }

    /// How it differs.
    pub fn traits(&self) -> Traits {
        self.about().traits
    }

    /// The word it shows for a state of ours; a word that is not ours stands for itself.
    pub fn shown(&self, state: &'static str) -> &'static str {
        self.about().shown(state)
    }

    /// A deployment has to be named by its id; otherwise what runs in its scope is meant.
    pub fn needs_id(&self) -> bool {
        cancel_deployment::platform::register::named(cancel_deployment::platform::register::REGISTER, self.name())
            .is_none_or(|info| info.needs_id)
    }

    /// The input that holds the token.
    pub fn token(&self) -> &'static str {
        let inputs = self.inputs();
        inputs.iter().find(|(_, value)| *value == TOKEN).map(|(name, _)| *name).expect("an input for the token")
    }

    /// Our state of one that a cancel has stopped, and whether a word tells that it was a cancel.
    pub fn stopped_state(&self) -> (&'static str, bool) {
        if self.has("canceled") { ("canceled", true) } else { ("ended", false) }
    }

    /// Whether it has a state of ours.
    pub fn has(&self, state: &str) -> bool {
        self.word(state).is_some()
    }
}
