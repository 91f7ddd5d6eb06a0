"""Reads what act told about the workflow of common.sh, and holds it to what action.yml promises.

told.py EVENTS ERRORS TOKEN DEPLOYMENT carried|cargo|docker|neither

The last word says where the program came from: carried by the ref, built with that tool, or not to be had at all.
Its last line gives milliseconds: how long the step took, and of them the action's script.

act is kinder than GitHub: it hands a composite action its INPUT_* variables even if action.yml forgets one, and shows
outputs that it does not declare. So action.yml is also read as it stands.
"""

import json
import re
import sys

import yaml


def judge(events, token, deployment, source, lines):
    action = yaml.safe_load(open("action.yml", encoding="utf-8"))
    [step] = action["runs"]["steps"]
    expected = {f"INPUT_{name.upper()}": f"${{{{ inputs.{name} }}}}" for name in action["inputs"]}
    # The job's own token may stand in for one that is not written; tests/ci/action.rs reads that expression.
    assert step["env"]["INPUT_TOKEN"].startswith("${{ inputs.token || "), step["env"]["INPUT_TOKEN"]
    assert step["env"] | {"INPUT_TOKEN": expected["INPUT_TOKEN"]} == expected, step["env"]
    written = re.findall(r"^ +(INPUT_\w+):", open("action.yml", encoding="utf-8").read(), re.MULTILINE)
    assert len(written) == len(set(written)), written
    for name, output in action["outputs"].items():
        assert output["value"] == f"${{{{ steps.run.outputs.{name} }}}}", output

    ended = {tuple(e["stepID"]): (i, e) for i, e in enumerate(events) if "stepResult" in e and e.get("stage") == "Main"}
    results = [(step, ended.get((step,), (0, {}))[1].get("stepResult")) for step in ("broken", "cancel", "shown")]
    expected = "failure" if source == "neither" else "success"
    assert results == [("broken", "failure"), ("cancel", expected), ("shown", "success")], results
    order = [ended[step,][0] for step, _ in results]
    assert order == sorted(order), order

    ours = [e for e in events if e.get("stepID") == ["cancel", "run"]]
    outputs = {e["name"]: e["arg"] for e in ours if e.get("command") == "set-output"}
    assert set(outputs) == set(action["outputs"]), outputs
    told = "\n".join(e["msg"] for e in events if e.get("stepID") == ["shown"])
    assert all(f'"{name}":' in told for name in outputs), told
    groups = [e["arg"] for e in ours if e.get("command") == "group" and e["arg"].startswith("Build ")]
    built = [f"Build cancel-deployment with {source}"] if source in ("cargo", "docker") else []
    assert groups == built, groups
    annotations = [e["command"] for e in ours if e.get("command") in ("error", "warning", "notice")]

    if source == "neither":
        assert annotations == ["error"], annotations
        facts = {name: outputs[name] for name in ("outcome", "canceled", "went_live", "count", "canceled_count", "deployments")}
        assert facts == dict(
            outcome="error", canceled="false", went_live="unknown", count="0", canceled_count="0", deployments="[]"
        ), outputs
        assert "Use a release tag" in outputs["reason"], outputs
        assert any(e["msg"].strip() == "exit status 1" for e in events if e.get("stepID", [])[:1] == ["cancel"]), "not exit code 1"
    else:
        assert annotations == ["notice"], annotations
        facts = [outputs[name] for name in ("outcome", "canceled", "went_live", "deployment_id", "count", "canceled_count")]
        assert facts == ["canceled", "true", "false", deployment, "1", "1"], outputs
        assert any(e.get("command") == "summary" and e["content"].strip() for e in ours), "no summary"
        # act hides a secret by itself: that the action masked it too is seen from the command.
        assert any(e.get("command") == "add-mask" and e.get("arg") == token for e in ours), "the token was not masked"
    for line in lines:
        assert token not in line or json.loads(line).get("command") == "add-mask", "the token was shown"

    print(f"act: {outputs['outcome']} with {len(outputs)} outputs, program {source}")
    print(*(round(ended[step][1]["executionTime"] / 1_000_000) for step in (("cancel",), ("cancel", "run"))))


def main():
    events, errors, token, deployment, source = sys.argv[1:]
    lines = [line for name in (events, errors) for line in open(name, encoding="utf-8").read().splitlines()]
    heard = [json.loads(line) for line in lines if line.startswith("{")]
    try:
        judge(heard, token, deployment, source, lines)
    except AssertionError as wrong:
        said = [e["msg"].rstrip() for e in heard if e.get("command") != "add-mask"]
        said += [line for line in lines if not line.startswith("{")]
        for line in [f"told.py: not as promised: {wrong}", "The last that act said:"] + said[-40:]:
            print(line.replace(token, "***"), file=sys.stderr)
        sys.exit(1)


main()
