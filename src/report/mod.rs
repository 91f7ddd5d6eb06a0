//! The report of a run: outputs, annotations and the summary, as values that are not yet printed anywhere.

mod annotations;
mod asked;
mod deployment;
mod headlines;
mod outputs;
mod plain;
mod roll_back;
mod run;
mod summary;
mod timeline;
mod why;

pub use annotations::Annotation;
pub use asked::Asked;
pub use deployment::{DeploymentReport, our_word, shown_id};
pub use outputs::{LARGEST_DEPLOYMENTS, OUTPUTS};
pub use run::{Report, Whole};
