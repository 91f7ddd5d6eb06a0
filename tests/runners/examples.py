"""What every example workflow has to do, in which world; called by examples.sh."""
import json, os, select, signal, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import yaml

EXAMPLES = Path("examples/workflows")
STAND_INS = Path("tests/runners/stand-ins").resolve()
ACTION = "OWNER/cancel-deployment@v1"
BRANCH = "feature/login"
CF_APP = "305cea31-5a44-45ca-b51b-e89c7a8ef8b2"

# Deploy actions that stand in for real ones: the folder with what the real repository has at its root.
ACTIONS = {"digitalocean/action-doctl": "doctl-action", "digitalocean/app_action": "app-action",
           "actions/upload-pages-artifact": "pages-artifact", "actions/deploy-pages": "pages-action"}


@dataclass
class Case:
    """One run of an example. `steps` are all that ran, by their names, each with its result; no other may have run."""

    example: str
    world: str  # how the deployments take a cancel: canceled, goes-live, live-already
    steps: dict
    green: bool = False
    outcome: str = ""  # of the step that uses the action, with went_live
    went_live: str = ""
    canceled: tuple = ()  # the deployments whose course a cancel request has changed
    calls: tuple = ()  # what the stand-ins noted, in this order: beginnings of lines
    told: str = ""  # an annotation of a later step
    checks: str = "fail"  # what the step for the user's own checks does: pass, fail, wait (until the workflow is canceled)
    deploy: str = "well"  # what the deploy step does: well, fail, wait
    event: str = "push"
    payload: dict = field(default_factory=dict)
    inputs: dict = field(default_factory=dict)


GREEN, RED = "success", "failure"
CHECK, STOP = {"Your checks": RED}, "Stop the deployment"
NPX = "npx --yes vercel@58.4.4 "
VERCEL = {"actions/checkout": GREEN, "Remember what is live before": GREEN, "Start the deployment": GREEN}
VERCEL_CALLS = (NPX + "inspect https://www.example.com --json", NPX + "deploy --prod --no-wait --yes")
DOCTL = {"digitalocean/action-doctl": GREEN, "Remember what is live before": GREEN, "Start the deployment": GREEN}
DOCTL_CALLS = ("doctl apps get app-1", "doctl apps create-deployment app-1")
SIGNED_IN = {"actions/checkout": GREEN, "Install the cf CLI": GREEN, "Sign in": GREEN, "Remember what is live before": GREEN}
CF_CALLS = ("curl GET https://packages.cloudfoundry.org/", "cf api ", "cf auth", "cf target -o acme -s prod", "cf app web --guid",
            "cf curl /v3/apps/", "cf push web --strategy rolling --no-wait")
CF_ASKED = ("cf curl /v3/deployments?app_guids=",)
DATADOG = "curl POST https://api.datadoghq.eu/api/v2/fleet/deployments/configure "
QOVERY_ENVIRONMENT = "e0f6b1c4-8d3a-4c57-9b21-000000000001"
QOVERY_REQUEST = "b81d3c95-0e4b-4f68-a2c7-000000000001"
QOVERY = f"curl POST https://api.qovery.com/environment/{QOVERY_ENVIRONMENT}/deploy"
RENDER = {"Remember what is live before": GREEN, "Start the deployment": GREEN}
RENDER_SERVICE = "srv-cu2k7g0gph6c73ffc4h0"
RENDER_API = f"https://api.render.com/v1/services/{RENDER_SERVICE}/"
RENDER_CALLS = (f"curl GET {RENDER_API}deploys?status=live&limit=1", f"curl POST {RENDER_API}deploys ")
RAILWAY = {"actions/checkout": GREEN, "Start the deployment": GREEN}
RAILWAY_SERVICE = "32c989b1-0000-4000-8000-00000000000c"
RAILWAY_ID = "5f1fb65b-0000-4000-8000-000000000001"
RAILWAY_UP = f"npx --yes @railway/cli@5.63.1 up --detach --service {RAILWAY_SERVICE}"
NETLIFY_SITE, NETLIFY_ID = "0d3a9d2f-ef94-4380-93df-27ee400e2048", "66a9a1c24fd25f0008000001"
CLOUDFLARE_ACCOUNT, CLOUDFLARE_ID = "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "8d578524-4930-4f29-b46f-000000000001"
ANNOUNCED = "Stop the announced build"
PAGES_ID = "8e52d20341103fba0f42d25d5c4e3a6a00000001"
PAGES = {"actions/checkout": GREEN, "Pack the site": GREEN}
REFUSAL = ("Deployment request failed for 26b486ee6204e9df792692b5a91daffc45880070 due to in progress deployment. "
           f"Please cancel {PAGES_ID} first or wait for it to complete.")
