//! Jenkins, which reads nothing but the exit code: as outside any CI system, so that `sh(returnStdout: true)` gets the
//! result alone.

use super::plain::Plain;
use super::system::System;

pub(super) const SYSTEM: System = System {
    id: "jenkins",
    // JENKINS_URL is there only once the location is configured.
    is_here: |env| {
        let mut own = ["JENKINS_URL", "JENKINS_HOME"].iter();
        let is_tagged = env.var("BUILD_TAG").is_some_and(|tag| tag.starts_with("jenkins-"));
        let is_own = is_tagged || own.any(|name| env.var(name).is_some());
        is_own && env.var("BUILD_NUMBER").is_some()
    },
    open: |env, _| Box::new(Plain::new("jenkins", env)),
};
