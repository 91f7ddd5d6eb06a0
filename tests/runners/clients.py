"""Calls the sandbox through the clients that the platforms publish for Python, and says how each call went.

usage: clients.py pydo|cloud_foundry|datadog|render FOLDER LINE

FOLDER holds ca.pem, and LINE is what `sandbox --every-state` says of the platform. Ends with 1 if a call went wrong.
"""

import re
import ssl
import sys
from importlib.metadata import version

client, folder, line = sys.argv[1:]
CA = f"{folder}/ca.pem"
words = dict(word.split("=", 1) for word in line.split()[1:])
url, token = words.pop("url"), words.pop("token")
deployments = {state: text.split("/", 1) for state, text in words.items()}
bad = 0


class Wrong(Exception):
    """An answer that says something else than it should."""


def should(what, shown, *wanted):
    if shown not in wanted:
        raise Wrong(f"{what} is {shown!r}, not {' or '.join(map(repr, wanted))}")


def call(title, action, status_of=None, wanted=None):
    """One call; with `wanted`, one that has to be refused with that status."""
    global bad
    try:
        result = action()
        verdict = "ok" if wanted is None else f"WRONG: not refused with {wanted}"
    except Exception as error:  # whatever a client does not like
        result, status = None, status_of(error) if status_of else None
        plain = re.sub(r"\s+", " ", f"{type(error).__name__}: {error}")[:400]
        verdict = "ok, refused" if wanted is not None and status == wanted else f"WRONG: {plain}"
    bad += verdict.startswith("WRONG")
    print(f"{NAME:32} {title:32} {verdict}", flush=True)
    return result


def pydo():
    from pydo import Client

    api = Client(token, endpoint=url, connection_verify=CA)
    app = f"7c9e6679-7425-40de-944b-{1:012x}"
    status = lambda error: getattr(error, "status_code", None)

    def get(id, *wanted):
        should("phase", api.apps.get_deployment(app, id)["deployment"]["phase"], *wanted)

    def listed():
        found = api.apps.list_deployments(app, per_page=100)["deployments"]
        should("the list", {d["id"]: d["phase"] for d in found}, dict(deployments.values()))

    call("apps", lambda: should("apps", len(api.apps.list()["apps"]), 2))
    call("list", listed)
    for state, (id, word) in deployments.items():
        call(f"get {state}", lambda: get(id, word))
        over = state in ("canceled", "succeeded", "failed", "superseded")
        cancel = lambda: api.apps.cancel_deployment(app, id)["deployment"]["id"]
        call(f"cancel {state}", cancel, status, 400 if over else None)
        call(f"get {state} afterwards", lambda: get(id, word if over else "CANCELED"))
    call("get unknown", lambda: should("error", api.apps.get_deployment(app, app)["id"], "not_found"))
    live = deployments["succeeded"][0]

    def validate(state, *wanted):
        said = api.apps.validate_rollback(app, {"deployment_id": deployments[state][0], "skip_pin": True})
        should("the objection", said.get("error", {}).get("code"), *wanted)

    call("what is live", lambda: should("the id", api.apps.get(app)["app"]["active_deployment"]["id"], live))
    call("validate succeeded", lambda: validate("succeeded", None))
    for state in ("failed", "canceled", "superseded"):
        call(f"validate {state}", lambda: validate(state, "incompatible_result"))
    roll_back = lambda id: api.apps.create_rollback(app, {"deployment_id": id, "skip_pin": True})
    unable = Client(NO_WAY_BACK, endpoint=url, connection_verify=CA)
    call("roll back to failed", lambda: roll_back(deployments["failed"][0]), status, 400)
    call("roll back to unknown", lambda: should("error", roll_back(app).get("id"), "not_found"))
    right = lambda: unable.apps.create_rollback(app, {"deployment_id": live, "skip_pin": True})
    call("roll back without the right", right, status, 403)
    call("what is live, refused", lambda: should("the id", api.apps.get(app)["app"]["active_deployment"]["id"], live))
    copy = call("roll back", lambda: roll_back(live)["deployment"])
    for phase in ("PENDING_BUILD", "DEPLOYING", "ACTIVE"):
        call(f"its copy, {phase}", lambda: get(copy["id"], phase))
    call("what is live afterwards", lambda: should("the id", api.apps.get(app)["app"]["active_deployment"]["id"], copy["id"]))
    call("get replaced", lambda: get(live, "SUPERSEDED"))
    other = Client("unknown", endpoint=url, connection_verify=CA)
    call("wrong token", lambda: other.apps.list()["apps"], status, 401)