LEFT = "Stop what a broken push has left behind"


def pull_request(head="example/sample-app", ref=BRANCH):
    head = {"ref": ref, "sha": "f" * 40, "repo": {"full_name": head}}
    base = {"ref": "main", "sha": "0" * 40, "repo": {"full_name": "example/sample-app"}}
    pull_request = {"number": 7, "state": "closed", "merged": False, "head": head, "base": base}
    return {"action": "closed", "number": 7, "pull_request": pull_request, "repository": {"full_name": "example/sample-app", "default_branch": "main"}}


def status(state="pending", url="https://vercel.com/acme/web/1"):
    return {"deployment": {"sha": "f" * 40, "ref": BRANCH}, "deployment_status": {"state": state, "environment_url": "", "target_url": url}}


def check_run(slug="cloudflare-workers-and-pages", kind="workers/services"):
    url = f"https://dash.cloudflare.com/{CLOUDFLARE_ACCOUNT}/{kind}/view/shop/production/builds/{CLOUDFLARE_ID}"
    return {"action": "created", "check_run": {"head_sha": "f" * 40, "details_url": url, "app": {"slug": slug}}}


DISPATCHED = {"action": "vercel.deployment.pending", "client_payload": {"id": "dpl_1", "git": {"sha": "f" * 40, "ref": BRANCH}}}


def by_hand(platform, select, dry_run="true", **others):
    return {"platform": platform, "select": select, "dry_run": dry_run, **others}


def dispatched(world, inputs, steps=None, **expected):
    return Case("by-hand", world, steps or {"Cancel deployments": GREEN}, event="workflow_dispatch", inputs=inputs, **expected)


