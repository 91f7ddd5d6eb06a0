"""Measures the program beside curl against the sandbox of examples/load.rs; benches/process.sh starts it.

Commands run in turn, each against a sandbox that nobody has asked yet. Ratios are taken round by round, so that what
else the machine does falls out of them; what is printed is their median.
"""

import gzip, json, math, os, shutil, statistics, subprocess, sys, tempfile, threading, time

PROGRAM, LOAD, *OPTIONS = sys.argv[1:]
QUICK = "--quick" in OPTIONS
UNDER_WAY = 8
FOLDER = tempfile.TemporaryDirectory(prefix="cancel-deployment-")
BUNDLES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"]


def path(name):
    return os.path.join(FOLDER.name, name)


class Sandbox:
    """One process of the sandbox, which plays one scene after the other."""

    def __init__(self, folder):
        self.folder = folder
        self.process = None

    def scene(self, count=1, delay=0, course="canceled"):
        """The variables that a run needs there."""
        words = f"{count} {delay} {course}"
        if self.process is None:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            self.process = subprocess.Popen([LOAD, self.folder, *words.split()], **pipes)
        else:
            self.process.stdin.write(words + "\n")
            self.process.stdin.flush()
        variables = {}
        for line in self.process.stdout:
            if line == "ready\n":
                return variables
            if "=" in line and not line.startswith("seen "):
                name, value = line.rstrip("\n").split("=", 1)
                variables[name] = value.strip("'")
        sys.exit("the sandbox has ended")

    def seen(self):
        """What was asked in the scene before, which ends with this."""
        self.process.stdin.write("1\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("seen "):
                seen = json.loads(line.removeprefix("seen "))
            if line == "ready\n":
                return seen
        sys.exit("the sandbox has ended")

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


SANDBOX = Sandbox(FOLDER.name)

try:
    # What else the machine does has to wait; only root may say so.
    os.setpriority(os.PRIO_PROCESS, 0, -20)
except PermissionError:
    pass


# Commands

def roots(bundle):
    """A file with the sandbox's authority, alone or among those of the system."""
    if not bundle:
        return path("ca.pem")
    with open(path("bundle.pem"), "w") as file:
        for part in [bundle, path("ca.pem")]:
            file.write(open(part).read())
    return path("bundle.pem")


def program(scene, authorities):
    """The program as a step on GitHub, which has most to write."""
    variables = {name: value for name, value in scene.items() if name != "SSL_CERT_FILE"}
    for name in ["output", "summary"]:
        open(path(name), "w").close()
    files = {"GITHUB_OUTPUT": path("output"), "GITHUB_STEP_SUMMARY": path("summary")}
    return [PROGRAM], variables | files | {"GITHUB_ACTIONS": "true", "SSL_CERT_FILE": authorities}


def curl(scene, authorities, parallel):
    """One process of curl that asks for every deployment to be canceled and reads every one, without looking."""
    base = f"{scene['CANCEL_DEPLOYMENT_API_URL']}/v2/apps/{scene['CANCEL_DEPLOYMENT_APP_ID']}/deployments"
    ids = scene["CANCEL_DEPLOYMENT_DEPLOYMENT_ID"].split(",")
    common = ["silent", "http1.1", f"cacert = {authorities}"]
    common.append(f'header = "Authorization: Bearer {scene["CANCEL_DEPLOYMENT_TOKEN"]}"')
    lines = [*common, 'data = ""', *(f"url = {base}/{id}/cancel" for id in ids), "next"]
    lines += [*common, *(f"url = {base}/{id}" for id in ids)]
    with open(path("curlrc"), "w") as file:
        file.write("\n".join(lines))
    many = ["--parallel", "--parallel-max", str(UNDER_WAY)] if parallel else []
    return ["curl", "--disable", *many, "--config", path("curlrc")], {}


def answer_takes(delay):
    """How many milliseconds an answer really takes that comes after so many: what curl waits for one."""
    scene = SANDBOX.scene(50, delay)
    base = f"{scene['CANCEL_DEPLOYMENT_API_URL']}/v2/apps/{scene['CANCEL_DEPLOYMENT_APP_ID']}/deployments"
    lines = ["silent", f"cacert = {roots(None)}", "http1.1"]
    lines.append(f'header = "Authorization: Bearer {scene["CANCEL_DEPLOYMENT_TOKEN"]}"')
    lines.append('write-out = "%{stderr}%{time_pretransfer} %{time_starttransfer}\\n"')
    for id in scene["CANCEL_DEPLOYMENT_DEPLOYMENT_ID"].split(","):
        lines += [f"url = {base}/{id}", f"output = {os.devnull}"]
    with open(path("curlrc"), "w") as file:
        file.write("\n".join(lines))
    times = [line.split() for line in run(["curl", "--disable", "--config", path("curlrc")], {}).stderr.splitlines()]
    return median([(float(end) - float(start)) * 1e3 for start, end in times])


def timed(command, variables):
    """Wall and CPU time in milliseconds, and when it began and ended."""
    nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    environment = {"PATH": os.environ["PATH"]} | variables
    program = shutil.which(command[0])
    begun, start = time.time(), time.monotonic()
    pid = os.posix_spawn(program, command, environment, file_actions=nothing)
    _, status, used = os.wait4(pid, 0)
    wall = time.monotonic() - start
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{command} ended with {os.waitstatus_to_exitcode(status)}")
    return {"wall": wall * 1e3, "cpu": (used.ru_utime + used.ru_stime) * 1e3, "begun": begun, "ended": begun + wall}


def run(command, variables):
    environment = {"PATH": os.environ["PATH"]} | variables
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def peak(command, variables):
    """The most memory in MiB. Python is larger than what it measures, so that somebody smaller has to wait for it."""
    if not os.path.exists("/usr/bin/time"):
        return math.nan
    run(["/usr/bin/time", "--format", "%M", "--output", path("peak"), *command], variables)
    return int(open(path("peak")).read().split()[-1]) / 1024


def instructions(command, variables):
    if not shutil.which("valgrind"):
        return math.nan
    ran = run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}", *command], variables)
    return next(int(line.split()[-1]) for line in ran.stderr.splitlines() if "Collected" in line)


