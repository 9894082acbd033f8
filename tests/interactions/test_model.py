"""The model: predictions, restriction, fidelity, indices, exchange and storage."""

import itertools
import json
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.interactions.games import instances, network, planted

import symbolscope as sy
from symbolscope.games.view import ImageView, TableView, TextView


def naive_prediction(model, mask):
    total = model.intercept
    for members, kind, effect in zip(model.masks, model.kinds, model.effects, strict=True):
        present = mask[members]
        total += effect * (present.all() if kind == "and" else present.any())
    return total


def random_model(n, k, seed):
    generator = np.random.default_rng(seed)
    masks = generator.random((k, n)) < 0.5
    masks[~masks.any(axis=1), 0] = True
    return sy.InteractionModel(
        masks=masks,
        kinds=np.where(generator.random(k) < 0.5, "and", "or"),
        effects=generator.normal(size=k),
        intercept=float(generator.normal()),
        player_names=tuple(f"p{i}" for i in range(n)),
        objective=1.0,
        lower_bound=0.5,
    )


any_model = given(st.integers(1, 6), st.integers(0, 12), st.integers(0, 10_000))


def with_values(model):
    from dataclasses import replace

    return replace(model, values=np.array([naive_prediction(model, mask) for mask in sy.all_masks(model.n_players)]))


@any_model
def test_predictions_equal_the_definition(n, k, seed):
    model = random_model(n, k, seed)
    masks = sy.all_masks(model.n_players)
    expected = [naive_prediction(model, mask) for mask in masks]
    np.testing.assert_allclose(model.predict(masks), expected, atol=1e-10)
    np.testing.assert_allclose(model.predict_all(), expected, atol=1e-10)
    np.testing.assert_allclose(model.predict(masks[-1]), expected[-1:], atol=1e-10)


def test_predictions_need_no_table_for_many_players():
    generator = np.random.default_rng(0)
    masks = generator.random((30, 200)) < 0.01
    masks[:, 0] |= ~masks.any(axis=1)
    kinds = np.where(np.arange(30) % 2 == 0, "and", "or")
    model = sy.InteractionModel(
        masks, kinds, generator.normal(size=30), 0.5, tuple(map(str, range(200))), 1.0, float("nan")
    )
    probes = generator.random((50, 200)) < 0.9
    np.testing.assert_allclose(model.predict(probes), [naive_prediction(model, mask) for mask in probes], atol=1e-10)


@pytest.mark.parametrize(
    "masks", [np.ones((2, 3), bool), np.ones((1, 2, 2)), np.full((2, 2), 0.5), np.array([["a", "b"]])]
)
def test_masks_of_the_wrong_kind_are_refused(masks):
    with pytest.raises(sy.SymbolscopeError, match=r"masks must be bool \[m, 2\]"):
        sy.decompose([0.0, 1.0, 2.0, 4.0]).predict(masks)


def test_fidelity_and_its_curve():
    values, _ = planted(8, seed=0)
    model = sy.decompose(values)
    curve = model.curve()
    assert curve.counts[0] == 0
    assert curve.counts[-1] == len(model.effects)
    assert curve.r2[-1] == pytest.approx(1.0, abs=1e-9)
    for k, r2, squared, largest in zip(curve.counts, curve.r2, curve.unfaithfulness, curve.largest_error, strict=True):
        part = model.top(int(k))
        error = values - np.array([naive_prediction(part, mask) for mask in sy.all_masks(8)])
        assert squared == pytest.approx(np.mean(error**2), abs=1e-12)
        assert largest == pytest.approx(np.abs(error).max(), abs=1e-12)
        assert r2 == pytest.approx(1 - np.mean(error**2) / values.var(), abs=1e-9)
        assert part.fidelity.r2 == r2
    count = curve.count_for(0.9)
    assert count is not None
    assert (curve.r2[curve.counts >= count] >= 0.9).all()


def test_a_long_curve_stays_short():
    model = sy.decompose(network(11, seed=0))
    curve = model.curve()
    assert len(model.effects) > 1000
    assert len(curve.counts) <= 125
    assert curve.counts[-1] == len(model.effects)


def test_restriction_keeps_the_strongest_and_certifies_nothing():
    model = sy.decompose(network(7, seed=5))
    assert (np.diff(np.abs(model.effects)) <= 0).all()
    top = model.top(5)
    np.testing.assert_array_equal(top.effects, model.effects[:5])
    assert np.isnan(top.lower_bound)
    assert np.isnan(top.gap)
    assert "objective" not in repr(top)
    salient = model.salient(0.1)
    assert (np.abs(salient.effects) >= 0.1 * np.abs(model.effects[0])).all()
    assert len(model.salient(0.0).effects) == len(model.effects)
    only_or = model.restrict(model.is_or)
    assert set(only_or.kinds) <= {"or"}
    assert len(model.restrict([0, 2]).effects) == 2
    assert len(model.restrict(10**9).effects) == len(model.effects)
    with pytest.raises(sy.SymbolscopeError, match="must be >= 0"):
        model.restrict(-1)
    with pytest.raises(sy.SymbolscopeError, match="threshold"):
        model.salient(2.0)


