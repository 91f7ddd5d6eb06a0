//! Which project, environment and service is meant.

use serde_json::Value;

use super::wire::Handle;
use crate::input::Values;
use crate::input::faults::Faults;
use crate::model::deployment::details;
use crate::model::failure::Failure;
use crate::model::id::{Id, is_same};
use crate::model::reason::Check;
use crate::platform::addresses::Page;

/// Where deployments are, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) project: Option<Id>,
    pub(super) environment: Option<Id>,
    pub(super) service: Option<Id>,
}

impl Reach {
    pub(super) fn written(values: &Values, faults: &mut Faults) -> Self {
        let mut id = |name: &str| values.parsed(name, faults, Id::parse);
        Self { project: id("project_id"), environment: id("environment_id"), service: id("service_id") }
    }

    fn parts(&self) -> [(&'static str, &'static str, Option<&Id>); 3] {
        [
            ("project", "project_id", self.project.as_ref()),
            ("environment", "environment_id", self.environment.as_ref()),
            ("service", "service_id", self.service.as_ref()),
        ]
    }

    /// What the address of a page says, and this of the rest.
    pub(super) fn of(&self, page: &Page) -> Self {
        let [project, environment, service] = self.parts().map(|(_, input, known)| {
            let named = page.get(input).and_then(|part| Id::parse(part).ok());
            named.or_else(|| known.cloned())
        });
        Self { project, environment, service }
    }

    /// The filter of a list; what is not said there widens it.
    pub(super) fn filter(&self) -> Value {
        let names = ["projectId", "environmentId", "serviceId"];
        let parts = names.into_iter().zip(self.parts());
        Value::Object(details(parts.map(|(name, (_, _, id))| (name, id.map(Id::as_str)))))
    }

    /// Whether a deployment is in it; one that does not say where it is does not pass.
    pub(super) fn admits(&self, id: &str, told: &Handle) -> Result<(), Failure> {
        let own = [&told.project, &told.environment, &told.service];
        for ((noun, input, wanted), own) in self.parts().into_iter().zip(own) {
            let Some(wanted) = wanted else { continue };
            if !own.get().is_some_and(|own| is_same(wanted.as_str(), own)) {
                return Err(Check::not_of(id, (noun, input), own.0.clone(), wanted.as_str().to_owned()).into());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reach(parts: [&str; 3]) -> Reach {
        let [project, environment, service] = parts.map(|part| Id::parse(part).ok());
        Reach { project, environment, service }
    }

    #[test]
    fn a_guard_that_cannot_be_checked_is_not_passed() {
        let told = |parts: [&str; 3]| {
            let [project, environment, service] =
                parts.map(|part| crate::api::wire::Text((!part.is_empty()).then(|| part.to_owned())));
            Handle { project, environment, service }
        };
        assert!(Reach::default().admits("d", &Handle::default()).is_ok());
        let wanted = reach(["0a1b2c3d-0000-4000-8000-00000000000f", "", "s"]);
        for (parts, passes) in [
            (["0A1B2C3D-0000-4000-8000-00000000000F", "x", "s"], true),
            (["0a1b2c3d-0000-4000-8000-00000000000f", "", "t"], false),
            (["0a1b2c3d-0000-4000-8000-00000000000f", "", ""], false),
            (["", "", "s"], false),
        ] {
            assert_eq!(wanted.admits("d", &told(parts)).is_ok(), passes, "{parts:?}");
        }
    }

    #[test]
    fn a_list_is_filtered_by_all_that_is_known() {
        assert_eq!(reach(["p", "e", ""]).filter(), json!({ "projectId": "p", "environmentId": "e" }));
    }
}
