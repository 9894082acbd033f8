"""A control that cannot be run never loses the reading: it is left out with its reason, in Python, on the page and in JSON."""

import importlib
import json
import threading

import numpy as np
import pytest
import torch
from tests.evidence.instances import reading
from torch import nn

import symbolscope as sy
from symbolscope.cli.as_json import as_json
from symbolscope.cli.main import run
from symbolscope.evidence import nulls
from symbolscope.evidence.faithfulness import ALTERNATIVES, DIVERGENCE, OFF_TARGET, RIVALS
from symbolscope.evidence.left_out import NotAssessed, assessed
from symbolscope.evidence.null import Null
from symbolscope.report.alignment_table import alignment_table
from symbolscope.report.counting_study import CountingStudy, study_counting
from symbolscope.report.page import render_page
from symbolscope.variation import Variation

# Quantising warns that it will move to another package.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")

ROW = torch.linspace(0.5, 1.5, 4)


def linear(seed=0):
    torch.manual_seed(seed)
    return nn.Linear(4, 2)


class WithHandle(nn.Module):
    """Holds something that Python does not copy, as sessions, files and sockets are."""

    def __init__(self):
        super().__init__()
        self.inner, self.handle = linear(), threading.RLock()

    def forward(self, x):
        return self.inner(x)


class Plain(nn.Module):
    """Its weights are no parameters and no buffers."""

    def __init__(self):
        super().__init__()
        self.rows = linear().weight.detach()

    def forward(self, x):
        return x @ self.rows.T


class WholeNumbers(nn.Module):
    """Quantised by hand: weights of one byte, and a scale that is a parameter."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        packed = torch.randint(-99, 99, (2, 4), generator=generator, dtype=torch.int8)
        self.packed = nn.Parameter(packed, requires_grad=False)
        self.scale = nn.Parameter(torch.tensor(0.01))

    def forward(self, x):
        return x @ (self.packed * self.scale).T


class OnlyOnce(nn.Module):
    """Refuses to be copied by an exception of its own."""

    def __init__(self):
        super().__init__()
        self.inner = linear()

    def __deepcopy__(self, memo):
        raise OSError("this model is licensed to one process")

    def forward(self, x):
        return self.inner(x)


class FailsUntrained(nn.Module):
    """Works with the weights it has; with others it breaks down as ``how`` says."""

    def __init__(self, how):
        super().__init__()
        self.inner, self.how = linear(), how
        self.own = float(self.inner.weight.sum())

    def forward(self, x):
        if float(self.inner.weight.sum()) == self.own:
            return self.inner(x)
        if self.how == "nan":
            return self.inner(x) * float("nan")
        if self.how == "memory":
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        if self.how == "shape":
            return self.inner(x)[:, :0]
        raise {"assert": AssertionError, "zero": ZeroDivisionError, "key": KeyError}[self.how]("broken inside")


def quantised():
    torch.manual_seed(0)
    whole = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2)).eval()
    return torch.ao.quantization.quantize_dynamic(whole, {nn.Linear}, dtype=torch.qint8)


def half_quantised():
    """One layer has parameters, the other has not: drawn anew it would keep half of what it learned."""
    torch.manual_seed(0)
    whole = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Sequential(nn.Linear(6, 2))).eval()
    whole[2] = torch.ao.quantization.quantize_dynamic(whole[2], {nn.Linear}, dtype=torch.qint8)
    return whole


# A network, and a word of the reason for which it has no untrained counterpart.
NETWORKS = {
    "quantised": (quantised, "neither parameters nor buffers"),
    "quantised in part": (half_quantised, "quantised"),
    "whole numbers": (WholeNumbers, "int8"),
    "holds a handle": (WithHandle, "cannot be copied"),
    "plain tensors": (Plain, "neither parameters nor buffers"),
    "copies itself and fails": (OnlyOnce, "licensed to one process"),
    "answers NaN": (lambda: FailsUntrained("nan"), "nan"),
    "out of memory": (lambda: FailsUntrained("memory"), "out of memory"),
    "other shape": (lambda: FailsUntrained("shape"), ""),
    "fails an assertion": (lambda: FailsUntrained("assert"), "broken inside"),
    "divides by zero": (lambda: FailsUntrained("zero"), "broken inside"),
    "misses a key": (lambda: FailsUntrained("key"), "broken inside"),
}


def explained(network):
    return sy.explain(sy.Game(network, ROW, target=1), progress=False)


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("named", [False, True])
def test_a_null_that_cannot_be_drawn_is_left_out_with_its_reason(kind, named):
    make, reason = NETWORKS[kind]
    model = explained(make())
    report = sy.assess(model, nulls=("random-init", "permuted-outputs") if named else None)
    assert set(report.null_scores) == {"permuted-outputs"}
    assert set(report.skipped) == {"random-init"}
    assert reason.lower() in report.skipped["random-init"].lower()
    assert report.skipped["random-init"] in report.sentence
    assert f"not run: {report.skipped['random-init']}" in repr(report)
    assert "learned" not in report.sentence.partition("Left out")[0].replace("nothing of what was learned", "")
    written = json.loads(as_json(model, {}, evidence=report))
    assert written["evidence"]["not_run"] == dict(report.skipped)
    page = render_page([model], "page", evidence=[report])
    assert "Left out: random-init" in page
    # What was run is what it is without the other.
    alone = sy.assess(model, nulls=("permuted-outputs",))
    assert alone.null_scores == report.null_scores
    assert (alone.score, alone.margin) == (report.score, report.margin)


@pytest.mark.parametrize("kind", ["quantised", "holds a handle", "answers NaN", "out of memory", "misses a key"])
def test_where_every_null_was_left_out_nothing_was_controlled(kind, tmp_path):
    model = explained(NETWORKS[kind][0]())
    report = sy.assess(model, nulls=("random-init",))
    assert not report.controlled
    assert "Nothing was controlled" in report.sentence
    assert "random-init" in report.sentence
    assert report.score == pytest.approx(1.0)
    page = sy.write_report(tmp_path / "page.html", model, evidence=[report]).read_text(encoding="utf-8")
    assert "Nothing was controlled" in page


class Fails(Null):
    """A null of a user's own."""

    name, about = "mine", "for a test"

    def __init__(self, error, *, at=0):
        self.error, self.at, self.calls = error, at, 0

    def variation(self, reading, *, seed):
        self.calls += 1
        if self.calls > self.at:
            raise self.error
        return Variation(answers="shuffled", seed=seed)


