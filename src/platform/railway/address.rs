//! Which project, environment and service is meant: as it was written, and as a deployment's address in the dashboard
//! names it.

use serde_json::Value;
use url::Url;

use super::wire::Handle;
use crate::input::Values;
use crate::input::faults::Faults;
use crate::model::deployment::details;
use crate::model::failure::Failure;
use crate::model::id::{Id, is_same};
use crate::model::reason::Check;
use crate::platform::dashboard;

/// The hosts of the dashboard, the newer name first.
const HOSTS: [&str; 2] = ["railway.com", "railway.app"];

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

    /// What this says, and of the rest what `usual` says.
    pub(super) fn over(&self, usual: &Self) -> Self {
        Self {
            project: self.project.as_ref().or(usual.project.as_ref()).cloned(),
            environment: self.environment.as_ref().or(usual.environment.as_ref()).cloned(),
            service: self.service.as_ref().or(usual.service.as_ref()).cloned(),
        }
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

/// What a deployment's address in the dashboard says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) id: Id,
    pub(super) reach: Reach,
}

/// An id, or a deployment's address in the dashboard.
pub(super) fn read_id(written: &Id) -> Result<Id, String> {
    match page(written.as_str()) {
        Some(page) => page.map(|page| page.id),
        None => Ok(written.clone()),
    }
}

/// The addresses among the ids. What is written besides must not contradict them.
pub(super) fn pages(values: &Values, faults: &mut Faults) -> Vec<Page> {
    // What is wrong with an address itself is said where ids are read.
    let ids = values.list("deployment_id");
    let pages: Vec<_> = ids.iter().filter_map(|id| page(id)?.ok()).collect();
    for page in &pages {
        for (noun, input, addressed) in page.reach.parts() {
            if let Some(addressed) = addressed {
                dashboard::must_agree(input, noun, addressed.as_str(), values, faults);
            }
        }
    }
    pages
}

/// What an address in the dashboard says; `None` when it is none.
fn page(written: &str) -> Option<Result<Page, String>> {
    let (_, address) = written.split_once("://").unwrap_or(("", written));
    let address = address.strip_prefix("www.").unwrap_or(address);
    let host = address.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let is_dashboard = HOSTS.iter().any(|known| host.eq_ignore_ascii_case(known));
    is_dashboard.then(|| read_page(&format!("https://{address}")))
}

/// `https://railway.com/project/PROJECT/service/SERVICE?environmentId=ENVIRONMENT&id=DEPLOYMENT`
fn read_page(address: &str) -> Result<Page, String> {
    let without = "is a dashboard address without a deployment; it ends with `?id=` and the deployment's id";
    let url = Url::parse(address).map_err(|error| format!("is not a URL ({error})"))?;
    let parameter = |wanted: &str| {
        let mut pairs = url.query_pairs();
        let (_, value) = pairs.find(|(name, value)| name == wanted && !value.is_empty())?;
        Id::parse(&value).ok()
    };
    let id = parameter("id").or_else(|| parameter("deploymentId")).ok_or(without)?;
    let segments: Vec<_> = url.path_segments().into_iter().flatten().collect();
    let behind = |name: &str| {
        let at = segments.iter().position(|segment| *segment == name)?;
        Id::parse(segments.get(at + 1)?).ok()
    };
    let reach =
        Reach { project: behind("project"), environment: parameter("environmentId"), service: behind("service") };
    Ok(Page { id, reach })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn id(text: &str) -> Id {
        Id::parse(text).unwrap()
    }

    fn reach(parts: [&str; 3]) -> Reach {
        let [project, environment, service] = parts.map(|part| Id::parse(part).ok());
        Reach { project, environment, service }
    }

    #[test]
    fn deployments_are_named_by_ids_and_dashboard_addresses() {
        for (written, parts) in [
            ("https://railway.com/project/p/service/s?id=d&", ["p", "", "s"]),
            ("https://railway.com/project/p/service/s?environmentId=e&id=d", ["p", "e", "s"]),
            ("railway.app/project/p/service/s?deploymentId=d#logs", ["p", "", "s"]),
            ("https://www.railway.app/project/p/service/s/settings?deploymentId=x&id=d", ["p", "", "s"]),
            ("https://Railway.com/project/p?id=d", ["p", "", ""]),
        ] {
            assert_eq!(page(written), Some(Ok(Page { id: id("d"), reach: reach(parts) })), "{written}");
            assert_eq!(read_id(&id(written)), Ok(id("d")), "{written}");
        }
        for bad in ["https://railway.com/project/p/service/s", "railway.com", "https://railway.app/project/p?id=&x=1"] {
            assert!(read_id(&id(bad)).is_err(), "{bad}");
        }
        for other in ["7F1B0CD0-0000-4000-8000-00000000000A", "a/b?id=c", "https://railway.com.evil.example/?id=d"] {
            assert_eq!(read_id(&id(other)), Ok(id(other)), "{other}");
        }
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