CASES = [
    Case("after-failed-checks", "canceled", {**CHECK, STOP: GREEN}, outcome="canceled", went_live="false", canceled=("dpl_1",)),
    Case("after-failed-checks", "goes-live", {**CHECK, STOP: RED, "Say that it is live": GREEN}, outcome="completed", went_live="true",
         canceled=("dpl_1",), told="the deployment of this commit is live"),
    Case("after-failed-checks", "live-already", {**CHECK, STOP: RED, "Say that it is live": GREEN}, outcome="already_finished", went_live="true",
         told="the deployment of this commit is live"),
    Case("after-failed-checks", "canceled", {**CHECK, STOP: GREEN, "Say that there is none": GREEN}, outcome="nothing_to_cancel",
         went_live="false", told="has no deployment of this commit", payload={"ref": "refs/heads/main", "after": "e" * 40}),
    Case("after-failed-checks", "canceled", {"Your checks": GREEN}, green=True, checks="pass"),

    Case("announced-deployment", "canceled", {**CHECK, STOP: GREEN}, outcome="canceled", went_live="false", canceled=("dpl_1",),
         event="repository_dispatch", payload=DISPATCHED),
    Case("announced-deployment", "goes-live", {**CHECK, STOP: RED, "Say that it is live": GREEN}, outcome="completed", went_live="true",
         told="was faster and is live", event="repository_dispatch", payload=DISPATCHED),
    Case("announced-deployment", "canceled", {**CHECK, STOP: GREEN}, outcome="canceled", went_live="false", canceled=("dpl_1",),
         event="deployment_status", payload=status()),
    Case("announced-deployment", "canceled", {"Your checks": GREEN}, green=True, checks="pass", event="deployment_status", payload=status()),
    Case("announced-deployment", "canceled", {}, green=True, event="deployment_status", payload=status("success")),
    Case("announced-deployment", "canceled", {}, green=True, event="deployment_status", payload=status(url="https://github.com/example/web")),

    Case("superseded-previews", "canceled", {"Cancel superseded previews": GREEN}, green=True, outcome="canceled", went_live="false",
         canceled=("dpl_old",), payload={"ref": f"refs/heads/{BRANCH}"}),
    Case("superseded-previews", "goes-live", {"Cancel superseded previews": GREEN}, green=True, outcome="completed", went_live="true",
         canceled=("dpl_old",), payload={"ref": f"refs/heads/{BRANCH}"}),
    Case("superseded-previews", "canceled", {"Cancel superseded previews": GREEN}, green=True, outcome="nothing_to_cancel", went_live="false",
         payload={"ref": "refs/heads/feature"}),

    Case("closed-pull-request", "canceled", {"Stop the branch's deployments": GREEN}, green=True, outcome="canceled", went_live="false",
         canceled=("dpl_old", "dpl_1"), event="pull_request", payload=pull_request()),
    Case("closed-pull-request", "goes-live", {"Stop the branch's deployments": GREEN, "Say that one is left": GREEN}, green=True,
         outcome="completed", went_live="true", canceled=("dpl_old", "dpl_1"), told="was faster and is live",
         event="pull_request", payload=pull_request()),
    Case("closed-pull-request", "canceled", {"Stop the branch's deployments": GREEN}, green=True, outcome="nothing_to_cancel",
         went_live="false", event="pull_request", payload=pull_request(ref="feature")),
    Case("closed-pull-request", "canceled", {}, green=True, event="pull_request", payload=pull_request(head="stranger/web")),
    Case("closed-pull-request", "canceled", {}, green=True, event="pull_request", payload=pull_request(ref="main")),

    dispatched("canceled", by_hand("vercel", "latest"), green=True, outcome="dry_run", went_live="unknown"),
    dispatched("canceled", by_hand("vercel", "all", "false"), green=True, outcome="canceled", went_live="false",
               canceled=("dpl_old", "dpl_1", "dpl_other")),
    dispatched("canceled", by_hand("vercel", "superseded", "false"), green=True, outcome="canceled", went_live="false", canceled=("dpl_old",)),
    dispatched("canceled", by_hand("digitalocean", "commit", "false", app_name="web"), green=True, outcome="canceled", went_live="false",
               canceled=("dep-do",)),
    dispatched("goes-live", by_hand("cloud_foundry", "latest", "false", app_name="web"), {"Cancel deployments": RED, "Say that one is live": GREEN},
               outcome="completed", went_live="true", canceled=("dep-cf",), told="was faster and is live"),
    dispatched("canceled", by_hand("datadog", "all", "false", query="env:prod AND service:web"), green=True, outcome="canceled",
               went_live="false", canceled=("k7Q-3mX-p9Z",)),
    dispatched("canceled", by_hand("qovery", "latest", "false"), green=True, outcome="canceled", went_live="false", canceled=(QOVERY_REQUEST,)),
    dispatched("canceled", by_hand("render", "all", "false"), green=True, outcome="canceled", went_live="false", canceled=("dep-rn",)),
    dispatched("canceled", by_hand("netlify", "latest", "false"), green=True, outcome="canceled", went_live="false", canceled=(NETLIFY_ID,)),
    dispatched("canceled", by_hand("cloudflare_workers", "latest", "false", worker="shop"), green=True, outcome="canceled", went_live="false",
               canceled=(CLOUDFLARE_ID,)),
    dispatched("canceled", by_hand("github_pages", "latest", "false"), green=True, outcome="canceled", went_live="false", canceled=(PAGES_ID,)),
    dispatched("canceled", by_hand("railway", "latest", "false"), green=True, outcome="canceled", went_live="false", canceled=(RAILWAY_ID,)),

    Case("canceled-workflow", "canceled", {"Deploy": RED, STOP: GREEN}, outcome="canceled", went_live="false", canceled=("dep-do",),
         calls=("app_action deploy",), deploy="wait"),
    Case("canceled-workflow", "goes-live", {"Deploy": RED, STOP: RED, "Say that it is live": GREEN}, outcome="completed", went_live="true",
         canceled=("dep-do",), calls=("app_action deploy",), told="was faster and is live", deploy="wait"),
    Case("canceled-workflow", "canceled", {"Deploy": RED, STOP: GREEN}, outcome="canceled", went_live="false", canceled=("dep-do",),
         calls=("app_action deploy",), deploy="fail"),
    Case("canceled-workflow", "live-already", {"Deploy": GREEN}, green=True, calls=("app_action deploy",)),

    Case("vercel", "canceled", {**VERCEL, **CHECK, STOP: GREEN}, outcome="canceled", went_live="false", canceled=("dpl_1",), calls=VERCEL_CALLS),
    Case("vercel", "goes-live", {**VERCEL, **CHECK, STOP: RED, "Roll back": GREEN}, outcome="completed", went_live="true",
         calls=(*VERCEL_CALLS, NPX + "rollback dpl_before --yes")),
    Case("vercel", "live-already", {**VERCEL, **CHECK, STOP: RED, "Roll back": GREEN}, outcome="already_finished", went_live="true",
         calls=(*VERCEL_CALLS, NPX + "rollback dpl_before --yes")),
    Case("vercel", "canceled", {**VERCEL, **CHECK, STOP: GREEN}, outcome="canceled", went_live="false", canceled=("dpl_1",), checks="wait",
         calls=VERCEL_CALLS),
    Case("vercel", "goes-live", {**VERCEL, **CHECK, STOP: RED, "Roll back": GREEN}, outcome="completed", went_live="true", checks="wait",
         calls=(*VERCEL_CALLS, NPX + "rollback dpl_before --yes")),
    Case("vercel", "canceled", {**VERCEL, "Your checks": GREEN}, green=True, checks="pass", calls=VERCEL_CALLS),

    Case("digitalocean", "canceled", {**DOCTL, **CHECK, STOP: GREEN}, outcome="canceled", went_live="false", canceled=("dep-do",), calls=DOCTL_CALLS),
    Case("digitalocean", "goes-live", {**DOCTL, **CHECK, STOP: RED, "Roll back": GREEN}, outcome="completed", went_live="true",
         calls=(*DOCTL_CALLS, "curl POST https://api.digitalocean.com/v2/apps/app-1/rollback")),
    Case("digitalocean", "canceled", {**DOCTL, "Your checks": GREEN}, green=True, checks="pass", calls=DOCTL_CALLS),

    Case("cloud-foundry", "canceled", {**SIGNED_IN, "Push": GREEN, **CHECK, STOP: GREEN}, outcome="canceled", went_live="false",
         canceled=("dep-cf",), calls=CF_CALLS + CF_ASKED),
    Case("cloud-foundry", "goes-live", {**SIGNED_IN, "Push": GREEN, **CHECK, STOP: RED, "Roll back": GREEN}, outcome="completed",
         went_live="true", calls=(*CF_CALLS, *CF_ASKED, "cf rollback web --version 7 -f")),
    Case("cloud-foundry", "canceled", {**SIGNED_IN, "Push": RED, LEFT: GREEN}, outcome="canceled", went_live="false", canceled=("dep-cf",),
         calls=CF_CALLS, deploy="fail"),
    Case("cloud-foundry", "canceled", {**SIGNED_IN, "Push": RED, LEFT: GREEN}, outcome="canceled", went_live="false", canceled=("dep-cf",),
         calls=CF_CALLS, deploy="wait"),
    Case("cloud-foundry", "goes-live", {**SIGNED_IN, "Push": RED, LEFT: RED, "Roll back": GREEN}, outcome="completed", went_live="true",
         canceled=("dep-cf",), calls=(*CF_CALLS, "cf rollback web --version 7 -f"), deploy="fail"),
    Case("cloud-foundry", "canceled", {**SIGNED_IN, "Push": GREEN, "Your checks": GREEN}, green=True, checks="pass", calls=CF_CALLS + CF_ASKED),

    Case("datadog", "canceled", {"Start the deployment": GREEN, **CHECK, STOP: GREEN, "Put the old setting back": GREEN}, outcome="canceled",
         went_live="false", canceled=("k7Q-3mX-p9Z",), calls=(DATADOG, DATADOG), event="workflow_dispatch"),
    Case("datadog", "goes-live", {"Start the deployment": GREEN, **CHECK, STOP: RED, "Put the old setting back": GREEN}, outcome="completed",
         went_live="true", calls=(DATADOG, DATADOG), event="workflow_dispatch"),
    Case("datadog", "canceled", {"Start the deployment": GREEN, "Your checks": GREEN}, green=True, checks="pass", calls=(DATADOG,),
         event="workflow_dispatch"),

    Case("qovery", "canceled", {"Start the deployment": GREEN, **CHECK, STOP: GREEN}, outcome="canceled", went_live="false",
         canceled=(QOVERY_REQUEST,), calls=(QOVERY,)),
    Case("qovery", "goes-live", {"Start the deployment": GREEN, **CHECK, STOP: RED, "Say that it is live": GREEN}, outcome="completed",
         went_live="true", canceled=(QOVERY_REQUEST,), calls=(QOVERY,), told="was faster and is live"),
    Case("qovery", "canceled", {"Start the deployment": GREEN, "Your checks": GREEN}, green=True, checks="pass", calls=(QOVERY,)),

    Case("render", "canceled", {**RENDER, **CHECK, STOP: GREEN}, outcome="canceled", went_live="false", canceled=("dep-rn",), calls=RENDER_CALLS),
    Case("render", "goes-live", {**RENDER, **CHECK, STOP: RED, "Roll back": GREEN}, outcome="completed", went_live="true",
         canceled=("dep-rn",), calls=(*RENDER_CALLS, f"curl POST {RENDER_API}rollback ")),
    Case("render", "live-already", {**RENDER, **CHECK, STOP: RED, "Roll back": GREEN}, outcome="already_finished", went_live="true",
         calls=(*RENDER_CALLS, f"curl POST {RENDER_API}rollback ")),
    Case("render", "canceled", {**RENDER, "Your checks": GREEN}, green=True, checks="pass", calls=RENDER_CALLS),

    Case("railway", "canceled", {**RAILWAY, **CHECK, STOP: GREEN}, outcome="canceled", went_live="false", canceled=(RAILWAY_ID,),
         calls=(RAILWAY_UP,)),
    Case("railway", "goes-live", {**RAILWAY, **CHECK, STOP: RED, "Say that it is live": GREEN}, outcome="completed", went_live="true",
         calls=(RAILWAY_UP,), told="was faster and is live"),
    Case("railway", "canceled", {**RAILWAY, "Your checks": GREEN}, green=True, checks="pass", calls=(RAILWAY_UP,)),

    Case("netlify", "canceled", {**CHECK, STOP: GREEN}, outcome="canceled", went_live="false", canceled=(NETLIFY_ID,)),
    Case("netlify", "goes-live", {**CHECK, STOP: RED, "Say that it is live": GREEN}, outcome="completed", went_live="true",
         canceled=(NETLIFY_ID,), told="the deploy of this commit is live"),
    Case("netlify", "live-already", {**CHECK, STOP: RED, "Say that it is live": GREEN}, outcome="already_finished", went_live="true",
         told="the deploy of this commit is live"),
    Case("netlify", "canceled", {**CHECK, STOP: GREEN, "Say that there is none": GREEN}, outcome="nothing_to_cancel", went_live="false",
         told="has no deploy of this commit", payload={"ref": "refs/heads/main", "after": "e" * 40}),
    Case("netlify", "canceled", {"Your checks": GREEN}, green=True, checks="pass"),

    Case("cloudflare-workers", "canceled", {**CHECK, STOP: GREEN}, outcome="canceled", went_live="false", canceled=(CLOUDFLARE_ID,)),
    Case("cloudflare-workers", "goes-live", {**CHECK, STOP: RED, "Say that it is live": GREEN}, outcome="completed", went_live="true",
         canceled=(CLOUDFLARE_ID,), told="a version of this build is live"),
    Case("cloudflare-workers", "live-already", {**CHECK, STOP: RED, "Say that it is live": GREEN}, outcome="already_finished", went_live="true",
         told="a version of this build is live"),
    Case("cloudflare-workers", "canceled", {**CHECK, STOP: GREEN, "Say that there is none": GREEN}, outcome="nothing_to_cancel",
         went_live="false", told="has no build of this commit", payload={"ref": "refs/heads/main", "after": "e" * 40}),
    Case("cloudflare-workers", "canceled", {"Your checks": GREEN}, green=True, checks="pass"),
    Case("cloudflare-workers", "canceled", {**CHECK, ANNOUNCED: GREEN}, outcome="canceled", went_live="false", canceled=(CLOUDFLARE_ID,),
         event="check_run", payload=check_run()),
    Case("cloudflare-workers", "live-already", {**CHECK, ANNOUNCED: RED, "Say that it is live": GREEN}, outcome="already_finished",
         went_live="true", told="a version of this build is live", event="check_run", payload=check_run()),
    Case("cloudflare-workers", "canceled", {}, green=True, event="check_run", payload=check_run(kind="pages")),
    Case("cloudflare-workers", "canceled", {}, green=True, event="check_run", payload=check_run("github-actions")),
    Case("github-pages", "canceled", {**PAGES, "Deploy": RED, STOP: GREEN}, outcome="canceled", went_live="false", canceled=(PAGES_ID,),
         calls=("deploy-pages",), deploy="wait"),
    Case("github-pages", "canceled", {**PAGES, "Deploy": RED, STOP: GREEN}, outcome="canceled", went_live="false", canceled=(PAGES_ID,),
         calls=("deploy-pages",), deploy="fail"),
    Case("github-pages", "goes-live", {**PAGES, "Deploy": RED, STOP: RED, "Say that it is live": GREEN}, outcome="completed", went_live="true",
         calls=("deploy-pages",), told="but its site is live", deploy="wait"),
    Case("github-pages", "live-already", {**PAGES, "Deploy": GREEN}, green=True, calls=("deploy-pages",)),
    Case("github-pages", "canceled", {"Clear the way": GREEN}, green=True, outcome="canceled", went_live="false", canceled=(PAGES_ID,),
         event="workflow_dispatch", inputs={"blocker": REFUSAL}),
    Case("github-pages", "canceled", {"Clear the way": GREEN}, green=True, outcome="canceled", went_live="false", canceled=(PAGES_ID,),
         event="workflow_dispatch", inputs={"blocker": PAGES_ID}),
]


