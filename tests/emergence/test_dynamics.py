"""Interactions through a training: figures, phase change, folders of checkpoints, resuming, and the network left as it is."""

import copy
import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import symbolscope as sy
from symbolscope.emergence.dynamics import InteractionDynamics
from symbolscope.emergence.interaction_dynamics import interaction_dynamics
from symbolscope.emergence.interaction_recorder import InteractionRecorder
from symbolscope.emergence.order_strength import strength_by_order_and_sign
from symbolscope.emergence.phase_change import phase_change

STEPS = (0, 3, 10)


def network(seed):
    return sy.networks.MLP(4, 2, widths=(12,), seed=seed)


def games(count=3, made_with=None, **options):
    inputs = torch.from_numpy(np.random.default_rng(0).normal(size=(count, 4)).astype(np.float32))
    made_with = network(9) if made_with is None else made_with
    return [sy.Game(made_with, row, **{"target": 1} | options) for row in inputs]


def course():
    return [(step, network(step)) for step in STEPS]


def folder_of(path, suffix=".safetensors"):
    path.mkdir(exist_ok=True)
    for step, one in course():
        save_file(one.state_dict(), path / f"step-{step:06d}{suffix}")
    return path


def same(one, other):
    for name in ("steps", "positive", "negative", "n_salient", "losses", "accuracies"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def made(mean_orders, *, losses=None, steps=None):
    """A result whose samples have these mean orders [t, samples], of 8 players."""
    orders = np.asarray(mean_orders, dtype=np.float64)
    positive = np.zeros((*orders.shape, 9))
    positive[..., 1], positive[..., 8] = (8 - orders) / 7, (orders - 1) / 7
    t = len(orders)
    return InteractionDynamics(
        steps=np.arange(t) * 10 if steps is None else np.array(steps),
        positive=positive,
        negative=np.zeros_like(positive),
        n_salient=np.ones(orders.shape, dtype=np.int64),
        losses=np.full((t, 2), np.nan) if losses is None else np.array(losses),
        accuracies=np.full((t, 2), np.nan),
    )


SPREAD = np.array([-0.2, 0.0, 0.1, 0.1, -0.1])


# Figures


@pytest.mark.parametrize("kinds", ["and", "and-or"])
def test_every_checkpoint_is_read_as_by_explain(kinds):
    chosen = games()
    found = interaction_dynamics(course(), chosen, kinds=kinds, threshold=0.2)
    for t, (step, one) in enumerate(course()):
        assert found.steps[t] == step
        for row, game in enumerate(chosen):
            model = sy.explain(game.with_network(one), kinds=kinds, progress=False)
            strength = strength_by_order_and_sign(model)
            np.testing.assert_array_equal(found.positive[t, row], strength.positive)
            np.testing.assert_array_equal(found.negative[t, row], strength.negative)
            assert found.n_salient[t, row] == model.salient(0.2).complexity
            assert found.mean_orders[t, row] == pytest.approx(strength.mean_order)
        np.testing.assert_allclose(found.mean_order.mean[t], found.mean_orders[t].mean())
    np.testing.assert_allclose(found.shares.sum(axis=(1, 2)), 1.0)
    frame = found.to_frame()
    np.testing.assert_allclose(frame["positive_2"], found.positive[:, :, 2].mean(axis=1))
    np.testing.assert_allclose(frame["negative_share_2"], found.shares[:, 2, 1])


def test_checkpoints_stand_in_order_of_their_steps():
    chosen = games()
    same(interaction_dynamics(course()[::-1], chosen), interaction_dynamics(course(), chosen))


def test_losses_and_accuracies_are_those_given():
    found = interaction_dynamics(course(), games(1), losses={0: (1.0, 1.5), 10: (0.5, 2.0)}, accuracies={3: (0.9, 0.8)})
    np.testing.assert_array_equal(found.losses, [[1.0, 1.5], [np.nan, np.nan], [0.5, 2.0]])
    np.testing.assert_array_equal(found.gap, [0.5, np.nan, 1.5])
    np.testing.assert_array_equal(found.accuracies[1], [0.9, 0.8])


def test_a_network_without_interactions_has_no_mean_order():
    silent = network(0)
    nn.init.zeros_(silent.head.weight)
    found = interaction_dynamics([(0, silent), (1, network(1))], games(2, score="logit"))
    assert np.isnan(found.mean_orders[0]).all()
    assert np.isnan(found.mean_order.mean[0])
    assert np.isfinite(found.mean_order.mean[1])
    np.testing.assert_array_equal(found.shares[0], 0.0)
    assert "2 checkpoints" in repr(found)


@pytest.mark.parametrize("count", [1, 4])
def test_a_training_without_interactions_says_so(count):
    silent = [network(seed) for seed in range(5)]
    for one in silent:
        nn.init.zeros_(one.head.weight)
    found = interaction_dynamics(list(enumerate(silent)), games(count, score="logit"))
    assert "mean order of the untrained network: no interactions" in repr(found)
    assert repr(found).count("no interactions") == 6
    assert "nan" not in repr(found)
    assert found.phase_change.step is None
    assert len(found.to_frame()) == 5
    found.draw().figure.canvas.draw()


def test_too_few_samples_have_no_interval():
    found = interaction_dynamics(course(), games(2))
    assert np.isfinite(found.mean_order.mean).all()
    assert np.isnan([found.mean_order.low, found.mean_order.high]).all()
    assert "[-, -]" in repr(found)
    assert np.isfinite(interaction_dynamics(course(), games(3)).mean_order.low).all()


# Phase change


def test_the_phase_change_is_where_the_mean_order_turns():
    curve = np.array([5.0, 4.5, 4.0, 3.5, 3.0, 3.5, 4.0, 4.5])
    found = made(curve[:, None] + SPREAD).phase_change
    assert (found.step, found.low, found.high) == (40, 40, 40)
    assert found.fall > 1
    assert found.rise > 0.9
    assert "until step 40" in found.reason


def test_samples_that_turn_at_different_times_widen_the_interval():
    curves = [np.abs(np.arange(9) - turn) * 0.5 + 2 for turn in (3, 3, 4, 5, 5, 6)]
    found = made(np.array(curves).T).phase_change
    assert found.low < found.step <= found.high or found.low <= found.step < found.high
    assert found.low >= 30
    assert found.high <= 60


@pytest.mark.parametrize(
    ("curve", "reason"),
    [
        (np.linspace(5, 2, 8), "rises by 0.00 after its lowest point"),
        (np.linspace(2, 5, 8), "falls by 0.00 before its lowest point"),
        (np.full(8, 3.0), "falls by 0.00 before"),
        (np.array([5.0, 3.0, 4.0]), "4 checkpoints with interactions are needed; there are 3"),
    ],
)
def test_no_phase_change_without_a_fall_and_a_rise(curve, reason):
    found = made(curve[:, None] + SPREAD)
    assert found.phase_change.step is found.phase_change.low is None
    assert reason in found.phase_change.reason
    assert "no phase change" in repr(found)


def test_noise_of_the_samples_is_no_phase_change():
    """Without any turn a phase change is found in few of many courses; beyond the noise it is always found."""
    rng = np.random.default_rng(0)
    false = [phase_change(np.arange(15), 3 + rng.normal(size=(15, 8))).step is not None for _ in range(60)]
    assert np.mean(false) < 0.05
    turn = np.abs(np.linspace(-1, 1, 15))
    true = [phase_change(np.arange(15), 3 * turn[:, None] + rng.normal(size=(15, 8))).step for _ in range(20)]
    assert None not in true
    assert np.mean([4 <= step <= 10 for step in true]) > 0.9


def test_refusals_of_the_phase_change():
    assert "3 samples are needed" in phase_change(np.arange(5), np.ones((5, 2))).reason
    with pytest.raises(sy.SymbolscopeError, match=r"got \[4\] and \[5, 2\]"):
        phase_change(np.arange(4), np.ones((5, 2)))


def test_samples_that_no_resample_holds_all_of_have_no_interval():
    apart = np.where(np.eye(16, dtype=bool), 2.0, np.nan)  # each checkpoint has interactions in one sample of its own
    assert "too few samples have interactions at every checkpoint" in phase_change(np.arange(16), apart).reason


def test_where_the_gap_opens():
    gaps = [0.0, -0.2, -0.1, 0.0, 1.0, 2.0]
    losses = [(1.0, 1.0 + gap) for gap in gaps]
    orders = np.full((6, 3), 2.0)
    assert made(orders, losses=losses).gap_opens == 30  # 10 % of 2.2 above -0.2 is 0.02
    assert made(orders, losses=[(1.0, 1.01)] * 6).gap_opens is None
    assert made(orders).gap_opens is None
    assert made(orders, losses=losses).lowest_test_loss == 10
    assert made(orders).lowest_test_loss is None
    assert "opens after step 30" in repr(made(orders, losses=losses))
    assert "does not part" in repr(made(orders, losses=[(1.0, 1.01)] * 6))


def test_the_untrained_network_stands_beside():
    assert "mean order of the untrained network: 2.00" in repr(made(np.full((5, 3), 2.0)))
    later = made(np.full((2, 3), 2.0), steps=[5, 6])
    assert "the first checkpoint (step 5, not untrained)" in repr(later)


def test_the_picture_shows_the_mean_order_and_the_gap():
    curve = np.array([5.0, 4.0, 3.0, 4.0, 5.0, 6.0])
    losses = [(1.0, 1.0 + 0.1 * step) for step in range(6)]
    found = made(curve[:, None] + SPREAD, losses=losses)
    axes = found.draw()
    np.testing.assert_allclose(axes.lines[0].get_ydata(), found.mean_order.mean)
    assert {text.get_text() for text in axes.get_legend().get_texts()} == {
        "mean order", "untrained", "phase change", "test loss - training loss",
    }  # fmt: skip
    right = axes.figure.axes[1]
    np.testing.assert_allclose(right.lines[0].get_ydata(), found.gap)
    assert made(curve[:, None] + SPREAD).draw(axes) is axes


# Folders


def test_a_folder_gives_what_the_networks_give(tmp_path):
    chosen = games()
    given = network(77)
    before = {name: tensor.clone() for name, tensor in given.state_dict().items()}
    found = interaction_dynamics(folder_of(tmp_path / "run"), chosen, network=given)
    same(found, interaction_dynamics(course(), chosen))
    for name, tensor in given.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_refusals_of_folders(tmp_path):
    chosen = games(1)
    with pytest.raises(sy.SymbolscopeError, match="there is no folder"):
        interaction_dynamics(tmp_path / "nowhere", chosen, network=network(0))
    with pytest.raises(sy.SymbolscopeError, match=r"holds no \.safetensors file"):
        interaction_dynamics(tmp_path, chosen, network=network(0))
    torch.save(network(0).state_dict(), tmp_path / "step-1.pt")
    with pytest.raises(sy.SymbolscopeError, match=r"step-1\.pt, which can run code.*save_file\(network\.state_dict"):
        interaction_dynamics(tmp_path, chosen, network=network(0))
    folder = folder_of(tmp_path / "run")
    with pytest.raises(sy.SymbolscopeError, match="needs network=, a torch module"):
        interaction_dynamics(folder, chosen)
    with pytest.raises(sy.SymbolscopeError, match="does not fit network, a MLP"):
        interaction_dynamics(folder, chosen, network=sy.networks.MLP(4, 2, widths=(5,)))
    (folder / "again-3.safetensors").write_bytes((folder / "step-000003.safetensors").read_bytes())
    with pytest.raises(sy.SymbolscopeError, match="two networks of step 3"):
        interaction_dynamics(folder, chosen, network=network(0))
    (folder / "again-3.safetensors").write_bytes(b"no tensors")
    (folder / "step-000003.safetensors").unlink()
    with pytest.raises(sy.SymbolscopeError, match="no safetensors file, or is damaged"):
        interaction_dynamics(folder, chosen, network=network(0))
    (folder / "again-3.safetensors").rename(folder / "last.safetensors")
    with pytest.raises(sy.SymbolscopeError, match="has no step in its name"):
        interaction_dynamics(folder, chosen, network=network(0))


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((course(), []), {}, "games must hold at least one"),
        ((course(), None), {}, "games must be a list of sy.Game.*got NoneType"),
        ((course(), [0.0, 1.0]), {}, "games must be a list of sy.Game.*got list with float"),
        ((course(), 4), {}, "games must be a list of sy.Game.*got int"),
        ((7, games(1)), {}, r"a list of \(step, network\)"),
        (([(0.5, network(0))], games(1)), {}, "the step of a checkpoint must be an integer; got 0.5, a float"),
        (([("3", network(0))], games(1)), {}, "the step of a checkpoint must be an integer; got '3', a str"),
        (([], games(1)), {}, "at least one"),
        (([(0, network(0)), (0, network(1))], games(1)), {}, "two networks of step 0"),
        ((course(), games(1)), {"kinds": "or"}, 'kinds must be "and-or" or "and"'),
        ((course(), games(1)), {"threshold": 2.0}, "threshold must be between 0 and 1"),
        ((course(), games(1)), {"tolerance": -1.0}, "tolerance must be"),
        ((course(), games(1)), {"losses": {5: (1.0, 1.0)}}, "losses are given for step 5, which is no checkpoint"),
        ((course(), [sy.Game.from_function(lambda m: m.sum(axis=1), 4)]), {}, r"games\[0\].*made from a function"),
        (
            (course(), [*games(1), *games(1, players=[[0, 1], [2], [3]])]),
            {},
            r"games\[0\] has 4 and games\[1\] has 3",
        ),
    ],
)
def test_refusals(arguments, options, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        interaction_dynamics(*arguments, **options)


def test_one_network_has_one_state():
    one = network(0)
    with pytest.raises(sy.SymbolscopeError, match=r"steps 3 and 7 are the same network.*copy\.deepcopy\(network\)"):
        interaction_dynamics([(7, one), (0, network(1)), (3, one)], games(1))
    assert interaction_dynamics(
        [(np.int64(7), one), (torch.tensor(3), copy.deepcopy(one))], games(1)
    ).steps.tolist() == [3, 7]


# Keeping and resuming


@pytest.fixture
def explained(monkeypatch):
    """How many games were explained."""
    import symbolscope.emergence.interaction_reading as module

    calls, real = [], module.explain

    def counting(game, **options):
        calls.append(game)
        return real(game, **options)

    monkeypatch.setattr(module, "explain", counting)
    return calls


def test_what_was_computed_is_read_again(tmp_path, explained):
    chosen = games()
    first = interaction_dynamics(course(), chosen, folder=tmp_path / "kept")
    assert len(explained) == 9
    assert len(list((tmp_path / "kept").iterdir())) == 3
    same(interaction_dynamics(course(), games(), folder=tmp_path / "kept"), first)
    assert len(explained) == 9
    same(interaction_dynamics(folder_of(tmp_path / "run"), chosen, network=network(5), folder=tmp_path / "kept"), first)
    assert len(explained) == 9


@pytest.mark.parametrize("change", ["kinds", "threshold", "tolerance", "baseline", "sample", "target", "parameters"])
def test_other_settings_are_computed_anew(tmp_path, explained, change):
    interaction_dynamics(course(), games(2), folder=tmp_path)
    chosen, given, options = games(2), course(), {}
    if change in ("kinds", "threshold", "tolerance"):
        options = {change: {"kinds": "and", "threshold": 0.1, "tolerance": "0%"}[change]}
    elif change == "baseline":
        chosen = games(2, baseline=0.5)
    elif change == "target":
        chosen = games(2, target=0)
    elif change == "sample":
        chosen = games(3)[1:]
    else:
        with torch.no_grad():
            for _, one in given:
                one.head.bias[0] += 1.0
    again = interaction_dynamics(given, chosen, folder=tmp_path, **options)
    assert len(explained) == 12
    same(again, interaction_dynamics(given, chosen, **options))


def test_one_player_hidden_by_other_values_is_computed_anew(tmp_path):
    one = network(0)
    chosen = [sy.Game(one, torch.ones(4), target=1, players=[[0, 1, 2, 3]], baseline=value) for value in (0.0, 1.0)]
    found = [interaction_dynamics([(0, one)], game, folder=tmp_path) for game in chosen]
    for game, kept in zip(chosen, found, strict=True):
        same(kept, interaction_dynamics([(0, one)], game))
    assert np.abs(found[0].positive - found[0].negative).sum() > 0
    assert not np.abs(found[1].positive - found[1].negative).sum()  # hidden by what it is


class Multiplied(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.inner, self.k = network(0), k

    def forward(self, inputs):
        return self.k * self.inner(inputs)


def test_networks_that_differ_in_an_attribute_are_computed_anew(tmp_path, explained):
    chosen = games(1, score="logit")
    one, three = (interaction_dynamics([(0, Multiplied(k))], chosen, folder=tmp_path) for k in (1.0, 3.0))
    np.testing.assert_allclose(three.positive, 3 * one.positive, rtol=1e-4, atol=1e-6)
    assert one.positive.sum() > 0
    same(interaction_dynamics([(0, Multiplied(3.0))], chosen, folder=tmp_path), three)
    assert len(explained) == 2


def test_an_interrupted_run_goes_on(tmp_path, monkeypatch):
    import symbolscope.emergence.interaction_reading as module

    calls, real = [], module.explain

    def interrupted(game, **options):
        calls.append(game)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return real(game, **options)

    monkeypatch.setattr(module, "explain", interrupted)
    with pytest.raises(KeyboardInterrupt):
        interaction_dynamics(course(), games(2), folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2  # two whole checkpoints, nothing half written
    found = interaction_dynamics(course(), games(2), folder=tmp_path)
    assert len(calls) == 5 + 2
    same(found, interaction_dynamics(course(), games(2)))


def test_a_damaged_file_is_refused(tmp_path):
    interaction_dynamics(course(), games(1), folder=tmp_path)
    path = sorted(tmp_path.iterdir())[0]
    whole = json.loads(path.read_text())
    for content in ("{", "[]", json.dumps(whole | {"positive": [[1.0]]})):
        path.write_text(content)
        with pytest.raises(sy.SymbolscopeError, match=r"is damaged.*delete it"):
            interaction_dynamics(course(), games(1), folder=tmp_path)


def test_a_folder_needs_parameters_to_know_networks_by(tmp_path):
    from sklearn.linear_model import LogisticRegression

    inputs = np.random.default_rng(0).normal(size=(20, 3))
    fitted = LogisticRegression().fit(inputs, (inputs[:, 0] > 0).astype(int))
    game = sy.Game(fitted, inputs[0])
    assert interaction_dynamics([(0, fitted)], [game]).steps.tolist() == [0]
    with pytest.raises(sy.SymbolscopeError, match="LogisticRegression is no torch module; leave folder out"):
        interaction_dynamics([(0, fitted)], [game], folder=tmp_path)


# The recorder


class WithDropout(nn.Module):
    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.one, self.two = nn.Linear(4, 16), nn.Linear(16, 2)
        self.norm, self.drop = nn.BatchNorm1d(16), nn.Dropout(0.5)

    def forward(self, inputs):
        return self.two(self.drop(torch.relu(self.norm(self.one(inputs)))))


def trained(recorder):
    torch.manual_seed(1)
    one = WithDropout().train()
    inputs = torch.randn(64, 4)
    classes = (inputs[:, 0] * inputs[:, 1] > 0).long()
    optimiser = torch.optim.Adam(one.parameters(), 1e-2)
    for step in range(21):
        loss = nn.functional.cross_entropy(one(inputs), classes)
        optimiser.zero_grad()
        loss.backward()
        if recorder is not None:
            recorder(one, step, train_loss=loss.item(), test_loss=2.0, train_accuracy=0.5, test_accuracy=0.25)
        optimiser.step()
    return one, torch.get_rng_state()


def test_training_is_the_same_with_and_without_a_recorder():
    recorder = InteractionRecorder(games(2), every=5)
    plain, state = trained(None)
    watched, state_after = trained(recorder)
    assert torch.equal(state, state_after)
    for (name, one), (_, other) in zip(plain.state_dict().items(), watched.state_dict().items(), strict=True):
        assert torch.equal(one, other), name
    assert watched.training
    assert watched.drop.training
    for one, other in zip(plain.parameters(), watched.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)
    found = recorder.dynamics()
    assert found.steps.tolist() == [0, 5, 10, 15, 20]
    assert (found.losses[:, 1] == 2.0).all()
    assert found.losses[-1, 0] < found.losses[0, 0]
    np.testing.assert_array_equal(found.accuracies[0], [0.5, 0.25])


def test_modes_are_put_back_part_by_part():
    one = WithDropout().train()
    one.norm.eval()
    InteractionRecorder(games(1))(one, 0)
    assert one.drop.training
    assert not one.norm.training


def test_saved_networks_give_the_same_dynamics(tmp_path, explained):
    chosen = games(2)
    recorder = InteractionRecorder(chosen, folder=tmp_path, every=10, save_networks=True)
    trained(recorder)
    done = len(explained)
    assert done == 6
    found = interaction_dynamics(tmp_path, chosen, network=WithDropout(), folder=tmp_path)
    assert len(explained) == done  # read where the recorder left it
    same(found, recorder.dynamics())
    other = interaction_dynamics(tmp_path, chosen, network=WithDropout(), kinds="and", losses={0: (9.0, 9.5)})
    np.testing.assert_array_equal(other.losses[0], [9.0, 9.5])
    np.testing.assert_array_equal(other.losses[1:], found.losses[1:])


def test_a_recorder_tells_whether_it_was_time():
    recorder = InteractionRecorder(games(1), every=4)
    assert [recorder(network(0), step) for step in (0, 1, 3, 4)] == [True, False, False, True]
    assert np.isnan(recorder.dynamics().losses).all()


def test_a_recorder_counts_in_whole_numbers(tmp_path):
    recorder = InteractionRecorder(games(1), every=np.int64(2), folder=tmp_path)
    for step in (np.int64(0), torch.tensor(2), 4):
        assert recorder(network(0), step)
    assert [type(step) for step in recorder._recorded] == [int] * 3
    assert recorder.dynamics().steps.tolist() == [0, 2, 4]
    with pytest.raises(sy.SymbolscopeError, match="step 2 is recorded already"):
        recorder(network(0), 2)
    files = len(list(tmp_path.iterdir()))
    for step in (6.0, "6", True, None, np.float32(6), torch.tensor(6.0)):
        with pytest.raises(sy.SymbolscopeError, match=r"step must be at least 0; got .*must be an integer"):
            recorder(network(0), step)
    for step in (-2, np.int64(-3)):
        with pytest.raises(sy.SymbolscopeError, match=f"step must be at least 0; got {step}$"):
            recorder(network(0), step)
    assert len(list(tmp_path.iterdir())) == files
    with pytest.raises(sy.SymbolscopeError, match=r"every must be at least 1 step; got 2\.0, a float"):
        InteractionRecorder(games(1), every=2.0)


@pytest.mark.parametrize("wrong", [None, [1.0, 2.0], network(0)])
def test_a_recorder_looks_at_games(wrong):
    with pytest.raises(sy.SymbolscopeError, match=r"games must be a list of sy\.Game.*Type \[sy\.Game"):
        InteractionRecorder(wrong)


def test_one_game_is_a_list_of_one():
    (game,) = games(1)
    same(interaction_dynamics(course(), game), interaction_dynamics(course(), [game]))
    recorder = InteractionRecorder(game)
    recorder(network(0), 0)
    assert recorder.dynamics().n_samples == 1


def test_refusals_of_the_recorder():
    with pytest.raises(sy.SymbolscopeError, match="every must be at least 1"):
        InteractionRecorder(games(1), every=0)
    with pytest.raises(sy.SymbolscopeError, match="save_networks needs a folder"):
        InteractionRecorder(games(1), save_networks=True)
    with pytest.raises(sy.SymbolscopeError, match="games must hold at least one"):
        InteractionRecorder([])
    with pytest.raises(sy.SymbolscopeError, match="kinds must be"):
        InteractionRecorder(games(1), kinds="or")
    recorder = InteractionRecorder(games(1))
    with pytest.raises(sy.SymbolscopeError, match="nothing is recorded yet"):
        recorder.dynamics()
    recorder(network(0), 1)
    with pytest.raises(sy.SymbolscopeError, match="step 1 is recorded already"):
        recorder(network(0), 1)


def test_a_network_that_over_fits_falls_and_rises():
    """Flipped labels learned by heart: interactions of low order come first, those of high order later."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(60, 6, generator=generator)
    labels = (inputs[:, 0] > 0).long()
    noisy = torch.where(torch.rand(60, generator=generator) < 0.3, 1 - labels, labels)
    one = sy.networks.MLP(6, 2, widths=(128, 128), seed=0)
    fresh = torch.randn(500, 6, generator=generator)
    chosen = [sy.Game(one, row, target=int(row[0] > 0)) for row in fresh[:8]]
    recorder = InteractionRecorder(chosen)
    optimiser = torch.optim.Adam(one.parameters(), 1e-3)
    for step in range(301):
        loss = nn.functional.cross_entropy(one(inputs), noisy)
        if step in (0, 2, 5, 10, 20, 40, 80, 150, 300):
            with torch.no_grad():
                test = nn.functional.cross_entropy(one(fresh), (fresh[:, 0] > 0).long())
            recorder(one, step, train_loss=loss.item(), test_loss=test.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    found = recorder.dynamics()
    assert found.losses[-1, 0] < 0.05  # learned by heart
    assert found.phase_change.step is not None
    assert found.phase_change.step <= 40
    assert found.gap_opens is not None
    first_order = found.shares.sum(axis=2)[:, 1]
    assert first_order[0] < first_order.max() > 1.2 * first_order[-1]
