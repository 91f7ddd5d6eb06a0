"""What units.sh cannot say in shell: a server with a release, templates expanded as their CI systems do, schemas."""

import http.server
import json
import pathlib
import re
import sys
import threading

import jsonschema
import yaml

UNITS = pathlib.Path("integrations")


def serve(folder):
    """Serves a folder on this machine until its input closes; what is below /slow/ never comes. Prints the address."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=folder)

        def do_GET(self):
            if self.path.startswith("/slow/"):
                print("asked", flush=True)
                self.rfile.read(1)
            else:
                super().do_GET()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.read()


def expanded(value, pattern, given):
    """A template with its parameters in place, as text that keeps its type where it is the whole value."""
    if isinstance(value, dict):
        return {expanded(key, pattern, given): expanded(inner, pattern, given) for key, inner in value.items()}
    if isinstance(value, list):
        return [expanded(inner, pattern, given) for inner in value]
    if isinstance(value, str):
        return re.sub(pattern, lambda found: given[found[1]], value)
    return value


def parameters(declared, given):
    """What was given, held to what is declared, with the defaults of the rest."""
    unknown = set(given) - set(declared)
    assert not unknown, f"no parameter is called {unknown}"
    values = {}
    for name, one in declared.items():
        assert name in given or "default" in one, f"{name} is missing"
        values[name] = given.get(name, one.get("default"))
        allowed = one.get("values", one.get("enum", one.get("options")))
        assert allowed is None or values[name] in allowed, f"{name} is {values[name]!r}, and not one of {allowed}"
    return values


def azure(given):
    template = yaml.safe_load((UNITS / "azure.yml").read_text())
    values = parameters({one["name"]: one for one in template["parameters"]}, given)
    return {"steps": expanded(template["steps"], r"\$\{\{ parameters\.(\w+) \}\}", values)}


def circleci(given):
    orb = yaml.safe_load((UNITS / "circleci.yml").read_text())
    command = orb["commands"]["cancel"]
    command["steps"] = expanded(command["steps"], r"<< parameters\.(\w+) >>", parameters(command["parameters"], given))
    return orb


def script(system, given, folder):
    """Writes the script of a unit and its variables, as the system would hand them to a shell."""
    folder = pathlib.Path(folder)
    if system == "azure":
        pipeline = azure(given)
        step = pipeline["steps"][0]
        text, variables = step["bash"], step["env"]
        (folder / "azure-pipelines.yml").write_text(yaml.safe_dump(pipeline))
    else:
        # The schema knows no parameter in `when`.
        orb = circleci(given)
        step = orb["commands"]["cancel"]["steps"][0]["run"]
        text, variables = step["command"], step["environment"]
        (folder / "orb.yml").write_text(yaml.safe_dump(orb))
    (folder / "script").write_text(text)
    (folder / "variables").write_bytes(b"".join(f"{name}={value}\0".encode() for name, value in variables.items()))


def schemas():
    """What check-jsonschema cannot be told: a file of two documents, and options in a document about a plugin."""
    import check_jsonschema

    vendored = pathlib.Path(check_jsonschema.__file__).parent / "builtin_schemas/vendor"
    gitlab = jsonschema.Draft7Validator(json.loads((vendored / "gitlab-ci.json").read_text()))
    spec, jobs = yaml.safe_load_all((UNITS / "gitlab.yml").read_text())
    values = parameters(spec["spec"]["inputs"], {"platform": "vercel"})
    for document in [spec, expanded(jobs, r"\$\[\[ inputs\.(\w+) \]\]", values)]:
        faults = [fault.message for fault in gitlab.iter_errors(document)]
        assert not faults, faults

    woodpecker = jsonschema.Draft7Validator(json.loads((vendored / "woodpecker-ci.json").read_text()))
    for block in re.findall(r"```yaml\n(.*?)```", (UNITS / "woodpecker.md").read_text(), re.S):
        faults = [fault.message for fault in woodpecker.iter_errors(yaml.safe_load(block))]
        assert not faults, faults

    plugin = UNITS / "buildkite/cancel-deployment"
    schema = yaml.safe_load((plugin / "plugin.yml").read_text())["configuration"]
    jsonschema.Draft7Validator.check_schema(schema)
    options = jsonschema.Draft7Validator(schema)
    examples = []
    for path in [plugin / "README.md", "docs/ci-systems.md", "examples/ci/buildkite-pipeline.yml"]:
        text = pathlib.Path(path).read_text()
        blocks = re.findall(r"```yaml\n(.*?)```", text, re.S) if str(path).endswith(".md") else [text]
        for block in blocks:
            if "buildkite/cancel-deployment#v" in block:
                pipeline = yaml.safe_load(block)
                for step in pipeline["steps"] if isinstance(pipeline, dict) else pipeline:
                    for used in step.get("plugins", []):
                        examples += used.values()
    assert len(examples) > 1
    for example in examples:
        faults = [fault.message for fault in options.iter_errors(example)]
        assert not faults, (example, faults)
    for wrong in [{}, {"platform": "heroku"}, {"platform": "vercel", "tokn": "x"}, {"platform": "vercel", "wait": "maybe"}]:
        assert not options.is_valid(wrong), f"{wrong} is taken"


if __name__ == "__main__":
    arguments = sys.argv[1:]
    match arguments:
        case ["serve", folder]:
            serve(folder)
        case ["schemas"]:
            schemas()
        case ["script", system, given, folder]:
            script(system, json.loads(given), folder)
        case _:
            sys.exit(f"unknown: {arguments}")
