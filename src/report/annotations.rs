//! The annotations of a run: what is seen without opening a log.

use super::deployment::DeploymentReport;
use super::headlines::whole_headline;
use super::run::{MOST_LINES, Report, count_outcomes};
use crate::model::outcome::Level;
use crate::text::shown::Shown;

/// An annotation: a level, a title and a text, none of them escaped yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// How loud.
    pub level: Level,
    /// A few words.
    pub title: Shown,
    /// One or two sentences.
    pub text: Shown,
}

impl Report {
    /// One annotation a deployment, the worst first; more than ten are the worst nine and one that counts the rest.
    pub fn annotations(&self) -> Vec<Annotation> {
        if !self.faults.is_empty() {
            let input = |text| Annotation { level: Level::Error, title: "Bad input".into(), text };
            return self.shown_faults().into_iter().map(input).collect();
        }
        if let Some(whole) = self.whole.as_ref().filter(|_| self.deployments.is_empty()) {
            return vec![Annotation {
                level: self.fail_on.level(whole.outcome),
                title: whole_headline(whole.outcome).into(),
                text: whole.sentence(),
            }];
        }
        let mut sorted: Vec<_> = self.deployments.iter().collect();
        sorted.sort_by_key(|told| told.outcome);
        let shown = if sorted.len() > MOST_LINES { MOST_LINES - 1 } else { sorted.len() };
        let (first, rest) = sorted.split_at(shown);
        let mut annotations: Vec<_> = first.iter().map(|told| self.annotation(told)).collect();
        if !rest.is_empty() {
            annotations.push(Annotation {
                level: rest.iter().map(|told| self.level_of(told)).max().unwrap_or(Level::Notice),
                title: Shown::of(&[&rest.len(), &" more deployments"]),
                text: Shown::of(&[&count_outcomes(rest), &"."]),
            });
        }
        annotations
    }

    /// What of this is left to say below a summary in the same log: each fault, or how it ended, without why.
    pub fn last_lines(&self) -> Vec<Annotation> {
        if !self.faults.is_empty() {
            return self.annotations();
        }
        vec![Annotation { level: self.level(), title: self.title(), text: Shown::default() }]
    }

    fn annotation(&self, told: &DeploymentReport) -> Annotation {
        Annotation {
            level: self.level_of(told),
            title: Shown::of(&[&told.headline(), &": ", &told.deployment_id]),
            text: told.sentence(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::outcome::FailOn;
    use crate::text::sanitizer::Sanitizer;

    fn faulty(faults: Vec<String>) -> Report {
        let sanitizer = Sanitizer::default();
        Report {
            platform: None,
            asked: Shown::default(),
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