def cloud_foundry():
    from cloudfoundry_client.client import CloudFoundryClient
    from cloudfoundry_client.v3.entities import EntityManager

    api = CloudFoundryClient(url, verify=CA)
    status = lambda error: getattr(error, "status_code", None) and int(error.status_code)
    call("sign in, user", lambda: api.init_with_user_credentials("ci", token))
    first = api._access_token
    call("refresh", lambda: api.init_with_token(api.refresh_token))
    call("another token", lambda: should("the same token", api._access_token == first, False))
    call("refresh, unknown", lambda: CloudFoundryClient(url, verify=CA).init_with_token("x"), status, 401)
    by_client = CloudFoundryClient(url, client_id="ci-client", client_secret=token, verify=CA)
    call("sign in, client", by_client.init_with_client_credentials)
    wrong = CloudFoundryClient(url, client_id="ci-client", client_secret="x", verify=CA)
    call("sign in, wrong secret", wrong.init_with_client_credentials, status, 401)

    # It has no manager of its own for deployments.
    manager = EntityManager(url, api, "/v3/deployments")

    def shown(id):
        status = manager.get(id)["status"]
        return f"{status['value']}:{status['reason']}"

    def listed():
        known = dict(deployments.values())
        found = {d["guid"]: f"{d['status']['value']}:{d['status']['reason']}" for d in manager.list(per_page=2)}
        should("the list", {id: word for id, word in found.items() if id in known}, known)

    call("apps", lambda: should("an app", api.v3.apps.get_first(names="web")["name"], "web"))
    call("list, page by page", listed)
    for state, (id, word) in deployments.items():
        call(f"get {state}", lambda: should("status", shown(id), word))
        call(f"links {state}", lambda: should("app", manager.get(id).app()["guid"], manager.get(id)["relationships"]["app"]["data"]["guid"]))
        over = word.startswith("FINALIZED")
        cancel = lambda: manager._post(f"{url}/v3/deployments/{id}/actions/cancel")
        call(f"cancel {state}", cancel, status, 422 if over else None)
        afterwards = (word,) if over else ("FINALIZED:CANCELED", "ACTIVE:CANCELING")
        call(f"get {state} afterwards", lambda: should("status", shown(id), *afterwards))
    call("get unknown", lambda: manager.get("x"), status, 404)
    call("list, unknown parameter", lambda: list(manager.list(colour="red")), status, 400)

    live = manager.get(deployments["succeeded"][0])
    app = live["relationships"]["app"]["data"]
    of_app = lambda list, **how: [revision["guid"] for revision in list(app["guid"], **how)]
    deployed = lambda: of_app(api.v3.apps.list_deployed_revisions)
    roll_back = lambda **to: manager._create({"relationships": {"app": {"data": app}}, "strategy": "rolling"} | to)
    revisions = call("revisions", lambda: of_app(api.v3.apps.list_revisions, order_by="-created_at"))
    call("what is live", lambda: should("the revision", deployed(), [live["revision"]["guid"]], revisions[:1]))
    call("roll back to what is live", lambda: roll_back(revision={"guid": revisions[0]}), status, 422)
    call("roll back to both", lambda: roll_back(revision={"guid": revisions[1]}, droplet=live["droplet"]), status, 422)
    call("roll back to unknown", lambda: roll_back(revision={"guid": "x"}), status, 422)
    copy = call("roll back", lambda: roll_back(revision={"guid": revisions[1]}))
    call("what it replaces", lambda: should("the droplet", copy["previous_droplet"], live["droplet"]))
    for reason in ("ACTIVE:DEPLOYING", "FINALIZED:DEPLOYED"):
        call(f"its copy, {reason}", lambda: should("status", shown(copy["guid"]), reason))
    call("what is live afterwards", lambda: should("the revision", deployed(), [copy["revision"]["guid"]]))
    call("somebody moves on, by a droplet", lambda: roll_back(droplet=live["droplet"]))

    # An app without revisions.
    plain, before, now = (f"7c9e6679-7425-40de-944b-{number:012x}" for number in (3, 64, 65))
    droplets = [call(f"get {id[-2:]}", lambda: manager.get(id)["droplet"]) for id in (before, now)]
    to_app = {"relationships": {"app": {"data": {"guid": plain}}}, "strategy": "rolling"}
    current = lambda: api.v3.apps._get(f"{url}/v3/apps/{plain}/droplets/current")["guid"]
    feature = lambda: api.v3.apps._get(f"{url}/v3/apps/{plain}/features/revisions")["enabled"]
    of = lambda guid: manager.get(guid)["revision"]
    call("no revisions", lambda: should("the feature and a revision", [feature(), of(now)], [False, None]))
    call("current droplet", lambda: should("it", current(), droplets[1]["guid"]))
    call("roll back to a revision", lambda: manager._create(to_app | {"revision": {"guid": revisions[1]}}), status, 422)
    call("roll back to another's droplet", lambda: manager._create(to_app | {"droplet": live["droplet"]}), status, 422)
    unable = EntityManager(url, CloudFoundryClient(url, verify=CA), "/v3/deployments")
    unable.client._access_token = NO_WAY_BACK
    call("roll back without the right", lambda: unable._create(to_app | {"droplet": droplets[0]}), status, 422)
    call("current droplet, refused", lambda: should("it", current(), droplets[1]["guid"]))
    copy = call("roll back to a droplet", lambda: manager._create(to_app | {"droplet": droplets[0]}))
    call("what it replaces", lambda: should("the droplet", copy["previous_droplet"], droplets[1]))
    for reason in ("ACTIVE:DEPLOYING", "FINALIZED:DEPLOYED"):
        call(f"its copy, {reason}", lambda: should("status", shown(copy["guid"]), reason))
    call("current droplet, rolled back", lambda: should("it", current(), droplets[0]["guid"]))


