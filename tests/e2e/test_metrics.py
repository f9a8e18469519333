# SPDX-License-Identifier: LGPL-2.1-or-later
"""kapsel metrics and monitor: what Prometheus, node_exporter and Nagios make of them."""

import re
import shutil
import signal
import subprocess
import time
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

import lib_host
from lib_monitoring import (RULES, SLOW, SOURCE, Daemon, Inetd, Prometheus, daemons,  # noqa: F401
                            descriptors_of, endpoint, needs, quick_rules, status_of)
from lib_service import services  # noqa: F401

pytestmark = pytest.mark.root

ACCEPT_OPEN = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
GET = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
SHELL = {"syscalls": {"allow": ["@base", "@process"]}, "exec": {"allow": ["*"]}}


@pytest.fixture
def service(services):  # noqa: F811
    made = services(["/bin/sleep", "1000"])
    made.start()
    made.wait()
    return made


def values(text, name):
    """{metric{labels without name}: value} of the service `name`."""
    found = {}
    for line in text.splitlines():
        metric, _, value = line.rpartition(" ")
        if not line.startswith("#") and f'name="{name}"' in metric:
            found[re.sub(r'(id|image|name)="[^"]*",?|\{,?\}', "", metric).replace("{}", "")] = float(value)
    return found


# --- text --------------------------------------------------------------------------------------

def test_a_running_service_has_its_numbers(kapsel, service):
    text = kapsel.call("metrics").stdout
    found = values(text, service.name)
    assert found["kapsel_up"] == 1 and found["kapsel_restarts_total"] == 0
    assert found['kapsel_health{state="none"}'] == 1 and found['kapsel_health{state="unhealthy"}'] == 0
    assert found["container_threads"] == len((service.group / "cgroup.threads").read_text().split())
    assert abs(found["container_last_seen"] - time.time()) < 60
    assert 0 <= time.time() - found["container_start_time_seconds"] < 120
    assert f'id="/kapsel/{service.name}",image="{service.profile["rootfs"]}"' in text
    assert text.endswith("\n")


def test_descriptors_are_counted_as_the_kernel_lists_them(kapsel, service):
    found = values(kapsel.call("metrics", service.name).stdout, service.name)
    pids = (service.group / "cgroup.procs").read_text().split()
    assert found["container_file_descriptors"] == sum(len(descriptors_of(pid)) for pid in pids)


def test_an_ended_service_is_down_and_has_no_group(kapsel, services):  # noqa: F811
    service = services(["/bin/sh", "-c", "exit 3"], **SHELL)
    service.start()
    service.wait("exited")
    found = values(kapsel.call("metrics", service.name).stdout, service.name)
    assert found["kapsel_up"] == 0 and found["kapsel_exit_status"] == 3
    assert not [name for name in found if name.startswith("container_cpu")]


@needs("promtool")
def test_promtool_finds_nothing_wrong(kapsel, service):
    text = kapsel.call("metrics").stdout
    golden = (SOURCE / "tests/unit/service_metrics/golden.prom").read_text()
    for sample in (text, golden):
        done = subprocess.run(["promtool", "check", "metrics"], input=sample, capture_output=True, text=True, check=False,
                              timeout=60 * SLOW)
        assert done.returncode == 0 and done.stdout + done.stderr == "", done


def test_usage_mistakes_are_refused(kapsel, tmp_path):
    for arguments in (["--http", "--openmetrics"], ["--textfile", tmp_path, "--http"], ["--textfile"], ["--", "x"]):
        assert kapsel.call("metrics", *arguments).status == 2
    result = kapsel.call("metrics", "--textfile", tmp_path / "missing")
    assert result.status == 1 and "missing" in result.stderr and "help:" in result.stderr, result


# --- files for node_exporter ---------------------------------------------------------------------

def test_a_file_comes_and_goes_with_its_service(kapsel, service, tmp_path):
    directory = tmp_path / "textfile"
    directory.mkdir()
    (directory / "kapsel_by-hand.prom").write_text("by_hand 1\n")
    assert kapsel.call("metrics", "--textfile", directory).status == 0
    path = directory / f"kapsel_{service.name}.prom"
    assert values(path.read_text(), service.name)["kapsel_up"] == 1 and path.stat().st_mode & 0o777 == 0o644
    service.end()
    assert kapsel.call("metrics", "--textfile", directory).status == 0
    assert not path.exists() and (directory / "kapsel_by-hand.prom").exists()
    assert not list(directory.glob(".*"))


