//! The way back measured, not believed: every platform that has one × every race × every answer to the one request, and
//! every request of a run × what somebody else does in that moment, in that slot or beside it, × another run that begins
//! then, × a late answer, × a signal, × the end of the process, × the end of the time.
//!
//! One question for each cell: is what the outputs say true of what the sandbox serves? What has to be true is in
//! `oracle.rs`, and follows from the promises to users; which results a cell must come to is here.

mod answers;
mod oracle;
mod races;
mod scene;
mod several;
mod two;

use std::ops::Range;

use libtest_mimic::Trial;

use crate::caught;
use crate::cells::stand;
use crate::sandbox::Call;
use answers::Answer;
use oracle::check;
use races::{Course, Deed, Race};
use scene::Scene;
use several::Beside;

/// All platforms whose stand has a way back that the program goes.
fn platforms() -> impl Iterator<Item = &'static str> {
    let goes_back = |name: &&str| {
        let platforms = crate::platform::platforms();
        let info = platforms.iter().find(|info| info.about.id == *name);
        info.is_some_and(|info| info.about.roll_back.info().is_some())
    };
    let stands = crate::sandbox::STANDS.iter().filter(|stand| stand.way_back().is_some());
    stands.map(|stand| stand.name()).filter(goes_back)
}

/// All trials, each of which runs many cells.
pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    let mut add = |name: String, test: Box<dyn Fn() + Send>| {
        trials.push(Trial::test(format!("back::{name}"), move || caught(&test)));
    };
    for platform in platforms() {
        for race in Race::all(platform) {
            add(format!("race::{platform}::{}", race.name()), Box::new(move || every_answer(platform, race)));
        }
        add(format!("late::{platform}"), Box::new(move || every_late_answer(platform)));
        let is_beside_another = stand(platform).way_back().is_some_and(|back| back.beside.is_some());
        for beside in Beside::ALL.into_iter().filter(|_| is_beside_another) {
            let name = format!("several::{platform}::{beside:?}").replace(['(', ')'], "_");
            add(name, Box::new(move || several::every_moment(platform, beside)));
        }
        for course in Course::ALL {
            for deed in Deed::ALL {
                let name = format!("meanwhile::{platform}::{course:?}::{deed:?}");
                add(name, Box::new(move || every_moment(platform, course, deed)));
            }
            add(format!("two::{platform}::{course:?}"), Box::new(move || two::every_meeting(platform, course)));
            add(format!("stopped::{platform}::{course:?}"), Box::new(move || every_stop(platform, course)));
            add(format!("hanging::{platform}::{course:?}"), Box::new(move || every_hanging_read(platform, course)));
        }
    }
    trials
}

/// One race with every answer: the result has to be among those that it must come to.
fn every_answer(platform: &'static str, race: Race) {
    for answer in race.answers() {
        let scene = Scene::new(platform, Course::TooLate, *answer).raced(race);
        let facts = scene.run(None);
        check(&facts);
        let wanted = race.results().unwrap_or_else(|| answer.results(facts.back, race));
        assert!(wanted.contains(&facts.result()), "{wanted:?} is what it has to be{}", facts.log());
    }
}

/// Each answer before the request comes late: nothing is sent on an old look, and another one is taken.
fn every_late_answer(platform: &'static str) {
    let scene = || Scene::new(platform, Course::TooLate, Answer::Yes);
    let calls = scene().run(None).calls();
    for moment in (0..calls.len()).take_while(|at| calls[*at] != Call::RollBack) {
        let facts = scene().late(&calls, moment).run(None);
        check(&facts);
        assert_eq!(facts.result(), "done", "request {moment} is answered late{}", facts.log());
    }
}

/// Somebody else does something right before each request of a run.
fn every_moment(platform: &'static str, course: Course, deed: Deed) {
    for answer in course.of(&Answer::MEANWHILE) {
        let calls = Scene::new(platform, course, *answer).run(None).calls();
        for moment in moments(&calls, *answer) {
            check(&Scene::new(platform, course, *answer).meanwhile(&calls, moment, deed).run(None));
        }
    }
}

/// Which of the requests of a run are tried: far behind the request to roll back they are always the same, and before the
/// last look the answer to it makes no difference.
fn moments(calls: &[Call], answer: Answer) -> Range<usize> {
    const LOOK: usize = 4;
    let Some(sent) = calls.iter().position(|call| *call == Call::RollBack) else { return 0..calls.len() };
    let first = if answer == Answer::Yes { 0 } else { sent.saturating_sub(LOOK) };
    first..calls.len().min(sent + 12)
}

/// A signal, or the end without one, as each request is on its way and right after it was processed.
fn every_stop(platform: &'static str, course: Course) {
    for answer in course.of(&[Answer::Yes, Answer::Unclear, Answer::Never]) {
        let calls = Scene::new(platform, course, *answer).run(None).calls();
        for moment in moments(&calls, *answer) {
            for (is_processed, kills) in [(false, false), (true, false), (false, true), (true, true)] {
                let stop = crate::inside::Stop { at: moment + 1, is_processed, kills };
                check(&Scene::new(platform, course, *answer).run(Some(stop)));
            }
        }
    }
}

/// From each request on no read is answered any more.
fn every_hanging_read(platform: &'static str, course: Course) {
    for answer in course.of(&[Answer::Yes, Answer::Unclear]) {
        let calls = Scene::new(platform, course, *answer).run(None).calls();
        for moment in moments(&calls, *answer) {
            for seconds in [1, 30] {
                let scene = Scene::new(platform, course, *answer).hanging(&calls, moment).within(seconds);
                check(&scene.run(None));
            }
        }
    }
}
