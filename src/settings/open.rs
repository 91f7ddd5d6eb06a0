//! Creates the platform and its API client from the settings of a run.

use std::collections::HashSet;

use super::target::{self, Target};
use super::{Common, if_live};
use crate::api::{Roots, Service, Transport};
use crate::ci::facts::Facts;
use crate::input::Values;
use crate::input::env::Env;
use crate::input::faults::{Fault, Faults};
use crate::model::address::Address;
use crate::platform::{Platform, PlatformInfo};
use crate::run::IfLive;
use crate::select::guard::Guard;

/// Connects to a base address, by the roots and the proxy of the environment; the last argument says that a
/// sign-in may lead to another host.
pub type Connect = Box<dyn Fn(&Address, Roots<'_>, &Env, bool) -> anyhow::Result<Box<dyn Transport>>>;

/// What the inputs of a run led to.
pub struct Opened {
    /// The platform.
    pub platform: Box<dyn Platform>,
    /// What its API client has to know.
    pub service: Service,
    /// Where it is.
    pub base: Address,
    /// What sends the requests.
    pub transport: Box<dyn Transport>,
    /// What the run is aimed at.
    pub target: Target,
    /// What each deployment has to pass.
    pub guard: Guard,
    /// What to do where something went live.
    pub if_live: Option<IfLive>,
}

/// Creates the platform and its API client; every fault is noted, not only the first.
pub fn open(connect: &Connect, setup: &Setup<'_>, faults: &mut Faults) -> Option<Opened> {
    let Setup { env, entry, values, common, .. } = setup;
    let opened = (entry.open)(values, faults);
    let (target, guard) = setup.target(faults);
    let if_live = if_live::judge(values, entry, common, &target, faults);
    let (platform, service) = opened?;
    let target = match target {
        Target::Ids(ids) if ids.is_empty() => Target::Ids(platform.default_target().into_iter().collect()),
        target => target,
    };
    let usual = service.base.clone().map(|(base, _)| base).or_else(|| Address::parse(entry.base).ok());
    let lacks = if values.is_usual("api_url") { entry.bare_path } else { "" };
    let base = common.api_url.clone().map(|base| base.with_path(lacks)).or(usual)?;
    let roots = Roots {
        file: env.var("SSL_CERT_FILE"),
        dir: env.var("SSL_CERT_DIR"),
        extra: common.ca_cert.clone().unwrap_or_default(),
    };
    match connect(&base, roots, env, service.signs_in()) {
        Ok(transport) => Some(Opened { platform, service, base, transport, target, guard, if_live }),
        Err(error) => {
            faults.found.push(Fault::new("", None, format!("{error:#}")));
            None
        }
    }
}

/// Everything that a run was told before it was judged together.
pub struct Setup<'a> {
    /// The environment.
    pub env: &'a Env,
    /// The platform that was chosen.
    pub entry: &'static PlatformInfo,
    /// What was written.
    pub values: &'a Values,
    /// What every run is told.
    pub common: &'a Common,
    /// What the CI system knows of the run.
    pub facts: &'a Facts,
}

impl Setup<'_> {
    /// What the run is aimed at, and the guard that each deployment has to pass.
    fn target(&self, faults: &mut Faults) -> (Target, Guard) {
        let Self { env, entry, values, common, facts } = self;
        let (mut ids, mut seen) = (Vec::new(), HashSet::new());
        for written in &common.ids {
            match entry.addresses.read_id(written) {
                Ok(id) if seen.insert(id.clone()) => ids.push(id),
                Ok(_) => {}
                Err(wrong) => faults.add(values.given("deployment_id"), "deployment_id", wrong),
            }
        }
        let known = target::Known { values, entry, facts, home: Facts::repository(env) };
        let (target, guard) = target::judge(&known, ids, faults);
        if entry.needs_id && matches!(&target, Target::Ids(ids) if ids.is_empty()) {
            require_target(values, faults);
        }
        if let Target::Selection { appear_within, .. } = target {
            faults.warnings.extend(facts.notes.iter().cloned());
            if appear_within >= common.timeout {
                let text = "`appear_within` is not shorter than `timeout`, which ends the waiting before.";
                faults.warnings.push(text.to_owned());
            }
        }
        (target, guard)
    }
}

/// The same without a platform that is known: a written one may have variables of its own for what is meant.
pub fn require_target_anywhere(values: &Values, faults: &mut Faults) {
    if values.given("platform").is_none() {
        require_target(values, faults);
    }
}

/// Notes that nothing says which deployment is meant.
fn require_target(values: &Values, faults: &mut Faults) {
    if ["deployment_id", "select"].iter().all(|name| values.given(name).is_none()) {
        let text = "is missing: set it to the deployment to cancel, or `select` to have it found";
        faults.add(None, "deployment_id", text);
    }
}