def datadog():
    from datadog_api_client import ApiClient, Configuration
    from datadog_api_client.v2.api.fleet_automation_api import FleetAutomationApi

    def connect(app_key):
        configuration = Configuration(host=url, ssl_ca_cert=CA, enable_retry=False)
        configuration.api_key["apiKeyAuth"] = API_KEY
        configuration.api_key["appKeyAuth"] = app_key
        if not is_v2:
            for name in ("cancel_fleet_deployment", "get_fleet_deployment", "list_fleet_deployments"):
                configuration.unstable_operations[name] = True
        return FleetAutomationApi(ApiClient(configuration))

    # Newer editions of the client call the API's v2 by names of their own.
    is_v2 = hasattr(FleetAutomationApi, "get_fleet_deployment_v2")
    of = lambda api, name: getattr(api, name + "_v2" * is_v2)
    api = connect(token)
    status = lambda error: getattr(error, "status", None)

    def whole(answer):
        """An answer of which the client has understood everything."""
        should("not understood", unparsed(answer), "")
        return answer

    def get(id, *wanted):
        attributes = whole(of(api, "get_fleet_deployment")(id)).data.attributes
        should("status", attributes.high_level_status, *wanted)

    def listed():
        found = whole(of(api, "list_fleet_deployments")(page_size=100)).data
        shown = {d.id: d.attributes.to_dict().get("status", d.attributes.to_dict().get("high_level_status")) for d in found}
        should("the list", shown, dict(deployments.values()))

    call("list", listed)
    for state, (id, word) in deployments.items():
        call(f"get {state}", lambda: get(id, word))
        open_ = word in ("pending", "running")
        call(f"cancel {state}", lambda: whole(of(api, "cancel_fleet_deployment")(id)), status, None if open_ else 400)
        call(f"get {state} afterwards", lambda: get(id, "canceled" if open_ else word))
    call("get unknown", lambda: of(api, "get_fleet_deployment")("zzz-zzz-zzz"), status, 404)
    call("wrong key", lambda: of(connect("unknown"), "list_fleet_deployments")(), status, 403)
    if is_v2:
        running = lambda **also: [d.id for d in api.list_fleet_deployments_v2(**also).data]
        call("list, by update type", lambda: should("found", len(running(filter="update_type:update_package")), len(deployments)))
        call("list, unknown filter", lambda: running(filter="colour:red"), status, 400)
        call("list, unknown order", lambda: running(sort="colour"), status, 400)


