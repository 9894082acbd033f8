"""Many samples: the same as one by one, in bounded memory, resumed where it stopped, failures noted."""

import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
import torch

import symbolscope as sy
from symbolscope.errors import SymbolscopeError


def network(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(6, 20), torch.nn.Tanh(), torch.nn.Linear(20, 2))


SAMPLES = np.random.default_rng(0).normal(size=(12, 6)).astype(np.float32)


def same(one, other):
    assert np.array_equal(one.masks, other.masks)
    assert np.array_equal(one.kinds, other.kinds)
    assert np.array_equal(one.effects, other.effects)
    assert (one.intercept, one.objective, one.lower_bound) == (other.intercept, other.objective, other.lower_bound)
    assert one.player_names == other.player_names


def test_each_sample_gets_what_explain_gives_it(tmp_path):
    explanations = sy.explain_many(network(), SAMPLES, tolerance=0.01, store=tmp_path / "run.sqlite")
    assert explanations.samples == tuple(range(12))
    for sample, model in explanations.items():
        alone = sy.explain(sy.Game(network(), SAMPLES[sample]), tolerance=0.01)
        # Batches of one game are tuned anew in each run, so its values agree up to rounding.
        assert model.objective == pytest.approx(alone.objective, rel=1e-3)
        assert np.allclose(model.predict(sy.all_masks(6)), alone.predict(sy.all_masks(6)), atol=0.021)
        record = explanations.records[sample]
        assert record.r2 == pytest.approx(alone.fidelity.r2, abs=1e-3)
        assert record.largest_error <= 0.01 + 1e-6
        assert record.calls == 64
        assert record.interactions == len(model.effects)
        assert record.target == str(alone.settings["target"])


def test_a_stream_is_taken_one_by_one():
    taken = []

    def stream():
        for number, sample in enumerate(SAMPLES):
            taken.append(number)
            yield sample

    explanations = sy.explain_many(network(), stream())
    assert len(explanations) == len(taken) == 12


def test_texts_and_games_are_samples_too(tokenizer, classifier):
    texts = ["not bad", "bad"]
    explanations = sy.explain_many(classifier, texts, tokenizer=tokenizer, target=1)
    assert [model.player_names for model in explanations] == [("not", "bad"), ("bad",)]
    games = [sy.Game.from_function(lambda masks: masks.sum(axis=1), n) for n in (1, 3)]
    assert [model.n_players for model in sy.explain_many(None, games)] == [1, 3]


@pytest.fixture
def tokenizer():
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {"[UNK]": 0, "[MASK]": 1, "[PAD]": 2, "not": 3, "bad": 4}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=words, mask_token="[MASK]", unk_token="[UNK]")


