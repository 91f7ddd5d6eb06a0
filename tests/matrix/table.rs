//! The whole table: a row for each fault, a column for each platform in each phase.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use crate::cells::{Cell, Phase, Row, platforms};
use crate::scene;

/// What came of the cells so far.
#[derive(Default)]
pub struct Table(HashMap<(&'static str, &'static str, &'static str), String>);

fn key(cell: Cell) -> (&'static str, &'static str, &'static str) {
    (cell.row.name(), cell.phase.name(), cell.platform)
}

/// One letter for an outcome.
fn mark(outcome: &str) -> char {
    match outcome {
        "canceled" => 'c',
        "requested" => 'r',
        "timed_out" => 't',
        "error" => 'e',
        "not_found" => 'n',
        _ => '?',
    }
}

impl Table {
    /// Takes down what came of a cell.
    pub fn note(&mut self, cell: Cell, is_good: bool, outcomes: &[String]) {
        let marks = outcomes.iter().map(|outcome| mark(outcome)).collect();
        let marks = if is_good { marks } else { "FAIL".to_owned() };
        self.0.insert(key(cell), marks);
    }
}

fn width(phase: Phase) -> usize {
    if phase.is_asking() { 5 } else { 3 }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outside = scene::outside();
        writeln!(f, "\nThe fault matrix: {} cells", self.0.len())?;
        write!(f, "{:32}", "")?;
        for phase in Phase::ALL {
            write!(f, "│ {:<width$}", phase.name(), width = (width(phase) + 1) * 5 - 1)?;
        }
        write!(f, "\n{:32}", "")?;
        for phase in Phase::ALL {
            write!(f, "│")?;
            for (_, letter) in platforms() {
                write!(f, " {letter:<width$}", width = width(phase))?;
            }
        }
        writeln!(f)?;
        for row in Row::ALL {
            write!(f, "{:32}", row.name())?;
            for phase in Phase::ALL {
                write!(f, "│")?;
                for (platform, _) in platforms() {
                    let cell = Cell { row, phase, platform };
                    let mut shown = match (cell.why_not(), self.0.get(&key(cell))) {
                        (Some(_), _) => "–".to_owned(),
                        (None, Some(marks)) => marks.clone(),
                        // Left out by a filter.
                        (None, None) => "·".to_owned(),
                    };
                    if outside.iter().any(|variant| variant.cell == cell) {
                        shown.push('*');
                    }
                    write!(f, " {shown:<width$}", width = width(phase))?;
                }
            }
            writeln!(f)?;
        }
        let letters: Vec<_> = platforms().map(|(platform, letter)| format!("{letter} {platform}")).collect();
        writeln!(f, "\n{}", letters.join(" · "))?;
        writeln!(
            f,
            "c canceled · r requested · t timed_out · e error · n not_found: the true outcome, with a deployment that ends canceled as \
             soon as a cancel takes effect.\nTwo letters: the fault meets the first request, then all of them. Four: the \
             same where the platform processed the request before.\n* also through the real binary."
        )?;
        let reasons: BTreeSet<_> = Cell::all().filter_map(Cell::why_not).collect();
        reasons.iter().try_for_each(|reason| writeln!(f, "– {reason}."))
    }
}