class Sandbox:
    """The sandbox program: serves until its input closes, then tells what a cancel request has changed."""

    def __init__(self, program, world, commit):
        self.process = subprocess.Popen([program, world, commit, BRANCH], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.platforms = {}
        while "datadog" not in self.platforms:
            name, *values = self.process.stdout.readline().split()
            self.platforms[name] = dict(value.split("=", 1) for value in values)

    def end(self):
        rest, _ = self.process.communicate()
        return tuple(line.removeprefix("canceled ") for line in rest.splitlines())


class Runner:
    """act, with everything an example finds in its repository."""

    def __init__(self, work):
        self.work = work
        self.repository = work / "repository"
        self.commit = self.start_repository()
        # The words of the placeholder are the only thing that the step for the user's own checks has.
        (work / "checks.sh").write_text(
            'echo() { builtin echo "$@"; case "$*:$STAND_IN_CHECKS" in "Replace this "*:fail) return 1 ;;'
            ' "Replace this "*:wait) builtin echo started >"$STAND_IN_STARTED"; cat "$STAND_IN_NEVER" ;; esac; }\n')

    def start_repository(self):
        git = lambda *words: subprocess.run(["git", "-C", self.repository, *words], check=True, capture_output=True, text=True).stdout.strip()
        self.repository.mkdir()
        (self.repository / "README.md").write_text("An app\n")
        git("init", "--quiet", "--initial-branch", "main")
        git("remote", "add", "origin", "https://github.com/example/sample-app.git")
        git("add", "--all")
        git("-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "--quiet", "--message", "An app")
        return git("rev-parse", "HEAD")

    def run(self, case, example, sandbox, work):
        """Runs the example, and gives act's exit status, what it said, and the calls that the stand-ins noted."""
        platform = {"canceled-workflow": "digitalocean"}.get(case.example, case.example.replace("-", "_"))
        platform = case.inputs.get("platform", platform if platform in sandbox.platforms else "vercel")
        api_url, token = sandbox.platforms[platform]["api_url"], sandbox.platforms["vercel"]["token"]
        calls = work / "calls"
        calls.write_text("")
        os.mkfifo(work / "started")
        os.mkfifo(work / "never")
        event = work / "event.json"
        event.write_text(json.dumps(case.payload or {"ref": "refs/heads/main"} | {"inputs": case.inputs}))
        settings = {
            "CANCEL_DEPLOYMENT_API_URL": api_url, "BASH_ENV": self.work / "checks.sh", "STAND_IN_CHECKS": case.checks,
            "STAND_IN_DEPLOY": case.deploy, "STAND_IN_CALLS": calls, "STAND_IN_TOKEN": token, "STAND_IN_API_URL": api_url,
            "STAND_IN_API_KEY": sandbox.platforms["datadog"]["api_key"], "STAND_IN_CF_APP": CF_APP,
            "STAND_IN_STARTED": work / "started", "STAND_IN_NEVER": work / "never",
        }
        variables = {
            "VERCEL_PROJECT_ID": "prj_1", "VERCEL_TEAM_ID": "team_1", "PRODUCTION_URL": "https://www.example.com",
            "DIGITALOCEAN_APP_ID": "app-1", "DIGITALOCEAN_APP_NAME": "web", "CF_API_URL": api_url, "CF_ORG": "acme", "CF_SPACE": "prod",
            "CF_APP": "web", "DD_SITE": "datadoghq.eu", "QOVERY_ENVIRONMENT_ID": QOVERY_ENVIRONMENT,
            "RENDER_SERVICE_ID": RENDER_SERVICE, "RAILWAY_SERVICE_ID": RAILWAY_SERVICE, "NETLIFY_SITE_ID": NETLIFY_SITE,
            "CLOUDFLARE_ACCOUNT_ID": CLOUDFLARE_ACCOUNT, "CLOUDFLARE_WORKER": "shop",
        }
        secrets = {
            "VERCEL_TOKEN": token, "DIGITALOCEAN_ACCESS_TOKEN": token, "CF_USERNAME": "deployer", "CF_PASSWORD": token,
            "DD_API_KEY": settings["STAND_IN_API_KEY"], "DD_APP_KEY": token, "QOVERY_API_TOKEN": token,
            "RENDER_API_KEY": token, "RAILWAY_TOKEN": token, "NETLIFY_AUTH_TOKEN": token, "CLOUDFLARE_API_TOKEN": token,
            # What act makes the job's own token of.
            "GITHUB_TOKEN": token,
        }
        words = ["--env", "--var", "--input"]
        options = [f"{name}={value}" for name, value in settings.items()], [f"{name}={value}" for name, value in variables.items()], [
            f"{name}={value}" for name, value in case.inputs.items()]
        (work / "secrets").write_text("".join(f"{name}={value}\n" for name, value in secrets.items()))
        command = [self.work / "venv/bin/act", case.event, "--json", "--rm", "--no-cache-server", "--platform", "ubuntu-latest=-self-hosted",
                   "--workflows", example.resolve(), "--eventpath", event, "--secret-file", work / "secrets"]
        command += [part for word, pairs in zip(words, options) for pair in pairs for part in (word, pair)]
        command += ["--local-repository", f"https://github.com/{ACTION}={self.work / 'action'}"]
        for uses in steps_of(example, "uses"):
            name, _, commit = uses.partition("@")
            for repository, folder in ACTIONS.items():
                if f"{name}/".startswith(f"{repository}/"):
                    command += ["--local-repository", f"https://github.com/{repository}@{commit}={STAND_INS / folder}"]
        environment = {"PATH": f"{STAND_INS / 'bin'}:{os.environ['PATH']}", "HOME": os.environ["HOME"], "XDG_CACHE_HOME": work / "cache"}
        with open(work / "said", "wb") as said:
            act = subprocess.Popen(command, cwd=self.repository, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        if "wait" in (case.deploy, case.checks):
            self.cancel(act, work / "started")
        status = act.wait()
        return status, (work / "said").read_text().splitlines(), calls.read_text().splitlines()

    @staticmethod
    def cancel(act, started):
        """Cancels the workflow as soon as the step that waits has begun; not if act ends before."""
        begun, ended = os.open(started, os.O_RDONLY | os.O_NONBLOCK), os.pidfd_open(act.pid)
        if begun in select.select([begun, ended], [], [])[0]:
            act.send_signal(signal.SIGINT)
        os.close(begun)
        os.close(ended)


def steps_of(example, key):
    jobs = yaml.safe_load(example.read_text())["jobs"].values()
    return [step[key] for job in jobs for step in job["steps"] if key in step]


def judge(case, status, said, calls, canceled, secrets):
    heard = [json.loads(line) for line in said if line.startswith("{")]
    results = [(e["step"].removeprefix("Main ").partition("@")[0], e["stepResult"]) for e in heard
               if "stepResult" in e and e.get("stage") == "Main" and len(e["stepID"]) == 1 and e["stepResult"] != "skipped"]
    outputs = {e["name"]: e["arg"] for e in heard if e.get("command") == "set-output" and e["stepID"][-1] == "run"}
    expected = [("the steps that ran", list(case.steps.items()), results), ("whether the run is green", case.green, status == 0),
                ("outcome", case.outcome, outputs.get("outcome", "")), ("went_live", case.went_live, outputs.get("went_live", "")),
                ("what a cancel has changed", sorted(case.canceled), sorted(canceled)),
                ("the calls", len(case.calls), len(calls))]
    wrong = [f"{what}: expected {one}, seen {other}" for what, one, other in expected if one != other]
    wrong += [f"a call: expected {one}…, seen {call}" for one, call in zip(case.calls, calls) if not call.startswith(one)]
    own = [e["arg"] for e in heard if e.get("command") in ("notice", "warning", "error") and e["stepID"][-1] != "run"]
    if bool(case.told) != bool(own) or case.told not in "\n".join(own):
        wrong.append(f"the annotation: expected {case.told!r}, seen {own}")
    wrong += ["a secret was shown" for line in said for secret in secrets
              if secret in line and not (line.startswith("{") and json.loads(line).get("command") == "add-mask")]
    return wrong


def main():
    work, program, *wanted = sys.argv[1:]
    examples = {path.stem: path for path in sorted(EXAMPLES.iterdir())}
    for example in examples:
        worlds = {case.world for case in CASES if case.example == example and case.outcome}
        assert {"canceled", "goes-live"} <= worlds, f"{example} lacks a case: {worlds}"
    runner = Runner(Path(work))

    def wrong_with(case):
        sandbox = Sandbox(program, case.world, runner.commit)
        secrets = {sandbox.platforms["vercel"]["token"], sandbox.platforms["datadog"]["api_key"]}
        status, said, calls = runner.run(case, examples[case.example], sandbox, Path(tempfile.mkdtemp(dir=work)))
        wrong = judge(case, status, said, calls, sandbox.end(), secrets)
        tail = "\n".join([json.loads(line)["msg"].rstrip() if line.startswith("{") else line for line in said][-40:])
        for secret in secrets:
            tail = tail.replace(secret, "***")
        return "\n  ".join(wrong) and "\n  ".join(wrong) + f"\nact said:\n{tail}\n"

    failed = 0
    chosen = [case for case in CASES if not wanted or case.example in wanted]
    # Few of them need the processor for long: some wait for a deployment to appear.
    with ThreadPoolExecutor(4) as pool:
        for case, wrong in zip(chosen, pool.map(wrong_with, chosen)):
            told = f"{case.outcome or 'not used'}, went_live {case.went_live or '-'}"
            print(f"{'FAILED' if wrong else 'ok'}: {case.example}.yml, {case.world}: {told}", flush=True)
            if wrong:
                failed += 1
                print(f"examples/workflows/{case.example}.yml: {wrong}", file=sys.stderr)
    sys.exit(f"{failed} of {len(chosen)} runs of examples did not do what they should" if failed else 0)


main()
