# SPDX-License-Identifier: LGPL-2.1-or-later
"""kapsel lab: every exercise shows what it says, every task takes its own solution, nothing stays behind."""

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

import lib_host
import lib_kapsel

BUILD = Path(os.environ.get("KAPSEL", Path(__file__).resolve().parents[2] / "build" / "kapsel")).absolute()
# All exercises in one call: 1.2 s natively, without KVM a minute.
TIMEOUT_S = 300
GERMAN_S = "\N{LATIN SMALL LETTER SHARP S}"


def listed():
    """The exercises, before any fixture is there: they parametrise the tests."""
    call = subprocess.run([BUILD, "lab", "list", "--json", "--lang", "en"], capture_output=True, encoding="utf-8",
                          timeout=60, check=False)
    assert call.returncode == 0, call.stderr
    return [json.loads(line) for line in call.stdout.splitlines()]


EXERCISES = listed() if BUILD.exists() else []
EACH = pytest.mark.parametrize("exercise", EXERCISES, ids=[exercise["id"] for exercise in EXERCISES])


def lab(binary, *arguments, status=None, **options):
    options = {"stdin": subprocess.DEVNULL, "timeout": TIMEOUT_S, **options}
    call = subprocess.run([binary, "lab", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          encoding="utf-8", check=False, **options)
    assert status is None or call.returncode == status, (call.returncode, call.stdout, call.stderr)
    return call


def left_behind():
    """What a lab makes on the machine, whatever its number is; others may run one at the same time."""
    places = [Path("/tmp").glob("kapsel-lab.*"), lib_host.STATE_DIR.glob("lab-*"),
              Path("/var/log/kapsel").glob("lab-*")]
    mount = lib_host.cgroup_mount()
    if mount:
        places.append((mount / "kapsel").glob("lab-*"))
    return {path for place in places for path in place}


def only_left(before):
    lib_host.wait_for(lambda: not left_behind() - before or lib_host.reap_orphans(), 20,
                      f"the end of {left_behind() - before}")
    # Nothing comes back: who cleans up is gone, too.
    assert not left_behind() - before


@pytest.fixture(scope="session")
def results(binary):
    """Every exercise, run once: {id: result}."""
    call = lab(binary, "all", "--json", "--lang", "en")
    found = [json.loads(line) for line in call.stdout.splitlines()]
    assert [result["id"] for result in found] == [exercise["id"] for exercise in EXERCISES], call.stderr
    assert call.returncode == (1 if any(result["result"] == "fail" for result in found) else 0), call.stderr
    return {result["id"]: result for result in found}


def shown(result):
    if result["result"] == "not testable here":
        assert result["reason"], result
        pytest.skip(f"not testable here: {result['reason']}")
    assert result["result"] == "pass", result["reason"]
    return result


# --- every exercise ------------------------------------------------------------------------

def test_there_are_exercises():
    assert len(EXERCISES) >= 30
    assert [exercise["number"] for exercise in EXERCISES] == list(range(1, len(EXERCISES) + 1))


@EACH
def test_the_exercise_shows_what_it_says(results, exercise):
    result = shown(results[exercise["id"]])
    opened, hard = (result["evidence"][run]["answers"][0] for run in ("open", "hard"))
    assert not opened["untestable"] and not hard["untestable"], result
    assert opened["answer"] != hard["answer"] or opened["ret"] != hard["ret"], "both runs answer the same"


@EACH
def test_the_two_profiles_differ_by_the_opened_key_only(results, exercise):
    result = shown(results[exercise["id"]])
    opened, hard = (json.loads(result["evidence"][run]["profile"]) for run in ("open", "hard"))
    key = next(iter(json.loads(exercise["opened"])))
    assert opened.pop(key) != hard.pop(key, None)
    assert opened == hard


@EACH
def test_both_runs_are_looked_at_from_outside(results, exercise):
    """Restrictions as verified, ids as mapped; kapsel's last words."""
    result = shown(results[exercise["id"]])
    for run in result["evidence"].values():
        names = [layer["name"] for layer in run["layers"]]
        assert len(names) > 15 and "seccomp" in names, run
        assert run["uid_map"].split()[1].isdigit() and run["end"], run
        assert 0 < run["calls_allowed"] < run["calls_known"] or "calls allowed" not in json.dumps(run["layers"]), run


@EACH
def test_the_solution_is_accepted(binary, exercise):
    call = lab(binary, "task", exercise["number"], exercise["task"]["solution"], "--json", "--lang", "en")
    answer = json.loads(call.stdout)
    if answer["result"] == "not testable here":
        pytest.skip(f"not testable here: {answer['reason']}")
    assert (answer["result"], call.returncode) == ("right", 0), answer


@EACH
def test_an_empty_line_is_refused(binary, exercise):
    call = lab(binary, "task", exercise["id"], "{}", "--json", "--lang", "en", status=1)
    answer = json.loads(call.stdout)
    assert (answer["result"], answer["reason"]) == ("wrong", "the line opens nothing")


# --- machines --------------------------------------------------------------------------------

# Each needs something that the virtual machine's kernel may not have, besides limits, root and Landlock.
MAY_BE_MISSING = {"io-uring", "userfaultfd", "device"}


@pytest.mark.vm
def test_with_every_controller_all_is_testable(results):
    not_testable = {name for name, result in results.items() if result["result"] == "not testable here"}
    assert not_testable <= MAY_BE_MISSING, {name: results[name]["reason"] for name in not_testable}


@pytest.mark.vm
def test_the_memory_limit_shows_in_the_group(results):
    hard, opened = (results["memory"]["evidence"][run] for run in ("hard", "open"))
    assert hard["memory_max_bytes"] == 64 << 20 and opened["memory_max_bytes"] == 256 << 20
    assert opened["memory_peak_bytes"] > 100 << 20
    assert hard["memory_peak_bytes"] <= 64 << 20 and hard["end"].startswith("out of memory"), hard


@pytest.mark.vm
def test_the_limit_of_processes_shows_in_the_group(results):
    hard, opened = (results["fork-bomb"]["evidence"][run] for run in ("hard", "open"))
    assert (hard["pids_max"], hard["pids_peak"]) == (16, 16) and opened["pids_peak"] > 100
    assert {"source": "cgroup pids.events: max", "value": "0"} in opened["evidence"]


@pytest.mark.vm
def test_a_signal_leaves_no_group_behind(binary):
    """In the middle of an exercise that burns processor time."""
    before = left_behind()
    process = subprocess.Popen([binary, "lab", "run", "cpu-share"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    mount = lib_host.cgroup_mount() / "kapsel"
    lib_host.wait_for(lambda: list(mount.glob("lab-*")), 60, "a group of the lab")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    only_left(before)


@pytest.mark.vm
def test_a_killed_lab_leaves_no_group_behind(binary):
    """Its first process inside gets SIGKILL, and with it everything in its pid namespace."""
    before = left_behind()
    process = subprocess.Popen([binary, "lab", "run", "cpu-share"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    mount = lib_host.cgroup_mount() / "kapsel"
    lib_host.wait_for(lambda: list(mount.glob("lab-*")), 60, "a group of the lab")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGKILL
    only_left(before)


# --- what is printed --------------------------------------------------------------------------

def test_a_run_prints_question_answers_difference_and_reason(binary):
    text = lab(binary, "run", "read-only-root", "--lang", "en", status=0).stdout
    assert text.index("opened ") < text.index("EROFS") < text.index("The one difference") < text.index("\nman: ")
    assert text.endswith("s)\n") and "\npass (" in text
    assert max(map(len, text.splitlines())) <= 80


def test_what_is_the_same_is_shown_on_demand(binary):
    short = lab(binary, "run", "read-only-root", status=0).stdout
    full = lab(binary, "run", "--all", "read-only-root", status=0).stdout
    assert "no-new-privs" in full and "no-new-privs" not in short


def test_colours_are_for_terminals(binary):
    assert "\033[" not in lab(binary, "run", "read-only-root", status=0).stdout


def test_all_ends_with_a_summary(binary):
    call = lab(binary, "all", "--lang", "en")
    last = call.stdout.splitlines()[-1]
    assert last.startswith(f"{len(EXERCISES)} exercises: ") and " 0 fail, " in last, call.stdout


def test_as_root_it_says_where_containers_run(binary):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    assert "namespaces" in lab(binary, "run", "umask", "--lang", "en", status=0).stderr
    assert lab(binary, "run", "umask", "--json", status=0).stderr == ""


@pytest.mark.parametrize("arguments", [["list"], ["show", "1", "2"], ["quiz", "--answers"], ["task", "1"]])
def test_the_languages_differ_and_german_is_swiss(binary, arguments):
    german, english = (lab(binary, *arguments, "--lang", language, status=0).stdout for language in ("de", "en"))
    assert german != english and german.strip() and english.strip()
    assert GERMAN_S not in german


def test_results_in_german(binary):
    text = lab(binary, "run", "read-only-root", "--lang", "de", status=0).stdout
    assert "bestanden" in text and "Der einzige Unterschied" in text and GERMAN_S not in text


@pytest.mark.parametrize("variables, word", [
    ({"LANG": "de_CH.UTF-8"}, "Schlüssel"), ({"LANG": "de_CH.UTF-8", "LC_ALL": "C"}, "Keys"),
    ({"LC_MESSAGES": "de", "LANG": "en_GB"}, "Schlüssel"), ({"LANG": "den_XX"}, "Keys"), ({}, "Keys"),
])
def test_the_language_comes_from_the_locale(binary, variables, word):
    environment = {"PATH": os.environ["PATH"], **variables}
    assert word in lab(binary, "task", "1", status=0, env=environment).stdout


def test_two_labs_at_once_do_not_disturb_each_other(binary):
    both = [subprocess.Popen([binary, "lab", "all"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, encoding="utf-8") for _ in range(2)]
    for process in both:
        stdout, stderr = process.communicate(timeout=TIMEOUT_S)
        assert process.returncode == 0, (stdout, stderr)


# --- mistakes ----------------------------------------------------------------------------------

@pytest.mark.parametrize("arguments, said", [
    ([], "say what to do"), (["rum", "1"], 'unknown verb "rum"; did you mean run?'),
    (["run"], "needs the number or the id"), (["run", "0"], 'no exercise "0": there are 1 to'),
    (["run", "read-only-rot"], 'no exercise "read-only-rot"'), (["list", "1"], 'list takes no "1"'),
    (["list", "--lang", "fr"], "--lang is de or en"), (["report"], "needs --html"),
    (["list", "--html", "x"], "--html is an option of report"), (["run", "1", "--answers"], "option of quiz"),
    (["task", "1", "{}", "{}"], "single quotes"), (["quiz", "--al"], "did you mean --all"),
])
def test_a_mistake_is_named(binary, arguments, said):
    call = lab(binary, *arguments, status=2)
    assert said in call.stderr and call.stdout == "", call.stderr


@pytest.mark.parametrize("line, said", [
    ('{"capabilities":', "column 17"), ("[]", "object"), ('{"capabilities": ["CHOWN"], "user": {"uid": 0}}', "user.uid"),
    ('{"allow_jit": true}', "allow_jit"), ('{"capabilities": ["CHOWN"], "capabilities": []}', "duplicate"),
])
def test_a_line_that_a_task_does_not_allow_is_refused(binary, line, said):
    answer = json.loads(lab(binary, "task", "capability-chown", line, "--json", "--lang", "en", status=1).stdout)
    assert answer["result"] == "wrong" and said in answer["reason"], answer


def test_kapsels_findings_are_printed_as_they_are(binary):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    text = lab(binary, "task", "capability-chown", '{"capabilities": ["CHWN"]}', "--lang", "en", status=1).stdout
    assert 'error[E012]: unknown capability "CHWN"' in text and 'did you mean "CHOWN"?' in text
    assert text.splitlines()[-1] == "wrong: kapsel refuses this profile"


def test_a_wrong_line_is_told_what_the_probe_answered(binary):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    text = lab(binary, "task", "capability-chown", '{"capabilities": ["KILL"]}', "--lang", "en", status=1).stdout
    assert text.splitlines()[-1] == "wrong: the probe chown-file answers EPERM, expected is OK"


def test_without_the_probe_program_the_lab_says_so(binary, tmp_path):
    for name in ("kapsel", "kapsel-lab"):
        shutil.copy(binary.parent / name, tmp_path / name)
    call = lab(tmp_path / "kapsel", "run", "1", status=125)
    assert "kapsel-probe" in call.stderr and "help" in call.stderr, call.stderr


# --- quiz --------------------------------------------------------------------------------------

def right_answers(binary):
    lines = lab(binary, "quiz", "--json", "--answers", "--lang", "en", status=0).stdout.splitlines()
    return [json.loads(line) for line in lines]


def test_the_quiz_counts_right_answers(binary):
    answers = "".join(question["right"] + "\n" for question in right_answers(binary))
    call = lab(binary, "quiz", "--lang", "en", status=0, stdin=None, input=answers)
    assert call.stdout.endswith(f"{len(EXERCISES)} of {len(EXERCISES)} right\n")


def test_the_quiz_counts_wrong_answers(binary):
    first, second = right_answers(binary)[:2]
    wrong = "b" if first["right"] == "a" else "a"
    call = lab(binary, "quiz", "1", "2", "--lang", "en", status=1, stdin=None,
               input=f"what?\n{wrong}\n{second['right'].upper()}\n")
    assert "wrong: " + first["right"] in call.stdout and call.stdout.endswith("1 of 2 right\n")


def test_without_input_the_quiz_only_asks(binary):
    question = right_answers(binary)[0]
    text = " ".join(lab(binary, "quiz", "1", "--lang", "en", status=0).stdout.split())
    assert question["question"] in text and " ".join(question["because"].split()) not in text
    text = " ".join(lab(binary, "quiz", "1", "--answers", "--lang", "en", status=0).stdout.split())
    assert f"answer: {question['right']}" in text and " ".join(question["because"].split()) in text
    assert "right" not in json.loads(lab(binary, "quiz", "1", "--json", status=0).stdout)


# --- the end -----------------------------------------------------------------------------------

@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("lines", [0, 1, 4])
def test_a_signal_in_the_middle_leaves_nothing(binary, number, lines):
    before = left_behind()
    process = subprocess.Popen([binary, "lab", "all", "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, encoding="utf-8")
    for _ in range(lines):
        assert process.stdout.readline().startswith("{"), process.communicate()
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode in (128 + number, -number)  # the latter: before it could take any
    only_left(before)


def test_a_killed_lab_leaves_an_empty_directory_at_most(binary):
    """Nobody is left to remove it; what was in it was in memory."""
    before = left_behind()
    process = subprocess.Popen([binary, "lab", "all", "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, encoding="utf-8")
    assert process.stdout.readline().startswith("{")
    process.kill()
    process.communicate(timeout=60)
    directories = {path for path in left_behind() - before if path.parent == Path("/tmp")}

    def gone():
        lib_host.reap_orphans()
        return not left_behind() - before - directories
    lib_host.wait_for(gone, 30, "the end of what was started")
    for path in directories:
        assert list(path.iterdir()) == []
        path.rmdir()


def test_a_closed_output_ends_it(binary):
    before = left_behind()
    process = subprocess.Popen([binary, "lab", "all"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    process.stdout.read(1)
    process.stdout.close()
    assert process.wait(timeout=60) != 0
    only_left(before)


class Terminal:
    """The lab in a terminal of its own."""

    def __init__(self, binary, *arguments):
        environment = {**os.environ, "TERM": "xterm", "LC_ALL": "C"}
        environment.pop("NO_COLOR", None)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(binary, [str(binary), "lab", *arguments], environment)
        self.text = ""

    def read_until(self, word, timeout_s=lib_kapsel.TIMEOUT_S):
        deadline = time.monotonic() + timeout_s
        while word is None or word not in self.text:
            assert time.monotonic() < deadline, self.text
            if not select.select([self.fd], [], [], 0.5)[0]:
                continue
            try:
                data = os.read(self.fd, 4096)
            except OSError:
                data = b""  # EIO: the terminal's other end is closed
            if not data:
                assert word is None, self.text
                return
            self.text += data.decode("utf-8", "replace")

    def status(self):
        self.read_until(None)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_on_a_terminal_the_answer_waits_for_enter(binary):
    terminal = Terminal(binary, "run", "read-only-root")
    terminal.read_until("[Enter]")
    assert "EROFS" not in terminal.text
    os.write(terminal.fd, b"\n")
    assert terminal.status() == 0
    assert "EROFS" in terminal.text and "\033[32mpass" in terminal.text


def test_interrupt_at_the_question_leaves_nothing(binary):
    before = left_behind()
    terminal = Terminal(binary, "run", "read-only-root")
    terminal.read_until("[Enter]")
    os.write(terminal.fd, b"\x03")
    assert terminal.status() == 128 + signal.SIGINT
    only_left(before)


def test_the_quiz_asks_on_a_terminal(binary):
    terminal = Terminal(binary, "quiz", "1")
    terminal.read_until("Your answer")
    os.write(terminal.fd, b"a\n")
    assert terminal.status() in (0, 1)
    assert "of 1 right" in terminal.text


# --- report ------------------------------------------------------------------------------------

def test_a_report_is_written_whole_or_not_at_all(binary, tmp_path):
    page = tmp_path / "page.html"
    lab(binary, "report", "--html", page, "1", "2", "--lang", "de", status=0)
    text = page.read_text()
    assert text.lstrip().lower().startswith("<!doctype html>") and text.rstrip().endswith("</html>")
    assert 'lang="de' in text and GERMAN_S not in text
    call = lab(binary, "report", "--html", tmp_path / "nowhere" / "page.html", "1", status=125)
    assert "nowhere" in call.stderr and sorted(tmp_path.iterdir()) == [page]
