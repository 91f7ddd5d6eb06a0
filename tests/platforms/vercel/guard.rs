//! The guard on the project of a Vercel deployment.

use serde_json::json;

use super::{deployment, refused, sandbox, step, told};
use crate::sandbox::vercel::{Deployment, Project};
use crate::sandbox::{Call, Fault, Grant, Sandbox, TOKEN};
use crate::step::Ran;

#[test]
fn the_project_is_guarded_by_id_or_name() {
    for project in ["prj_1", "web"] {
        step(&sandbox(deployment())).input("project_id", project).run().ended("canceled", 0);
    }
}

#[test]
fn another_projects_deployment_is_refused() {
    for project in ["prj_2", "prj_", "shop"] {
        let sandbox = sandbox(deployment());
        sandbox.add(Project::new("prj_2", "shop"));
        let ran = step(&sandbox).input("project_id", project).run();
        refused(&sandbox, &ran);
        ran.reasons(&[project]);
        ran.says("project_id");
    }
}

#[test]
fn a_project_that_is_not_there_is_not_found() {
    for project in ["we", "web-2", "WEB", "Qm123"] {
        let sandbox = sandbox(deployment());
        step(&sandbox)
            .input("project_id", project)
            .run()
            .ended("not_found", 4)
            .reasons(&[project])
            .says("Check `project_id`");
        assert_eq!(sandbox.count(Call::Cancel), 0);
    }
}

#[test]
fn a_deployment_that_is_not_there_is_no_question_to_its_project() {
    for (project, looked_up) in [("prj_1", 0), ("web", 1)] {
        let sandbox = sandbox(deployment());
        let ran = step(&sandbox).input("deployment_id", "dpl_9").input("project_id", project).run();
        ran.ended("not_found", 4).reasons(&["There is no deployment dpl_9 for this token in the token's own account"]);
        assert_eq!(sandbox.count(Call::Scope), looked_up, "{project}");
    }
}

/// All of a project's deployments, where its list always answers so.
fn listed(answer: Fault) -> (Sandbox, Ran) {
    let sandbox = sandbox(deployment());
    sandbox.always(Call::List, answer);
    let step = step(&sandbox).without("INPUT_DEPLOYMENT_ID").input("select", "all").input("project_id", "prj_1");
    let ran = step.run_inside(&sandbox);
    (sandbox, ran)
}

#[test]
fn a_project_whose_deployments_were_listed_is_there_though_the_rest_of_them_is_not() {
    for status in [404, 410] {
        let sandbox = sandbox(deployment());
        sandbox.fault(Call::List, [Fault::Pass]).always(Call::List, Fault::Status(status));
        let step = step(&sandbox).without("INPUT_DEPLOYMENT_ID").input("select", "all").input("project_id", "prj_1");
        let ran = step.run();
        refused(&sandbox, &ran);
        ran.reasons(&["This run could not list the deployments"]);
    }
}

#[test]
fn a_list_is_whole_or_unreadable() {
    let good = json!({ "uid": "dpl_1", "state": "QUEUED", "projectId": "prj_1" });
    for bad in [
        json!({}),
        json!([]),
        json!({ "deployments": null }),
        json!({ "deployments": [good, { "uid": "..", "state": "QUEUED", "projectId": "prj_1" }] }),
        json!({ "deployments": [good, "dpl_2"] }),
        json!({ "deployments": [good], "pagination": { "next": "soon" } }),
        json!({ "deployments": [good], "pagination": { "next": false } }),
        json!({ "deployments": [good], "pagination": { "next": "" } }),
        json!({ "deployments": [good], "pagination": "soon" }),
    ] {
        let (sandbox, ran) = listed(Fault::json(200, &bad.to_string()));
        refused(&sandbox, &ran);
        ran.reasons(&["This run could not list the deployments"]);
    }
}

/// A project that was called `web` when `dpl_1` was made, and is called `shop` now.
fn renamed() -> Sandbox {
    let sandbox = sandbox(deployment());
    sandbox.add(Project::new("prj_1", "shop"));
    sandbox
}

#[test]
fn a_renamed_project_is_the_same_project() {
    for project in ["prj_1", "shop"] {
        step(&renamed()).input("project_id", project).run().ended("canceled", 0);
        let sandbox = renamed();
        let step = step(&sandbox).without("INPUT_DEPLOYMENT_ID");
        step.input("select", "all").input("project_id", project).run().ended("canceled", 0);
    }
}