@any_model
def test_find_is_by_exactly_these_players(n, k, seed):
    model = random_model(n, k, seed)
    for row in range(k):
        players = np.flatnonzero(model.masks[row])
        found = model.find(*players[::-1].tolist())
        same = (model.masks == model.masks[row]).all(axis=1)
        np.testing.assert_array_equal(found.effects, model.effects[same])
        np.testing.assert_array_equal(found.effects, model.find(*(f"p{i}" for i in players)).effects)


def test_find_names_the_nearest_player():
    model = sy.decompose([0.0, 1.0, 2.0, 7.0], player_names=["working day", "hour"])
    with pytest.raises(sy.SymbolscopeError, match=r"no player 'workingday'; the nearest are \['working day'\]"):
        model.find("workingday")
    with pytest.raises(sy.SymbolscopeError, match="no player 2"):
        model.find(2)


@any_model
def test_strength_by_order_adds_up(n, k, seed):
    model = random_model(n, k, seed)
    total = model.strength_by_order()
    assert total.shape == (model.n_players + 1,)
    np.testing.assert_allclose(total, model.strength_by_order("and") + model.strength_by_order("or"))
    assert total.sum() == pytest.approx(np.abs(model.effects).sum())


def shapley_by_definition(values):
    n = int(np.log2(len(values)))
    out = np.zeros(n)
    for i in range(n):
        for j in range(len(values)):
            if not j >> i & 1:
                size = j.bit_count()
                weight = math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
                out[i] += weight * (values[j | 1 << i] - values[j])
    return out


@any_model
def test_shapley_values_equal_the_definition(n, k, seed):
    model = random_model(n, k, seed)
    np.testing.assert_allclose(model.shapley_values(), shapley_by_definition(with_values(model).values), atol=1e-10)


@pytest.mark.parametrize("n", [2, 3, 5, 8])
@pytest.mark.parametrize("index", ["SII", "STII", "FSII", "k-SII"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_interaction_indices_equal_shapiq(n, index, order):
    import shapiq

    if order > n:
        order = n
    values = network(n, seed=n)
    model = sy.decompose(values)
    assert n == 2 or model.is_or.any()
    masks = sy.all_masks(n)
    lookup = {tuple(mask): value for mask, value in zip(masks.tolist(), values, strict=True)}
    game = lambda rows: np.array([lookup[tuple(row)] for row in np.atleast_2d(rows).astype(bool).tolist()])  # noqa: E731
    theirs = shapiq.ExactComputer(game, n_players=n)(index, order=order)
    ours = model.shapley_interactions(order, index=index)
    for size in range(1, order + 1):
        for players in itertools.combinations(range(n), size):
            assert ours.get(players, 0.0) == pytest.approx(theirs[players], abs=1e-8), players


def test_shapley_interactions_of_order_one_are_the_shapley_values():
    model = sy.decompose(network(6, seed=1))
    for index in ("k-SII", "SII", "STII", "FSII"):
        ones = model.shapley_interactions(1, index=index)
        np.testing.assert_allclose([ones[(i,)] for i in range(6)], model.shapley_values(), atol=1e-10)


def test_a_bad_order_is_refused():
    with pytest.raises(sy.SymbolscopeError, match="order must be from 1"):
        sy.decompose([0.0, 1.0]).shapley_interactions(2)


@any_model
def test_shapiq_round_trip(n, k, seed):
    model = random_model(n, k, seed)
    there = model.to_shapiq()
    assert there.index == "Moebius"
    back = sy.InteractionModel.from_shapiq(there)
    masks = sy.all_masks(model.n_players)
    np.testing.assert_allclose(back.predict(masks), model.predict(masks), atol=1e-10)
    again = back.to_shapiq()
    assert set(again.interaction_lookup) == set(there.interaction_lookup)
    for players in again.interaction_lookup:
        assert again[players] == pytest.approx(there[players])


def test_only_moebius_coefficients_can_be_imported():
    import shapiq

    values = shapiq.ExactComputer(lambda rows: rows.sum(axis=1), n_players=3)("SII", order=2)
    with pytest.raises(sy.SymbolscopeError, match="Moebius"):
        sy.InteractionModel.from_shapiq(values)


def test_the_frame():
    model = sy.decompose([0.0, 1.0, 1.0, 4.0], player_names=["age", "dose"])
    frame = model.to_frame()
    assert list(frame.columns) == ["players", "kind", "effect", "order"]
    assert len(frame) == len(model.effects)
    assert frame.effect.to_numpy() == pytest.approx(model.effects)
    assert ("age", "dose") in set(frame.players)


def test_text_and_repr():
    model = sy.decompose([0.0, 1.0, 1.0, 4.0], player_names=["age", "dose"])
    assert "3 interactions of 2 players, objective" in repr(model)
    assert "age, dose" in model.to_text()
    assert "... and 2 weaker ones" in model.to_text(1)
    assert "age" in model._repr_html_()


views = [
    None,
    TableView((("age", "3", "0"), ("<b>", "1.5", "mean"))),
    TextView((("not", 0), (" ", -1), ("bad", 1))),
    ImageView(np.arange(12, dtype=np.uint8).reshape(2, 2, 3), np.array([[0, 1], [-1, 1]])),
]


@pytest.mark.parametrize("view", views)
@pytest.mark.parametrize("name", ["network", "constant", "parity"])
def test_storage_round_trip(tmp_path, view, name):
    from dataclasses import replace

    model = replace(
        sy.decompose(instances(2)[name], player_names=["a", "ü <i>"]), view=view, settings={"score": "x", "n": 2}
    )
    path = tmp_path / "model.safetensors"
    model.save(path)
    assert list(tmp_path.iterdir()) == [path]
    back = sy.InteractionModel.load(path)
    for field in ("masks", "kinds", "effects", "values"):
        np.testing.assert_array_equal(getattr(back, field), getattr(model, field))
    for field in ("intercept", "player_names", "objective", "lower_bound", "tolerance", "settings"):
        assert getattr(back, field) == getattr(model, field), field
    if isinstance(view, ImageView):
        np.testing.assert_array_equal(back.view.pixels, view.pixels)
        np.testing.assert_array_equal(back.view.labels, view.labels)
    else:
        assert back.view == view


def saved(tmp_path):
    path = tmp_path / "model.safetensors"
    sy.decompose([0.0, 1.0, 1.0, 4.0]).save(path)
    return path


def edit_header(path, change):
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    change(header)
    new = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(new)) + new + content[8 + length :])


