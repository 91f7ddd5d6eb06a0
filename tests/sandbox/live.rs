//! What is live, and everything that has been: the sandbox's own truth about the live pointers of a platform.

use std::collections::{BTreeMap, BTreeSet};

use super::http::now;

/// What a slot (an app, a service, a site's or a project's production) has served from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The deployment that its live pointer names.
    pub id: String,
    /// The deployment that was built: another one where this is a copy of it.
    pub build: String,
    /// Since when, in milliseconds by the platform's clock.
    pub since: i64,
}

/// What becomes of a roll back that was accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ends {
    /// Its target is live.
    #[default]
    Well,
    /// It comes to nothing.
    Badly,
    /// It never ends.
    Never,
}

/// All slots of a platform, and its clock.
#[derive(Default)]
pub struct Slots {
    served: BTreeMap<String, Vec<Served>>,
    parked: BTreeSet<String>,
    /// What becomes of the next roll backs.
    pub ends: Ends,
    /// How many seconds the platform's clock is ahead of this machine's.
    pub ahead: i64,
    last: i64,
    /// Where each slot was to be rolled back to.
    aims: BTreeMap<String, String>,
}

impl Slots {
    /// The time of the platform in milliseconds, later at each look: of two things one came first.
    pub fn tick(&mut self) -> i64 {
        self.last = (now() + 1000 * self.ahead).max(self.last + 1);
        self.last
    }

    /// Everything that a slot has served, the newest last.
    pub fn history(&self, slot: &str) -> &[Served] {
        self.served.get(slot).map_or(&[], Vec::as_slice)
    }

    /// What a slot serves.
    pub fn live(&self, slot: &str) -> Option<&Served> {
        self.history(slot).last()
    }

    /// Points a slot somewhere else.
    pub fn point(&mut self, slot: &str, id: &str, build: &str) -> i64 {
        let since = self.tick();
        let served = Served { id: id.to_owned(), build: build.to_owned(), since };
        self.served.entry(slot.to_owned()).or_default().push(served);
        since
    }

    /// Whether that deployment has ever been live there.
    pub fn was_live(&self, slot: &str, id: &str) -> bool {
        self.history(slot).iter().any(|served| served.id == id)
    }

    /// Whether nobody has rolled that slot back to anything else.
    pub fn is_first_aim(&mut self, [slot, target]: &[String; 2]) -> bool {
        self.aims.entry(slot.clone()).or_insert_with(|| target.clone()) == target
    }

    /// Where that slot was to be rolled back to.
    pub fn aim(&self, slot: &str) -> Option<&str> {
        self.aims.get(slot).map(String::as_str)
    }

    /// From now on what is built for that slot does not go live, or does again.
    pub fn park(&mut self, slot: &str, parked: bool) {
        if parked {
            self.parked.insert(slot.to_owned())
        } else {
            self.parked.remove(slot)
        };
    }

    /// Whether what is built for that slot does not go live.
    pub fn is_parked(&self, slot: &str) -> bool {
        self.parked.contains(slot)
    }
}