#[test]
fn a_name_is_looked_up_once() {
    let sandbox = renamed();
    sandbox.add(Deployment::new("prj_1", "shop", "dpl_2"));
    step(&sandbox).input("deployment_id", "dpl_1,dpl_2").input("project_id", "shop").run().ended("canceled", 0);
    let asked = sandbox.requests().into_iter();
    let asked: Vec<_> = asked.filter(|seen| seen.call == Call::Scope).collect();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].path, "/v9/projects/shop");
}

#[test]
fn a_name_that_another_project_took_over_is_another_project() {
    let sandbox = renamed();
    sandbox.add(Project::new("prj_2", "web"));
    let ran = step(&sandbox).input("project_id", "web").run();
    refused(&sandbox, &ran);
    ran.reasons(&["prj_2"]);
}

#[test]
fn only_the_project_itself_shows_that_it_is_there() {
    for answer in [
        Fault::Html(200),
        Fault::Empty(200),
        Fault::Garbage(200),
        Fault::json(200, "{}"),
        Fault::json(200, "[]"),
        Fault::json(200, r#"{"id": "", "name": "web"}"#),
        Fault::json(200, r#"{"id": "prj_2", "name": "shop"}"#),
        Fault::json(200, r#"{"name": "web"}"#),
    ] {
        for project in ["prj_1", "web"] {
            let sandbox = Sandbox::start();
            sandbox.always(Call::Scope, answer.clone());
            let step = step(&sandbox).without("INPUT_DEPLOYMENT_ID");
            let step = step.input("select", "all").input("project_id", project);
            step.run_inside(&sandbox).ended("error", 1).reasons(&["This run could not read the project"]);
        }
    }
}

#[test]
fn an_id_that_the_platform_gives_stays_in_its_place_in_the_path() {
    for id in ["..", ".", ""] {
        let sandbox = sandbox(deployment());
        let body = json!({ "id": id, "readyState": "BUILDING", "url": "web-abc.vercel.app" });
        sandbox.always(Call::Read, Fault::json(200, &body.to_string()));
        let ran = step(&sandbox).input("deployment_id", "web-abc.vercel.app").run();
        refused(&sandbox, &ran);
    }
}

#[test]
fn a_token_without_saml_is_named() {
    let sandbox = sandbox(deployment());
    let body = json!({ "error": {
        "code": "forbidden", "message": "Not authorized", "saml": true, "teamId": "team_1", "scope": "acme",
    } });
    sandbox.always(Call::Read, Fault::json(403, &body.to_string()));
    let ran = step(&sandbox).run();
    refused(&sandbox, &ran);
    ran.says("SAML");
}

#[test]
fn the_usual_variable_guards_as_well() {
    let sandbox = sandbox(deployment());
    let ran = step(&sandbox).var("VERCEL_PROJECT_ID", "prj_2").run();
    refused(&sandbox, &ran);
}

#[test]
fn an_answer_without_a_project_does_not_pass_the_guard() {
    for project in ["prj_1", "web"] {
        let sandbox = sandbox(deployment().without_project());
        let ran = step(&sandbox).input("project_id", project).run();
        refused(&sandbox, &ran);
    }
}

#[test]
fn without_a_guard_a_project_need_not_be_named() {
    told(deployment().without_project());
}

#[test]
fn a_project_that_cannot_be_checked_is_not_passed() {
    let sandbox = sandbox(deployment());
    sandbox.token("vercel", TOKEN, Grant::CancelOnly);
    let ran = step(&sandbox).input("project_id", "prj_1").run();
    refused(&sandbox, &ran);
    ran.reasons(&["project"]);
}

#[test]
fn what_has_ended_in_another_project_is_refused_as_well() {
    let sandbox = sandbox(deployment().states(["CANCELED"]));
    let ran = step(&sandbox).input("project_id", "prj_2").run();
    refused(&sandbox, &ran);
}

#[test]
fn a_target_beside_an_id_is_a_guard_also_where_an_environment_has_no_name() {
    let qa = || {
        let sandbox = sandbox(deployment().nameless_environment("env_qa", "qa"));
        let demo = Deployment::new("prj_1", "web", "dpl_2");
        sandbox.add(demo.nameless_environment("env_demo", "demo"));
        sandbox
    };
    for target in ["qa", "env_qa"] {
        let ran = step(&qa()).input("target", target).run();
        ran.ended("canceled", 0);
        assert_eq!(ran.only()["target"], target);
    }
    for target in ["demo", "preview", "production", "none"] {
        let sandbox = qa();
        let ran = step(&sandbox).input("target", target).run();
        refused(&sandbox, &ran);
        ran.reasons(&[target]);
    }
}