def render():
    from render.public_api.api.deploys import cancel_deploy, list_deploys, retrieve_deploy, rollback_deploy
    from render.public_api.api.services import list_services, retrieve_service
    from render.public_api.client import AuthenticatedClient
    from render.public_api.models.deploy_status import DeployStatus
    from render.public_api.models.rollback_deploy_body import RollbackDeployBody

    class Refused(Exception):
        def __init__(self, answer):
            super().__init__(answer.parsed)
            self.status = int(answer.status_code)

    def connect(token):
        context = ssl.create_default_context(cafile=CA)
        return AuthenticatedClient(url, token, verify_ssl=context, raise_on_unexpected_status=True)

    def told(answer, wanted=200):
        """What an answer carries, of which the client has understood everything."""
        if int(answer.status_code) != wanted:
            raise Refused(answer)
        for one in answer.parsed if isinstance(answer.parsed, list) else [answer.parsed]:
            should("not understood", getattr(getattr(one, "deploy", one), "additional_properties", {}), {})
        return answer.parsed

    api = connect(token)
    status = lambda error: getattr(error, "status", None)
    service, other = (f"srv-cu2k7g0gph6c73ffc4h{number}" for number in (0, 2))
    read = lambda id, service=service: told(retrieve_deploy.sync_detailed(service, id, client=api))
    get = lambda id, word, service=service: should("status", read(id, service).status.value, word)
    listed = lambda service, **also: [one.deploy for one in told(list_deploys.sync_detailed(service, client=api, limit=100, **also))]

    call("service", lambda: should("id", told(retrieve_service.sync_detailed(service, client=api)).id, service))
    found = lambda: [one.service.id for one in told(list_services.sync_detailed(client=api, limit=100))]
    call("services", lambda: should("their ids", sorted(found()), [service, other]))
    known = dict(deployments.values())
    call("list", lambda: should("the list", {one.id: one.status.value for one in listed(service)}, known))
    for state, (id, word) in deployments.items():
        call(f"get {state}", lambda: get(id, word))
        call(f"list {word}", lambda: should("it", id in [one.id for one in listed(service, status=[DeployStatus(word)])], True))
        over = state in ("canceled", "succeeded", "failed", "superseded")
        cancel = lambda: told(cancel_deploy.sync_detailed(service, id, client=api))
        call(f"cancel {state}", cancel, status, 400 if over else None)
        call(f"get {state} afterwards", lambda: get(id, word if over else "canceled"))
    call("get unknown", lambda: read("dep-unknown"), status, 404)

    # On the other service the ninth has taken the place of the eighth, and the seventh was never live.
    never, before, live = (f"dep-d9n1qi2jnfac73a7{number:04}" for number in (7, 8, 9))
    def roll_back(id, by=api):
        return told(rollback_deploy.sync_detailed(other, client=by, body=RollbackDeployBody(deploy_id=id)), 201)
    serves = lambda: [one.id for one in listed(other, status=[DeployStatus.LIVE])]
    call("what is live", lambda: should("the ids", serves(), [live]))
    call("what was live", lambda: get(before, "deactivated", other))
    call("roll back to never live", lambda: roll_back(never), status, 400)
    call("roll back to unknown", lambda: roll_back("dep-unknown"), status, 404)
    call("roll back to another's", lambda: roll_back(deployments["superseded"][0]), status, 404)
    call("roll back without the right", lambda: roll_back(before, connect(NO_WAY_BACK)), status, 403)
    call("what is live, refused", lambda: should("the ids", serves(), [live]))
    copy = call("roll back", lambda: roll_back(before))
    call("its trigger and commit", lambda: should("they", (copy.trigger.value, copy.commit.id), ("rollback", read(before, other).commit.id)))
    for word in ("update_in_progress", "live"):
        call(f"its copy, {word}", lambda: get(copy.id, word, other))
    call("what is live, rolled back", lambda: should("the ids", serves(), [copy.id]))
    call("get replaced", lambda: get(live, "deactivated", other))
    onward = call("somebody moves on", lambda: roll_back(live))
    for word in ("update_in_progress", "live"):
        call(f"that one, {word}", lambda: get(onward.id, word, other))
    call("what is live, moved on", lambda: should("the ids", serves(), [onward.id]))
    call("wrong token", lambda: told(retrieve_service.sync_detailed(service, client=connect("unknown"))), status, 401)


def unparsed(model, path=""):
    """Where a client kept a part of an answer that it did not understand."""
    if type(model).__name__ == "UnparsedObject" or getattr(model, "_unparsed", False):
        return path or "all of it"
    if isinstance(model, (list, tuple)):
        parts = [(str(number), part) for number, part in enumerate(model)]
    else:
        parts = list(getattr(model, "_data_store", {}).items())
    return next(filter(None, (unparsed(part, f"{path}.{name}") for name, part in parts)), "")


# A token that may do everything but roll back.
NO_WAY_BACK = "sandbox_no_way_back_2Wn5"
API_KEY = "sandbox-api-key-5Tz8/+Y="
PACKAGES = {"pydo": "pydo", "cloud_foundry": "cloudfoundry-client", "datadog": "datadog-api-client", "render": "render"}
NAME = f"{PACKAGES[client]} {version(PACKAGES[client])}"
globals()[client]()
sys.exit(bad > 0)
