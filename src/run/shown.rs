//! What the platform said, made fit to be shown before a procedure takes it.

use super::context::Run;
use crate::cancel::Event;
use crate::model::answers::{Accepted, Conclusion, Exclusion, Found};
use crate::model::failure::Failure;

impl Run<'_> {
    /// Everything the platform said, fit to be shown.
    pub(super) fn sanitize(&self, event: Event) -> Event {
        match event {
            Event::Read(read) => {
                Event::Read(read.map(|found| self.sanitize_found(found)).map_err(|it| self.sanitize_failure(it)))
            }
            Event::Answered(Ok(accepted)) => {
                let shown = accepted.deployment.map(|shown| Box::new(self.sanitizer.deployment(*shown)));
                Event::Answered(Ok(Accepted { deployment: shown, ..accepted }))
            }
            Event::Answered(Err(failure)) => Event::Answered(Err(self.sanitize_failure(failure))),
            Event::Concluded(conclusion) => Event::Concluded(Conclusion {
                details: self.sanitizer.details(conclusion.details),
                sentence: conclusion.sentence.map(|text| self.sanitizer.short(&text).into_string()),
                way_back: conclusion.way_back.map(|text| self.sanitizer.short(&text).into_string()),
                live: conclusion.live,
            }),
            Event::Woke => Event::Woke,
        }
    }

    fn sanitize_found(&self, found: Found) -> Found {
        let deployment = |found: Box<_>| Box::new(self.sanitizer.deployment(*found));
        match found {
            Found::Here(found) => Found::Here(deployment(found)),
            Found::Missing(what) => Found::Missing(what.cleaned(|text| self.sanitizer.short(text).into_string())),
            Found::Excluded(it) => Found::Excluded(Exclusion {
                seen: it.seen.map(deployment),
                why: it.why.cleaned(|text| self.sanitizer.short(text).into_string()),
                ..it
            }),
        }
    }

    pub(super) fn sanitize_failure(&self, mut failure: Failure) -> Failure {
        failure.words = self.sanitizer.short(&failure.words).into_string();
        failure.hint = self.sanitizer.short(&failure.hint).into_string();
        failure
    }
}
