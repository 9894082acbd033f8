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
    explanations = sy.explain_many(network(), SAMPLES[:3], tolerance=0.01, store=tmp_path / "run.sqlite")
    assert explanations.samples == (0, 1, 2)
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
    with pytest.warns(UserWarning, match="1 of 12 samples"):
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
    with subprocess.Popen([sys.executable, script, store], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "begun\n"
        time.sleep(0.7)  # wherever it then is
        child.kill()
    for path in (store, whole):
        finished = subprocess.run([sys.executable, script, path], capture_output=True, text=True, check=True)
        assert finished.stdout.splitlines()[-1] == "400"
    torch.manual_seed(0)
    trained = torch.nn.Sequential(torch.nn.Linear(6, 20), torch.nn.Tanh(), torch.nn.Linear(20, 2))
    samples = np.random.default_rng(0).normal(size=(400, 6)).astype(np.float32)
    killed, unhurt = (sy.explain_many(trained, samples, store=path) for path in (store, whole))
    for sample in range(0, 400, 7):
        same(killed[sample], unhurt[sample])


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


def test_a_tokenizer_with_another_vocabulary_does_not_get_the_old_results(tmp_path, tokenizer, classifier):
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {"[UNK]": 0, "[MASK]": 1, "[PAD]": 2, "bad": 3, "not": 4}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    other = PreTrainedTokenizerFast(tokenizer_object=words, mask_token="[MASK]", unk_token="[UNK]")
    store = tmp_path / "run.sqlite"
    before = sy.explain_many(classifier, ["not bad"], tokenizer=tokenizer, target=1, store=store)
    after = sy.explain_many(classifier, ["not bad"], tokenizer=other, target=1, store=store)
    expected = sy.explain(sy.Game.from_text(classifier, other, "not bad", target=1))
    assert after.run_key != before.run_key
    assert np.allclose(after[0].predict(sy.all_masks(2)), expected.predict(sy.all_masks(2)), atol=1e-5)


def test_a_score_that_cannot_be_told_from_others_is_refused_as_explain_does(tmp_path):
    import threading

    class Reader:
        def __init__(self):
            self.lock, self.value = threading.Lock(), 1.0

        def factor(self):
            return self.value if self.lock else 0.0

    reader = Reader()
    with pytest.raises(SymbolscopeError, match="cannot be told from others"):
        sy.explain_many(
            network(), SAMPLES, score=lambda out: out[:, 1] * reader.factor(), store=tmp_path / "run.sqlite"
        )


def test_a_shorter_data_set_has_no_more_results_than_samples(tmp_path):
    sy.explain_many(network(), SAMPLES, store=tmp_path / "run.sqlite")
    fewer = sy.explain_many(network(), SAMPLES[:3], store=tmp_path / "run.sqlite")
    assert (len(fewer), len(fewer.to_frame())) == (3, 3)
    with pytest.raises(SymbolscopeError, match="no explanation of sample 5"):
        fewer[5]


def test_what_is_split_when_a_run_is_stopped_is_kept(tmp_path):
    def stopping():
        for number, sample in enumerate(SAMPLES):
            if number == 6:
                time.sleep(0.5)  # the splits of the six are done by now
                raise KeyboardInterrupt
            yield sample

    with pytest.raises(KeyboardInterrupt):
        sy.explain_many(network(), stopping(), store=tmp_path / "run.sqlite")
    with sy.RunFile.open(tmp_path / "run.sqlite") as file:
        key = sy.explain_many(network(), SAMPLES[:1], store=file).run_key
        assert len(file.results(key).done()) == 6


def test_a_data_frame_means_its_rows():
    import pandas
    from sklearn.linear_model import LogisticRegression

    frame = pandas.DataFrame(SAMPLES[:, :3], columns=["age", "dose", "sex"])
    estimator = LogisticRegression().fit(frame, np.arange(12) % 2)
    explanations = sy.explain_many(estimator, frame)
    assert len(explanations) == 12
    assert explanations[0].player_names == ("age", "dose", "sex")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"samples": SAMPLES[0]}, r"got ndarray of shape \(6,\)"),
        ({"samples": "not bad"}, "got str"),
        ({"samples": 3}, "got int"),
        ({"sampling": "even"}, "uniform"),
        ({"max_calls": 20, "method": "sparse"}, "at least 50"),
        ({"max_calls": 0}, "max_calls must be"),
        ({"target_r2": "99%"}, "target_r2 must be a number"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"tolerance": "a lot"}, "tolerance must be"),
    ],
)
def test_wrong_options_are_refused_once_and_not_once_per_sample(arguments, message):
    given = {"samples": SAMPLES} | arguments
    with pytest.raises(SymbolscopeError, match=message):
        sy.explain_many(network(), given.pop("samples"), **given)


def test_numpy_numbers_are_numbers(tmp_path):
    model = sy.explain(sy.Game(network(), SAMPLES[0]), max_calls=np.int64(64), seed=np.int64(3))
    model.save(tmp_path / "model.safetensors")
    assert sy.InteractionModel.load(tmp_path / "model.safetensors").settings["seed"] == 3
    explanations = sy.explain_many(network(), SAMPLES[:2], store=tmp_path / "run.sqlite")
    same(explanations[np.int64(1)], explanations[1])
