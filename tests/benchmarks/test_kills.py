"""The benchmarks that break things see what is lost or wrong: each is planted here once."""

import json
import random
import subprocess
import sys
from pathlib import Path

import kills
import mutated
import mutations
import numpy as np
import pytest

from cgrecnet.bench.record import load_bench
from cgrecnet.errors import RunError

ROOT = Path(__file__).parents[2]


class Counting(kills.Work):
    """Work that has come to a number; what is wrong with it is planted."""

    name, in_a_row = "counting", 2

    def __init__(self, **planted) -> None:
        self.planted, self.far = planted, 0

    def kill(self, place, seconds, choice):
        self.far = self.planted.get("restarts_at", self.far) if self.far else 3
        return "its process"

    def finish(self, place):
        self.far = kills.DONE
        return not self.planted.get("fails")

    def finished(self, place):
        if self.planted.get("unreadable"):
            raise RunError("it is cut off")
        return {"file": self.planted.get("content", "right")} if self.far == kills.DONE else {}

    def begun(self, place):
        return {"file": self.far} if self.far else {}

    def repeated(self, place):
        return self.planted.get("repeated", 0)


@pytest.mark.parametrize(
    ("planted", "lost", "wrong"),
    [
        ({}, False, False),
        ({"restarts_at": 1}, True, False),
        ({"fails": True}, True, False),
        ({"repeated": 5}, True, False),
        ({"content": "other"}, False, True),
        ({"unreadable": True}, True, True),
    ],
)
def test_what_is_lost_and_what_is_wrong_is_seen(tmp_path, planted, lost, wrong):
    number = next(n for n in range(99) if random.Random(f"0 counting {n}").randint(1, 2) == 2)
    line = kills.one_piece(Counting(**planted), number, 0, tmp_path / "now", {"file": "right"}, 0.0)
    assert line["killed"] == ["its process"] * 2
    assert (bool(line["lost"]), bool(line["wrong"])) == (lost, wrong), line


def test_each_kill_is_counted_and_a_piece_counts_with_its_last():
    line = {"work": "sweep", "lost": [], "wrong": ["a", "b"], "killed": ["worker", "driver"]}
    rows = kills.rows_of([line, line | {"wrong": [], "killed": ["worker"]}])
    assert [(row.victim, row.kills, row.wrong) for row in rows] == [("driver", 1, 1), ("worker", 2, 0)]


@pytest.mark.slow
def test_the_script_goes_on_where_it_stopped(tmp_path):
    words = [sys.executable, "benchmarks/kills.py", "--only", "download", "--work", str(tmp_path / "w")]
    for count in (2, 4):
        out = tmp_path / f"{count}.json"
        subprocess.run([*words, "--kills", str(count), "--json", str(out)], cwd=ROOT, check=True, timeout=400)
        (row,) = json.loads(out.read_text())["rows"]
        assert row["kills"] >= count and (row["losses"], row["wrong"]) == (0, 0)
    numbers = [json.loads(line)["number"] for line in (tmp_path / "w" / "0.jsonl").read_text().splitlines()]
    assert numbers == list(range(len(numbers)))


KINDS = [kind for kind in mutated.KINDS if kind is not mutated.Models]  # which trains a network first


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_few_changed_files_of_each_kind_are_refused_or_right(kind, tmp_path):
    made = kind()
    made.make(tmp_path)
    states = [mutations.outcome(made, number, seed=1)[0] for number in range(40)]
    assert set(states) <= {"refused", "taken"} and "refused" in states


class Planted(mutated.Kind):
    name = "planted"

    def make(self, folder):
        self.answers = iter([ValueError, RunError, None, False])

    def case(self, chance):
        answer = next(self.answers)
        if isinstance(answer, type):
            raise answer("no")
        return answer is None


def test_tracebacks_refusals_and_wrong_values_are_told_apart(tmp_path):
    found = list(mutations.outcomes(Planted, str(tmp_path), 0, 4))
    assert [state for _, state, _ in found] == ["traceback", "refused", "taken", "wrong"]


class Stuck(mutated.Kind):
    name = "stuck"

    def make(self, folder):
        pass

    def case(self, chance):
        import os
        import time

        if Stuck.crash:
            os._exit(3)
        time.sleep(60)


@pytest.mark.parametrize(("crash", "state"), [(True, "crash"), (False, "hang")])
def test_a_case_that_hangs_or_ends_the_process_is_counted_and_left(tmp_path, monkeypatch, crash, state):
    monkeypatch.setattr(mutations, "PATIENCE", 60.0 if crash else 0.3)  # a crash is seen at once, however busy
    Stuck.crash = crash
    assert [found for _, found, _ in mutations.outcomes(Stuck, str(tmp_path), 0, 2)] == [state] * 2


def test_changes_follow_from_the_seed():
    once, again = (mutated.change_bytes(b"a" * 100, random.Random(7)) for _ in range(2))
    assert once == again != b"a" * 100
    assert np.all([record.settings["seed"] == 0 for name in ("kills", "mutations") for record in load_bench(name)])