@pytest.fixture
def classifier():
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(0)
    return BertForSequenceClassification(
        BertConfig(vocab_size=5, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
    ).eval()


def test_a_sample_that_fails_is_noted_and_the_rest_goes_on(tmp_path):
    samples = SAMPLES.copy()
    samples[3, 2] = np.nan
    explanations = sy.explain_many(network(), samples, store=tmp_path / "run.sqlite")
    assert list(explanations.failures) == [3]
    assert "nan" in explanations.failures[3].lower()
    assert 3 not in explanations.samples
    assert len(explanations) == 11
    with pytest.raises(SymbolscopeError, match="sample 3 could not be explained"):
        explanations[3]
    assert "1 failed" in repr(explanations)
    # Mended, it is tried again, and only it.
    again = sy.explain_many(Counting(network()), SAMPLES, store=tmp_path / "run.sqlite")
    assert len(again) == 12
    assert again.failures == {}


class Counting(torch.nn.Module):
    """A network that counts its rows."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, inputs):
        Counting.rows += len(inputs)
        return self.inner(inputs)


Counting.rows = 0


def test_a_second_run_calls_nothing_and_a_changed_sample_is_explained_anew(tmp_path):
    Counting.rows = 0
    counted = Counting(network())
    first = list(sy.explain_many(counted, SAMPLES, store=tmp_path / "run.sqlite"))
    assert Counting.rows >= 12 * 64
    Counting.rows = 0
    for one, other in zip(
        first, sy.explain_many(Counting(network()), SAMPLES, store=tmp_path / "run.sqlite"), strict=True
    ):
        same(one, other)
    assert Counting.rows == 0
    changed = SAMPLES.copy()
    changed[5] += 1
    again = sy.explain_many(Counting(network()), changed, store=tmp_path / "run.sqlite")
    assert 64 <= Counting.rows < 2 * 64
    assert not np.array_equal(again[5].effects, first[5].effects)


@pytest.mark.parametrize(
    ("change", "value"), [("target", 0), ("baseline", 0.5), ("score", "logit"), ("tolerance", 0.1), ("kinds", "and")]
)
def test_results_of_other_options_or_another_network_are_not_used(tmp_path, change, value):
    store = tmp_path / "run.sqlite"
    before = sy.explain_many(network(), SAMPLES[:2], target=1, store=store)
    other = sy.explain_many(network(), SAMPLES[:2], **({"target": 1} | {change: value}), store=store)
    assert other.run_key != before.run_key
    assert len(before) == len(other) == 2
    changed = network()
    with torch.no_grad():
        changed[0].bias[0] += 1e-6
    assert sy.explain_many(changed, SAMPLES[:2], target=1, store=store).run_key != before.run_key


def test_on_other_processes_the_results_are_the_same():
    here = list(sy.explain_many(network(), SAMPLES[:4], executor="local"))
    there = list(sy.explain_many(network(), SAMPLES[:4], executor=sy.executors.Processes(workers=2)))
    for one, other in zip(here, there, strict=True):
        same(one, other)


def test_an_executor_needs_samples_it_can_index():
    with pytest.raises(SymbolscopeError, match=r"Type list\(samples\)"):
        sy.explain_many(network(), iter(SAMPLES), executor="local")


def test_a_network_that_cannot_be_told_from_others_is_refused_before_a_file_is_made(tmp_path):
    import threading

    lock = threading.Lock()
    with pytest.raises(SymbolscopeError, match="cannot be told from others"):
        sy.explain_many(lambda x: (lock, x)[1], SAMPLES, store=tmp_path / "run.sqlite")
    assert not (tmp_path / "run.sqlite").exists()


def test_large_games_keep_their_values_too(tmp_path):
    Counting.rows = 0
    wide = Counting(torch.nn.Sequential(torch.nn.Linear(13, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2)))
    samples = np.random.default_rng(1).normal(size=(1, 13)).astype(np.float32)
    sy.explain_many(wide, samples, store=tmp_path / "run.sqlite")
    Counting.rows = 0
    sy.explain_many(wide, samples, gap=1e-2, store=tmp_path / "run.sqlite")  # other results, the same values
    assert Counting.rows < 64


CHILD = """
    import sys, numpy as np, torch, symbolscope as sy
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(6, 20), torch.nn.Tanh(), torch.nn.Linear(20, 2))
    samples = np.random.default_rng(0).normal(size=(400, 6)).astype(np.float32)
    print("begun", flush=True)
    explanations = sy.explain_many(network, samples, store=sys.argv[1])
    print(len(explanations), flush=True)
"""


def test_a_run_killed_in_the_middle_ends_with_the_same_results(tmp_path):
    script = tmp_path / "child.py"
    script.write_text(textwrap.dedent(CHILD))
    store, whole = tmp_path / "killed.sqlite", tmp_path / "whole.sqlite"
    for patience in (1.0, 0.3):  # killed twice, wherever it then is
        with subprocess.Popen([sys.executable, script, store], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout.readline() == "begun\n"
            time.sleep(patience)
            child.kill()
    for path in (store, whole):
        finished = subprocess.run([sys.executable, script, path], capture_output=True, text=True, check=True)
        assert finished.stdout.splitlines()[-1] == "400"
    torch.manual_seed(0)
    trained = torch.nn.Sequential(torch.nn.Linear(6, 20), torch.nn.Tanh(), torch.nn.Linear(20, 2))
    samples = np.random.default_rng(0).normal(size=(400, 6)).astype(np.float32)
    for sample in range(0, 400, 7):
        same(
            sy.explain_many(trained, samples, store=store)[sample],
            sy.explain_many(trained, samples, store=whole)[sample],
        )


def test_tables(tmp_path):
    import pandas

    explanations = sy.explain_many(network(), SAMPLES[:3], tolerance=0.05)
    frame = explanations.to_frame()
    assert list(frame["sample"]) == [0, 1, 2]
    assert list(frame["interactions"]) == [len(model.effects) for model in explanations]
    explanations.to_parquet(tmp_path / "all.parquet")
    rows = pandas.read_parquet(tmp_path / "all.parquet")
    assert len(rows) == frame["interactions"].sum()
    model = explanations[1]
    mine = rows[rows["sample"] == 1].reset_index()
    assert np.array_equal(mine["effect"], model.effects)
    masks = np.unpackbits(np.frombuffer(b"".join(mine["mask"]), dtype=np.uint8)[:, None], axis=1, bitorder="little")
    assert np.array_equal(masks[:, :6].astype(bool), model.masks)
    assert list(mine["kind"]) == model.kinds.tolist()
    assert list(mine["order"]) == model.orders.tolist()
    assert list(mine.loc[0, "players"]) == [
        name for name, here in zip(model.player_names, model.masks[0], strict=True) if here
    ]
    with pytest.raises(SymbolscopeError, match="does not exist"):
        explanations.to_parquet(tmp_path / "no" / "all.parquet")