def system_calls(command, variables):
    if not shutil.which("strace"):
        return math.nan
    run(["strace", "-f", "-c", "-o", path("calls"), *command], variables)
    return int(open(path("calls")).read().splitlines()[-1].split()[3])


# Numbers and tables

def median(values):
    return statistics.median(values)


def spread(values, digits=1):
    low, middle, high = (f"{value:.{digits}f}" for value in [min(values), median(values), max(values)])
    return middle if len(values) == 1 else f"{middle} [{low}-{high}]"


def number(value, digits=2):
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


SAID = []


def say(text):
    SAID.append(text)
    print(text, flush=True)


def table(title, head, rows):
    lines = [head, ["---"] * len(head), *rows]
    say(f"\n### {title}\n")
    say("\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines))


def write_page():
    """Puts what was said into the page, between its marks."""
    with open("docs/performance.md") as file:
        before, rest = file.read().split("<!-- measured -->\n")
    _, after = rest.split("<!-- /measured -->\n")
    with open("docs/performance.md", "w") as file:
        file.write(before + "<!-- measured -->\n" + "\n".join(SAID) + "\n\n<!-- /measured -->\n" + after)


BUDGETS = []


def budget(what, most, value, digits=2):
    BUDGETS.append((what, most, value, digits))


def in_turn(commands, count, delay, rounds):
    """Every command's times, round by round."""
    times = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            times[name].append(timed(*command(SANDBOX.scene(count, delay))))
    return times


def peaks(commands, count, delay):
    return {name: median([peak(*command(SANDBOX.scene(count, delay))) for _ in range(3)]) for name, command in commands.items()}


def ratio(times, kind, name, other):
    return median([one[kind] / two[kind] for one, two in zip(times[name], times[other])])


# What is measured

def one_deployment(bundle):
    commands = {
        "curl, one CA": lambda scene: curl(scene, roots(None), False),
        "cancel-deployment, one CA": lambda scene: program(scene, roots(None)),
    }
    if bundle:
        commands |= {
            "curl, system's bundle": lambda scene: curl(scene, roots(bundle), False),
            "cancel-deployment, system's bundle": lambda scene: program(scene, roots(bundle)),
        }
    for delay, rounds in [(0, 7 if QUICK else 31), (30, 3 if QUICK else 9)]:
        times = in_turn(commands, 1, delay, rounds)
        memory = peaks(commands, 1, delay)
        rows = []
        for name, all in times.items():
            walls, cpus = [one["wall"] for one in all], [one["cpu"] for one in all]
            bundled = number(ratio(times, "wall", name, "curl, system's bundle")) if bundle else "–"
            ratios = [number(ratio(times, kind, name, "curl, one CA")) for kind in ["wall", "cpu"]]
            rows.append([name, spread(walls), spread(cpus), number(memory[name], 1), *ratios, bundled])
        head = ["command", "wall ms", "CPU ms", "peak MiB", "wall / curl, one CA", "CPU / curl, one CA"]
        table(f"One deployment, answers after {delay} ms", [*head, "wall / curl, bundle"], rows)
        ours, theirs = "cancel-deployment, one CA", "curl, one CA"
        if delay == 0:
            budget("one CA: wall / curl", 0.33, ratio(times, "wall", ours, theirs))
            budget("one CA: CPU / curl", 0.28, ratio(times, "cpu", ours, theirs))
            budget("one CA: peak MiB", 4.5, memory[ours])
            if bundle:
                both = [f"{name}, system's bundle" for name in ["cancel-deployment", "curl"]]
                budget("system's bundle: wall / curl", 0.12, ratio(times, "wall", *both))
        else:
            least = 3 * answer_takes(delay)
            budget(f"{delay} ms, one deployment: wall / least possible", 1.06, median([one["wall"] for one in times[ours]]) / least)


def many_deployments():
    commands = {
        "curl -Z": lambda scene: curl(scene, roots(None), True),
        "cancel-deployment": lambda scene: program(scene, roots(None)),
    }
    plan = {0: {10: 9, 100: 7, 1000: 7, 5000: 5}, 30: {10: 5, 100: 3, 1000: 1, 5000: 1}}
    if QUICK:
        plan = {0: {100: 3, 1000: 3}, 30: {100: 1}}
    for delay, counts in plan.items():
        rows, medians, answer = [], {}, answer_takes(delay)
        for count, rounds in counts.items():
            times = in_turn(commands, count, delay, rounds)
            memory = peaks(commands, count, delay) if delay == 0 else {name: math.nan for name in commands}
            for (name, all), requests in zip(times.items(), [2, 3]):
                walls, cpus = [one["wall"] for one in all], [one["cpu"] for one in all]
                least = math.ceil(count / UNDER_WAY) * requests * answer
                medians[name, count] = median(walls)
                if delay and name == "cancel-deployment":
                    budget(f"{delay} ms, {count} deployments: wall / least possible", 1.06, median(walls) / least)
                lasts = number(median(walls) / least) if delay else number(memory[name], 1)
                row = [count, name, spread(walls, 0), spread(cpus, 0), lasts]
                rows.append([*row, *(number(ratio(times, kind, name, "curl -Z")) for kind in ["wall", "cpu"])])
            if delay == 0 and count >= 1000:
                budget(f"{count} deployments: wall / curl -Z", 0.8, ratio(times, "wall", "cancel-deployment", "curl -Z"))
                budget(f"{count} deployments: peak MiB", {1000: 10, 5000: 20}[count], memory["cancel-deployment"], 1)
        lasts = "wall / least possible" if delay else "peak MiB"
        head = ["deployments", "command", "wall ms", "CPU ms", lasts, "wall / curl -Z", "CPU / curl -Z"]
        table(f"Many deployments, {UNDER_WAY} requests under way, answers after {delay} ms", head, rows)
        if delay:
            say(f"\nThe least possible is what the answers take, {number(answer, 1)} ms each, one after the other.")
        if ("cancel-deployment", 5000) in medians and delay == 0:
            growth = medians["cancel-deployment", 5000] / medians["cancel-deployment", 1000]
            budget("5000 deployments: wall / 1000 deployments", 5.3, growth)


def exact(bundle):
    """What is the same in every run, or nearly."""
    rows = []
    for name, authorities in [("one CA", None), ("system's bundle", bundle)]:
        if name != "one CA" and not bundle:
            continue
        made = {
            "curl": lambda scene: curl(scene, roots(authorities), False),
            "cancel-deployment": lambda scene: program(scene, roots(authorities)),
        }
        for command, make in made.items():
            counted = instructions(*make(SANDBOX.scene())) / 1e6
            calls = system_calls(*make(SANDBOX.scene()))
            timed(*make(SANDBOX.scene()))
            seen = SANDBOX.seen()
            rows.append([f"{command}, {name}", number(counted, 2), calls, len(seen["requests"]), seen["connections"]])
            if command == "cancel-deployment":
                budget(f"{name}: million instructions", 14 if authorities else 5, counted)
                if not authorities:
                    budget(f"{name}: system calls", 260, calls, 0)
    table("One deployment, counted", ["command", "million instructions", "system calls", "requests", "connections"], rows)
    binary = open(PROGRAM, "rb").read()
    packed = len(gzip.compress(binary, 9))
    table("The binary", ["bytes", "gzip -9"], [[f"{len(binary):,}", f"{packed:,}"]])
    budget("binary: million bytes", 3.5, len(binary) / 1e6)


# From the platform's end to ours

def reads_of_runs(runs, seconds):
    """When each of several runs has read, in seconds since its cancel request, while its deployment did not end."""
    os.mkdir(path("lag"))
    sandbox = Sandbox(path("lag"))
    scene = sandbox.scene(runs, 0, "endless")
    ids = scene["CANCEL_DEPLOYMENT_DEPLOYMENT_ID"].split(",")

    def watch(id):
        run([PROGRAM], scene | {"CANCEL_DEPLOYMENT_DEPLOYMENT_ID": id, "CANCEL_DEPLOYMENT_TIMEOUT": f"{seconds}s"})

    threads = [threading.Thread(target=watch, args=[id]) for id in ids]
    for thread in threads:
        thread.start()
        time.sleep(0.3)
    for thread in threads:
        thread.join()
    requests = sandbox.seen()["requests"]
    sandbox.stop()
    reads = []
    for id in ids:
        asked = next(at for call, where, at in requests if call == "Cancel" and f"/{id}/" in where)
        reads.append([at - asked for call, where, at in requests if call == "Read" and where.endswith(f"/{id}") and at > asked])
    return reads


def lags(reads, ends):
    """For every end: how much later the first read that shows it comes, and how many reads that took."""
    found = []
    for one in reads:
        for end in ends:
            number = next((number for number, at in enumerate(one) if at >= end), None)
            if number is not None:
                found.append((one[number] - end, number + 1))
    return found


class Watch(threading.Thread):
    """Several runs that wait for ends that do not come: up to the usual limit, beside everything else."""

    seconds = 20 if QUICK else 240

    def run(self):
        self.reads = reads_of_runs(3 if QUICK else 8, self.seconds)


def from_end_to_end(watch):
    watch.join()
    reads, seconds = watch.reads, watch.seconds
    last = seconds - 10
    steps = 1000
    spreads = {
        "as likely in every second": [last * (step + 0.5) / steps for step in range(steps)],
        "as likely from 1 to 2 s as from 10 to 20 s": [0.1 * (last / 0.1) ** ((step + 0.5) / steps) for step in range(steps)],
    }
    def fixed(interval):
        return [[interval * (number + 1) for number in range(math.ceil(seconds / interval) + 1)]]
    rows = []
    for words, ends in spreads.items():
        # The fixed interval that reads as often on average, found by halving.
        low, high = 0.1, 30.0
        wanted = statistics.mean(count for _, count in lags(reads, ends))
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if statistics.mean(count for _, count in lags(fixed(middle), ends)) > wanted else (low, middle)
        ways = {"cancel-deployment": reads, f"every {low:.2f} s, as many reads": fixed(low)}
        for name, times in (ways | {f"every {interval} s": fixed(interval) for interval in [2, 5, 10]}).items():
            all = lags(times, ends)
            late = sorted(lag for lag, _ in all)
            average, count = statistics.mean(late), statistics.mean(count for _, count in all)
            rows.append([words, name, number(average), number(late[int(len(late) * 0.95)]), number(late[-1]), number(count, 1)])
        ours, theirs = (statistics.mean(lag for lag, _ in lags(times, ends)) for times in [reads, fixed(low)])
        budget(f"ends {words}: lag / lag of a fixed interval with as many reads", 1, ours / theirs)
    head = ["ends come", "reads", "lag in s, mean", "95 %", "most", "reads until then, mean"]
    table(f"From the platform's end to the read that shows it, ends within {last} s", head, rows)
    early = [end / 10 for end in range(1, min(300, last * 10))]
    late = sorted(lag for lag, _ in lags(reads, early))
    budget("ends in the first 30 s: lag in s, mean", 1, statistics.mean(late))
    budget("ends in the first 30 s: lag in s, most", 1, late[-1])
    tails = []
    for _ in range(5):
        ended = timed(*program(SANDBOX.scene(), roots(None)))["ended"]
        tails.append((ended - SANDBOX.seen()["requests"][-1][2]) * 1e3)
    say(f"\nFrom that read to the end of the process: {spread(tails)} ms.")


def main():
    bundle = next((file for file in BUNDLES if os.path.isfile(file)), None)
    parts = {
        "one": lambda: one_deployment(bundle),
        "many": many_deployments,
        "counted": lambda: exact(bundle),
        "lag": lambda: from_end_to_end(watch),
    }
    chosen = [name for name in OPTIONS if name in parts] or list(parts)
    watch = Watch()
    if "lag" in chosen:
        watch.start()
    SANDBOX.scene()
    for name in chosen:
        parts[name]()
    SANDBOX.stop()
    rows = []
    for what, most, value, digits in BUDGETS:
        holds = "–" if math.isnan(value) else "yes" if value <= most else "no"
        rows.append([what, most, number(value, digits), holds])
    table("Budgets", ["what", "at most", "measured", "holds"], rows)
    if "--page" in OPTIONS:
        write_page()


main()