ERRORS = {
    "refusal": (sy.SymbolscopeError("no data are left"), "no data are left"),
    "type": (TypeError("takes 2 arguments"), "TypeError: takes 2 arguments"),
    "silent": (RuntimeError(), "RuntimeError"),
    "memory": (MemoryError(), "MemoryError"),
    "lines": (ValueError("first\n  second"), "ValueError: first second"),
    "index": (IndexError("out of range"), "IndexError: out of range"),
}


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize("of", ["explained", "toy"])
def test_a_null_fails_whole_and_says_what_was_raised(error, at, of):
    """A margin over fewer restarts than asked for would be easier to have."""
    given, said = ERRORS[error]
    one = reading(of)
    report = sy.assess(one, nulls=(Fails(given, at=at), "permuted-outputs"), n=30, restarts=2)
    assert dict(report.skipped)["mine"] == said
    assert set(report.null_scores) == {"permuted-outputs"}
    assert "mine" not in {**report.margin, **report.sizes, **report.curves}
    assert f"mine ({said})" in report.sentence


def test_the_training_of_a_null_may_fail():
    def diverges(network, seed):
        raise FloatingPointError("the loss is NaN")

    def spoils(network, seed):
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.fill_(float("nan"))

    for train, said in ((diverges, "FloatingPointError: the loss is NaN"), (spoils, "nan")):
        report = sy.assess(explained(linear()), nulls=(nulls.ShuffledLabels(train), "random-init"))
        assert said.lower() in report.skipped["shuffled-labels"].lower()
        assert set(report.null_scores) == {"random-init"}


@pytest.mark.parametrize("of", ["explained", "toy"])
@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_interruptions_pass(of, stop):
    with pytest.raises(stop):
        sy.assess(reading(of), nulls=(Fails(stop()),), n=30)


BROKEN = RuntimeError("broken on purpose")


def raises(*_, **__):
    raise BROKEN


@pytest.mark.parametrize(("method", "control"), [("rival_curves", RIVALS), ("alternatives", ALTERNATIVES)])
def test_other_controls_of_interactions_are_left_out_too(monkeypatch, method, control):
    model = explained(linear())
    whole = sy.assess(model)
    monkeypatch.setattr(sy.InteractionModel, method, raises)
    report = sy.assess(model)
    assert report.skipped == {control: "RuntimeError: broken on purpose"}
    assert report.null_scores == whole.null_scores
    assert f"{control} (RuntimeError: broken on purpose)" in report.sentence
    assert "broken on purpose" in repr(report)


@pytest.mark.parametrize(("method", "control"), [("rest", OFF_TARGET), ("states", DIVERGENCE)])
def test_other_controls_of_alignments_are_left_out_too(monkeypatch, method, control):
    one = reading("toy")
    whole = sy.assess(one, nulls=("permuted-outputs",), n=30)
    monkeypatch.setattr(sy.Alignment, method, raises)
    report = sy.assess(one, nulls=("permuted-outputs",), n=30)
    assert report.skipped == {control: "RuntimeError: broken on purpose"}
    assert report.null_scores == whole.null_scores
    assert (report.off_target is None, report.divergence is None) == (control == OFF_TARGET, control == DIVERGENCE)
    assert "RuntimeError: broken on purpose" in repr(report)


class Spoilt(Null):
    """A network of the same kind whose answers are no numbers."""

    name, about = "spoilt", "answers NaN"

    def variation(self, reading, *, seed):
        network = nulls.RandomInit().variation(reading, seed=seed).network
        with torch.no_grad():
            for tensor in (*network.parameters(), *network.buffers()):
                if tensor.is_floating_point():
                    tensor.fill_(float("nan"))
        return Variation(network=network, seed=seed)