def test_a_newer_version_is_refused(tmp_path):
    path = saved(tmp_path)
    edit_header(path, lambda header: header["__metadata__"].update(version="2"))
    with pytest.raises(sy.SymbolscopeError, match="format version 2; this symbolscope reads up to 1"):
        sy.InteractionModel.load(path)


def test_a_foreign_file_is_refused(tmp_path):
    path = saved(tmp_path)
    edit_header(path, lambda header: header["__metadata__"].update(format="other"))
    with pytest.raises(sy.SymbolscopeError, match="not a model saved by symbolscope"):
        sy.InteractionModel.load(path)


def test_every_truncation_and_missing_part_is_refused(tmp_path):
    path = saved(tmp_path)
    content = path.read_bytes()
    for length in (0, 4, 20, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(sy.SymbolscopeError, match="damaged"):
            sy.InteractionModel.load(path)
    path.write_bytes(content)
    edit_header(path, lambda header: header["__metadata__"].update(model='{"settings": {}, "view": null}'))
    with pytest.raises(sy.SymbolscopeError, match="damaged"):
        sy.InteractionModel.load(path)


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(sy.SymbolscopeError, match="there is no file"):
        sy.InteractionModel.load(tmp_path / "none.safetensors")
    with pytest.raises(sy.SymbolscopeError, match="does not exist; create it first"):
        sy.decompose([0.0, 1.0]).save(tmp_path / "none" / "model.safetensors")


def test_arrays_that_do_not_belong_together_are_refused():
    with pytest.raises(sy.SymbolscopeError, match="values must be"):
        sy.InteractionModel(
            np.ones((1, 2), bool), np.array(["and"]), np.ones(1), 0.0, ("a", "b"), 1.0, 1.0, values=np.zeros(3)
        )
    with pytest.raises(sy.SymbolscopeError, match='"and" or "or"'):
        sy.InteractionModel(np.ones((1, 1), bool), np.array(["xor"]), np.ones(1), 0.0, ("a",), 1.0, 1.0)
    with pytest.raises(sy.SymbolscopeError, match="n player names"):
        sy.InteractionModel(np.ones((1, 2), bool), np.array(["and"]), np.ones(1), 0.0, ("a",), 1.0, 1.0)


def test_fidelity_over_all_masks_needs_the_values():
    model = sy.InteractionModel(np.ones((1, 1), bool), np.array(["and"]), np.ones(1), 0.0, ("a",), 1.0, 1.0)
    with pytest.raises(sy.SymbolscopeError, match="not known on all masks"):
        _ = model.fidelity