@needs("prometheus-node-exporter")
def test_node_exporter_serves_the_files(kapsel, services, tmp_path, daemons):  # noqa: F811
    made = [services(["/bin/sleep", "1000"]) for _ in range(2)]
    for one in made:
        one.start()
        one.wait()
    directory = tmp_path / "textfile"
    directory.mkdir()
    assert kapsel.call("metrics", "--textfile", directory).status == 0
    exporter = daemons(Daemon, tmp_path, "prometheus-node-exporter", "--collector.disable-defaults",
                       "--collector.textfile", f"--collector.textfile.directory={directory}", ready="/metrics")
    text = exporter.get("/metrics")
    assert "node_textfile_scrape_error 0" in text
    for one in made:
        assert values(text, one.name)["kapsel_up"] == 1
        assert f'node_textfile_mtime_seconds{{file="{directory}/kapsel_{one.name}.prom"}}' in text


# --- HTTP ------------------------------------------------------------------------------------------

def test_one_request_gets_one_answer(endpoint, service):  # noqa: F811
    status, headers, body = endpoint.ask(GET)
    assert status == "HTTP/1.1 200 OK" and headers["Connection"] == "close"
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert int(headers["Content-Length"]) == len(body.encode())
    assert abs(parsedate_to_datetime(headers["Date"]).timestamp() - time.time()) < 60
    assert values(body, service.name)["kapsel_up"] == 1
    status, headers, body = endpoint.ask(GET.replace("GET", "HEAD"))
    assert status == "HTTP/1.1 200 OK" and int(headers["Content-Length"]) > 0 and body == ""


def test_openmetrics_is_chosen_by_accept(endpoint, service):  # noqa: F811
    _, headers, body = endpoint.ask(GET.replace("\r\n\r\n", f"\r\nAccept: {ACCEPT_OPEN}\r\n\r\n"))
    assert headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert body.endswith("\n# EOF\n") and "\n# TYPE kapsel_restarts counter\n" in body


@pytest.mark.parametrize("request_text, status", [
    ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    ("GET /../../etc/shadow HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    ("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", 405),
    ("GET /metrics HTTP/1.1\r\n\r\n", 400),
    ("\r\n\r\n", 400),
    ("GET /metrics HTTP/3.0\r\nHost: x\r\n\r\n", 505),
    ("GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + "x" * 9000 + "\r\n\r\n", 431),
])
def test_anything_else_is_refused(endpoint, request_text, status):  # noqa: F811
    line, headers, _ = endpoint.ask(request_text)
    assert line.startswith(f"HTTP/1.1 {status} "), line
    assert (headers.get("Allow") == "GET, HEAD") == (status == 405)


def test_a_silent_client_is_sent_away(endpoint):  # noqa: F811
    began = time.monotonic()
    with endpoint.connect() as sock:
        sock.sendall(b"GET /metrics HTTP/1.1\r\n")
        answer = sock.recv(65536)
    took_s = time.monotonic() - began
    assert answer.startswith(b"HTTP/1.1 408 ") and 4.5 < took_s < 5 + 5 * SLOW, (answer, took_s)


def test_a_client_that_goes_leaves_no_process(endpoint):  # noqa: F811
    endpoint.connect().close()
    lib_host.wait_for(lambda: endpoint.processes and endpoint.processes[0].poll() is not None, 5 * SLOW, "its end")
    assert endpoint.processes[0].stderr.read() == b""


def test_the_process_has_given_up_everything_before_it_reads(endpoint):  # noqa: F811
    with endpoint.connect() as sock:
        pid = lib_host.wait_for(lambda: endpoint.processes and endpoint.processes[0].pid, 5 * SLOW, "the process")
        status = lib_host.wait_for(lambda: (lambda found: found if found["Seccomp"] == "2" else None)(status_of(pid)),
                                   5 * SLOW, "the filter")
        assert status["NoNewPrivs"] == "1"
        for which in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[which], 16) == 0, (which, status)
        assert descriptors_of(pid) == [0, 1, 2]
        limits = Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"^Max open files +3 +3 ", limits, re.M) and re.search(r"^Max cpu time +5 +5 ", limits, re.M)
        sock.sendall(GET.encode())
        assert sock.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")


