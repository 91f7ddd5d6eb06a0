//! The annotations of a run, which are seen without opening a log.

use super::deployment::DeploymentReport;
use super::run::{MOST_LINES, Report, tally};
use crate::model::outcome::Level;
use crate::text::shown::Shown;

/// An annotation: a level, a title and a text, none of them escaped yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// How severe.
    pub level: Level,
    /// A few words.
    pub title: Shown,
    /// One or two sentences.
    pub text: Shown,
    /// What the platform said, on a line of its own.
    pub answer: Option<Shown>,
}

impl Annotation {
    /// An annotation without a platform's words.
    pub fn new(level: Level, title: Shown, text: Shown) -> Self {
        Self { level, title, text, answer: None }
    }
}

impl Report {
    /// One annotation a deployment, the worst first; more than ten are the worst nine and one that counts the rest.
    pub fn annotations(&self) -> Vec<Annotation> {
        if !self.faults.is_empty() {
            let input = |text| Annotation::new(Level::Error, "Bad input".into(), text);
            return self.shown_faults().into_iter().map(input).collect();
        }
        if let Some(whole) = self.whole.as_ref().filter(|_| self.deployments.is_empty()) {
            let level = self.fail_on.level(whole.outcome);
            let told = Annotation::new(level, whole.headline(""), whole.why.sentence());
            return vec![Annotation { answer: whole.why.answer.clone(), ..told }];
        }
        let sorted = self.sorted();
        let shown = if sorted.len() > MOST_LINES { MOST_LINES - 1 } else { sorted.len() };
        let (first, rest) = sorted.split_at(shown);
        let mut annotations: Vec<_> = first.iter().map(|told| self.annotation(told)).collect();
        if !rest.is_empty() {
            let level = rest.iter().map(|told| self.level_of(told)).max().unwrap_or(Level::Notice);
            let (title, text) = (Shown::of(&[&rest.len(), &" more deployments"]), Shown::of(&[&tally(rest), &"."]));
            annotations.push(Annotation::new(level, title, text));
        }
        annotations
    }

    /// What of this is left to say below a summary in the same log: each fault, or how it ended, without why.
    pub fn last_lines(&self) -> Vec<Annotation> {
        if !self.faults.is_empty() {
            return self.annotations();
        }
        vec![Annotation::new(self.level(), self.title(), Shown::default())]
    }

    fn annotation(&self, told: &DeploymentReport) -> Annotation {
        Annotation {
            level: self.level_of(told),
            title: told.title(&told.deployment_id),
            text: told.sentence(),
            answer: told.why.answer.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::outcome::FailOn;
    use crate::report::Asked;
    use crate::text::sanitizer::Sanitizer;

    fn faulty(faults: Vec<String>) -> Report {
        let sanitizer = Sanitizer::default();
        Report {
            platform: None,
            asked: Asked::default(),
            deployments: Vec::new(),
            fail_on: FailOn::default(),
            whole: None,
            faults: faults.iter().map(|fault| sanitizer.redact(fault)).collect(),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn of_many_faults_the_first_nine_are_told_and_the_rest_is_counted() {
        let fault = |n: usize| format!("`deployment_id` is bad in way {n}.");
        for (count, told) in [(1, 1), (10, 10), (11, 10), (40_000, 10)] {
            let report = faulty((0..count).map(fault).collect());
            let annotations = report.annotations();
            assert_eq!(annotations.len(), told);
            let last = annotations.last().map(|last| last.text.to_string());
            let rest = format!("And {} more faults like these.", count.saturating_sub(9));
            let expected = if count > 10 { rest } else { fault(count - 1) };
            assert_eq!(last, Some(expected));
            assert!(report.reason().len() < 2000 && report.summary().len() < 2000);
            assert!(report.plain_summary().is_empty());
        }
    }

    #[test]
    fn equal_faults_are_one() {
        let report = faulty(vec!["bad.".to_owned(), "odd.".to_owned(), "bad.".to_owned()]);
        assert_eq!(report.annotations().len(), 2);
    }
}
