//! The way back on the stands: what the sandbox says is live is what somebody would see there.

use super::{Stage, every_platform};
use crate::sandbox::{Back, Ends, Sandbox};

impl Stage {
    /// A sandbox in which the second deployment was live, and the first one is.
    fn went_live(self) -> Option<(Sandbox, &'static Back)> {
        let back = self.way_back()?;
        let sandbox = Sandbox::without_server();
        self.put_scopes(&sandbox);
        self.put_live(&sandbox, 2);
        self.put_live(&sandbox, 1);
        assert_eq!(self.serves(&sandbox), Some(1));
        Some((sandbox, back))
    }
}

every_platform!(what_goes_live_takes_the_place_of_another, |stage| {
    let Some((sandbox, back)) = stage.went_live() else { return };
    stage.put_one(&sandbox, &stage.bound(3));
    (back.never_live)(&sandbox, &stage.bound(4));
    assert_eq!(stage.serves(&sandbox), Some(1));
    stage.put_live(&sandbox, 5);
    let history = sandbox.history(stage.name(), back.slot);
    let built: Vec<_> = history.iter().map(|served| served.build.clone()).collect();
    assert_eq!(built, [2, 1, 5].map(|number| stage.id(number)));
    assert!(history.is_sorted_by_key(|served| served.since));
});

every_platform!(a_roll_back_puts_what_was_live_there_again, |stage| {
    let Some((sandbox, back)) = stage.went_live() else { return };
    assert_eq!(stage.roll_back(&sandbox, 2), back.accepted);
    assert_eq!(stage.serves(&sandbox), Some(2));
    let live = stage.live(&sandbox).unwrap();
    assert_eq!(live.id != live.build, back.makes_one);
    // And forward again, which is another step.
    assert_eq!(stage.roll_back(&sandbox, 1), back.accepted);
    assert_eq!(stage.serves(&sandbox), Some(1));
});

every_platform!(a_roll_back_to_what_is_not_there_is_refused, |stage| {
    let Some((sandbox, _)) = stage.went_live() else { return };
    assert!(stage.roll_back(&sandbox, 9) >= 400);
    stage.lose(&sandbox, 2);
    assert!(stage.roll_back(&sandbox, 2) >= 400);
    stage.put_one(&sandbox, &stage.bound(3).elsewhere().state("succeeded"));
    assert!(stage.roll_back(&sandbox, 3) >= 400);
    assert_eq!(stage.serves(&sandbox), Some(1));
});

every_platform!(a_roll_back_may_come_to_nothing_although_it_was_accepted, |stage| {
    for ends in [Ends::Badly, Ends::Never] {
        let Some((sandbox, back)) = stage.went_live() else { return };
        sandbox.roll_backs_end(stage.name(), ends);
        assert_eq!(stage.roll_back(&sandbox, 2), back.accepted);
        assert_eq!(stage.serves(&sandbox), Some(1), "{ends:?}");
    }
});

every_platform!(what_the_platform_refuses_beforehand_it_does_not_do_without_a_word, |stage| {
    for (name, refuses) in stage.way_back().map_or(&[][..], |back| back.refuses) {
        let Some((sandbox, _)) = stage.went_live() else { return };
        refuses(&sandbox);
        stage.roll_back(&sandbox, 2);
        assert_ne!(stage.serves(&sandbox), Some(2), "{name}");
    }
});

every_platform!(whatever_no_facts_tell_what_is_live_is_the_same, |stage| {
    for (name, manner) in stage.way_back().map_or(&[][..], |back| back.unknown) {
        let Some((sandbox, back)) = stage.went_live() else { return };
        manner(&sandbox);
        stage.put_live(&sandbox, 2);
        stage.put_live(&sandbox, 1);
        assert_eq!(stage.roll_back(&sandbox, 2), back.accepted, "{name}");
        assert_eq!(stage.serves(&sandbox), Some(2), "{name}");
    }
});