@needs("strace")
def test_no_byte_is_read_before_the_filter_and_little_is_called_after(binary, tmp_path):
    trace = tmp_path / "trace"
    server = Inetd("strace", "-f", "-o", trace, binary, "metrics", "--http")
    try:
        assert server.ask(GET)[0] == "HTTP/1.1 200 OK"
    finally:
        server.stop()
    calls = [re.sub(r"^\d+ +", "", line) for line in trace.read_text().splitlines()]
    filtered = max(i for i, call in enumerate(calls) if call.startswith("seccomp(SECCOMP_SET_MODE_FILTER, 0, {len="))
    assert not [call for call in calls[:filtered] if re.match(r"(read|recv\w*|readv)\(0,", call)]
    after = {call.split("(")[0] for call in calls[filtered + 1:] if not call.startswith("+++")}
    assert after <= {"poll", "ppoll", "read", "write", "shutdown", "exit_group"}, after


# --- Prometheus --------------------------------------------------------------------------------------

@needs("promtool")
def test_the_rules_fire_when_they_shall(tmp_path):
    for path in (RULES, Path(__file__).parent / "kapsel.rules.test.yml"):
        shutil.copy(path, tmp_path)
    for arguments in (["check", "rules", RULES.name], ["test", "rules", "kapsel.rules.test.yml"],
                      ["check", "config", "--syntax-only", SOURCE / "packaging/monitoring/prometheus.yml"]):
        done = subprocess.run(["promtool", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False,
                              timeout=60 * SLOW)
        assert done.returncode == 0 and "FAILED" not in done.stdout, done


@needs("promtool")
def test_the_dashboard_asks_for_what_there_is(tmp_path):
    """Each query of a panel is well-formed, and each metric in it is one that we serve."""
    served = set(re.findall(r"^# TYPE (\S+)", (SOURCE / "tests/unit/service_metrics/golden.prom").read_text(), re.M))
    written = (SOURCE / "packaging/monitoring/grafana-dashboard.json").read_text()
    made = subprocess.run([SOURCE / "packaging/monitoring/make-dashboard"], capture_output=True, text=True, check=True)
    assert made.stdout == written, "packaging/monitoring/make-dashboard was not run"
    queries = re.findall(r'"expr": "((?:[^"\\]|\\.)*)"', written)
    assert len(queries) > 20
    rules = "groups: [{name: g, rules: [\n"
    for i, query in enumerate(queries):
        query = query.replace('\\"', '"').replace("$__rate_interval", "1m").replace("'", "''")
        assert set(re.findall(r"\b(?:container|kapsel)_\w+", query)) <= served, query
        rules += f"  {{record: 'q{i}', expr: '{query}'}},\n"
    (tmp_path / "queries.yml").write_text(rules + "]}]\n")
    done = subprocess.run(["promtool", "check", "rules", tmp_path / "queries.yml"], capture_output=True, text=True,
                          check=False, timeout=60 * SLOW)
    assert done.returncode == 0, done


@needs("prometheus", "prometheus-node-exporter")
def test_prometheus_reads_the_endpoint_and_the_files(kapsel, service, endpoint, tmp_path, daemons):  # noqa: F811
    directory = tmp_path / "textfile"
    directory.mkdir()
    assert kapsel.call("metrics", "--textfile", directory).status == 0
    exporter = daemons(Daemon, tmp_path, "prometheus-node-exporter", "--collector.disable-defaults",
                       "--collector.textfile", f"--collector.textfile.directory={directory}", ready="/metrics")
    prometheus = daemons(Prometheus, tmp_path, endpoint.port, exporter.port)
    for port in (endpoint.port, exporter.port):
        (labels, value), = prometheus.wait_for(f'kapsel_up{{name="{service.name}",instance="127.0.0.1:{port}"}}')
        assert value == 1 and labels["job"] == "test"
    (labels, value), = prometheus.query(f'container_cpu_usage_seconds_total{{name="{service.name}",'
                                        f'instance="127.0.0.1:{endpoint.port}"}}')
    assert labels["id"] == f"/kapsel/{service.name}" and labels["cpu"] == "total" and value >= 0
    assert prometheus.query("up == 0") == []


@needs("prometheus")
def test_a_restart_loop_and_a_dead_service_raise_alerts(endpoint, services, tmp_path, daemons):  # noqa: F811
    prometheus = daemons(Prometheus, tmp_path, endpoint.port, rules=quick_rules())
    loop = services(["/bin/sh", "-c", f"sleep {0.5 * SLOW}; exit 1"],
                    restart={"policy": "always", "max": "unlimited", "delay": "10ms"}, **SHELL)
    calm = services(["/bin/sleep", "1000"])
    for one in (loop, calm):
        one.start()
    prometheus.wait_firing("KapselRestartLoop", loop.name)
    assert ("KapselRestartLoop", calm.name) not in prometheus.firing()
    assert ("KapselDown", calm.name) not in prometheus.firing()
    calm.kill("supervisor", signal.SIGTERM)
    prometheus.wait_firing("KapselDown", calm.name)


@pytest.mark.vm
@needs("prometheus")
def test_running_out_of_memory_raises_an_alert(endpoint, services, tmp_path, daemons):  # noqa: F811
    prometheus = daemons(Prometheus, tmp_path, endpoint.port, rules=quick_rules())
    hog = services(["/bin/sh", "-c", f"sleep {4 * SLOW}; x=x; while :; do x=$x$x; done"],
                   limits={"memory": "16MiB", "memory_high": "unlimited", "cpu": "unlimited", "pids": 20},
                   restart={"policy": "on-failure", "max": 100, "delay": "1s"}, **SHELL)
    hog.start()
    prometheus.wait_for(f'container_spec_memory_limit_bytes{{name="{hog.name}"}} == 16 * 1024 * 1024')
    prometheus.wait_firing("KapselOOM", hog.name)


# --- Nagios --------------------------------------------------------------------------------------------


def check(kapsel, *arguments):
    """(status, text, {label: numbers}) of a call whose output must be one line of the form that checks have."""
    result = kapsel.call("monitor", *arguments)
    line, end = result.stdout.split("\n")
    text, _, data = line.partition(" |")
    assert end == "" and re.match(r"KAPSEL (OK|WARNING|CRITICAL|UNKNOWN) - ", text), result
    assert ["OK", "WARNING", "CRITICAL", "UNKNOWN"][result.status] == text.split()[1], result
    words = data.split()
    assert all(re.match(r"[^=;]+=\d+(B|c)?(;\d*;\d*;0;\d*)$", word) for word in words), words
    return result.status, text, dict(word.split("=") for word in words)


def test_a_service_that_runs_is_ok(kapsel, service):
    status, text, data = check(kapsel, service.name)
    assert status == 0 and re.search(rf"- {service.name}: up \d+ s", text)
    assert f"{service.name}_restarts" in data and f"{service.name}_pids" in data


def test_a_service_that_ended_or_never_was_is_critical(kapsel, services):  # noqa: F811
    service = services(["/bin/sh", "-c", "exit 3"], **SHELL)
    service.start()
    service.wait("exited")
    status, text, _ = check(kapsel, service.name)
    assert status == 2 and "exit code 3" in text
    status, text, _ = check(kapsel, "nobody-of-that-name")
    assert status == 2 and text == "KAPSEL CRITICAL - nobody-of-that-name: there is no such container"


def test_all_of_them_have_one_line(kapsel, service, services):  # noqa: F811
    ended = services(["/bin/true"])
    ended.start()
    ended.wait("exited")
    status, text, data = check(kapsel, "--all")
    assert status == 2 and f"; {ended.name}: ended" in text and f"; {service.name}" not in text
    assert f"{service.name}_restarts" in data and f"{ended.name}_restarts" in data


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["--all", "a"], ["--warn-memory", "101", "a"],
                                       ["--crit-pids", "x", "a"], ["--max-restarts", "-1", "a"], ["--nonsense"]])
def test_a_wrong_command_line_is_unknown(kapsel, arguments):
    assert check(kapsel, *arguments)[:2] == (3, "KAPSEL UNKNOWN - the command line is wrong")


@pytest.mark.vm
def test_bounds_are_compared_with_the_limits(kapsel, services):  # noqa: F811
    service = services(["/bin/sleep", "1000"], limits={"memory": "64MiB", "cpu": "unlimited", "pids": 4})
    service.start()
    service.wait()
    assert check(kapsel, "--warn-memory", "90", "--warn-pids", "80", service.name)[0] == 0
    assert check(kapsel, "--warn-memory", "0", service.name)[0] == 1
    status, text, data = check(kapsel, "--warn-pids", "10", "--crit-pids", "50%", service.name)
    assert status == 2 and "processes 50 %" in text
    assert data[f"{service.name}_memory"].endswith(f";0;{64 << 20}") and data[f"{service.name}_pids"] == "2;0;2;0;4"