@pytest.mark.parametrize("of", ["toy", "gru"])
def test_a_null_of_alignments_that_answers_nan_is_no_easy_one(of):
    """It would be right in no pair, and any alignment would beat it."""
    one = reading(of)
    report = sy.assess(one, nulls=(Spoilt(), "permuted-outputs"), n=30, restarts=1)
    alone = sy.assess(one, nulls=("permuted-outputs",), n=30, restarts=1)
    assert set(report.null_scores) == {"permuted-outputs"}
    assert "spoilt" in report.skipped
    assert report.null_scores == alone.null_scores


def test_one_reading_s_null_takes_no_other_reading_s_with_it():
    good, bad = explained(linear()), explained(WithHandle())
    reports = sy.assess_many([bad, good, bad])
    assert [sorted(report.null_scores) for report in reports] == [
        ["permuted-outputs"],
        ["permuted-outputs", "random-init"],
        ["permuted-outputs"],
    ]


def test_wrong_arguments_are_still_refused():
    model = explained(linear())
    for wrong in ({"nulls": ("nothing",)}, {"executor": "nowhere"}, {"store": 5}, {"batch_size": 0}):
        with pytest.raises(sy.SymbolscopeError):
            sy.assess(model, **wrong)
    task = sy.tasks.MultiObject(max_count=4)
    with pytest.raises(sy.SymbolscopeError, match="there is no null"):
        study_counting(
            sy.networks.Toy1d(task), sy.programs.UpDown(task), task, variables=("count",),
            featurizers=[sy.featurizers.Orthogonal(size=1)], steps=2, n_pairs=40, nulls=("nothing",), progress=False,
        )  # fmt: skip


def test_a_study_keeps_its_alignments(monkeypatch, tmp_path):
    task = sy.tasks.MultiObject(max_count=4)
    how = {"variables": ("count",), "featurizers": [sy.featurizers.Orthogonal(size=1)], "steps": 2, "n_pairs": 40,
           "n_test": 30, "progress": False}  # fmt: skip

    def study(nulls):
        return study_counting(sy.networks.Toy1d(task), sy.programs.UpDown(task), task, nulls=nulls, **how)

    left_out = study((Fails(RuntimeError("no memory")),))
    assert not left_out.controlled
    assert left_out.evidence[0].skipped["mine"] == "RuntimeError: no memory"
    monkeypatch.setattr("symbolscope.report.counting_study.assess_many", raises)
    lost = study(None)
    assert (lost.evidence, lost.not_assessed) == ((), "RuntimeError: broken on purpose")
    for one, word in ((left_out, "no memory"), (lost, "broken on purpose")):
        assert isinstance(one, CountingStudy)
        assert len(one.alignments) == 1
        assert word in str(alignment_table(one).caption)
        page = sy.write_report(tmp_path / "page.html", one).read_text(encoding="utf-8")
        assert "Nothing was controlled" in page
        assert word in page


def test_a_page_is_written_though_the_controls_as_a_whole_fail(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.import_module("symbolscope.evidence.assess"), "assess", raises)
    model = sy.decompose(np.array([0.0, 1.0, 1.0, 4.0]))
    page = sy.write_report(tmp_path / "page.html", model).read_text(encoding="utf-8")
    assert "Nothing was controlled: RuntimeError: broken on purpose" in page
    failed = assessed(raises)
    assert isinstance(failed, NotAssessed)
    assert json.loads(as_json(model, {}, evidence=failed))["evidence"]["not_run"] == {
        "all": "RuntimeError: broken on purpose"
    }


MODEL = """import threading
import torch
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.inner, self.lock = torch.nn.Linear(3, 2), threading.Lock()
    def forward(self, x):
        return self.inner(x)
def build():
    return Net()
"""


@pytest.mark.parametrize("whole", [False, True])
def test_the_command_writes_everything(monkeypatch, tmp_path, capsys, whole):
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "table.csv").write_text("a,b,c\n1,2,3\n4,5,7\n0,1,0\n")
    monkeypatch.chdir(tmp_path)
    if whole:
        monkeypatch.setattr(importlib.import_module("symbolscope.evidence.assess"), "assess", raises)
    arguments = [
        "explain",
        "model.py:build",
        "--data",
        "table.csv",
        "--row",
        "1",
        "--output",
        "page.html",
        "--save",
        "m.safetensors",
    ]
    assert run([*arguments, "--json"]) == 0
    written = json.loads(capsys.readouterr().out)
    (reason,) = written["evidence"]["not_run"].values()
    assert ("broken on purpose" if whole else "cannot be copied") in reason
    assert reason in written["evidence"]["sentence"]
    assert len(sy.InteractionModel.load("m.safetensors").effects) == len(written["interactions"])
    assert ("Nothing was controlled" if whole else "Left out") in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert run(arguments) == 0
    assert ("broken on purpose" if whole else "cannot be") in " ".join(capsys.readouterr().out.split())
