import json

import numpy as np
import pytest
import torch
from torch import nn

import symbolscope as sy


def mlp(inputs=4, outputs=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    network = nn.Sequential(nn.Linear(inputs, 16), nn.ReLU(), nn.Linear(16, outputs))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return network.eval()


def by_hand(network, sample, baseline, masks, target):
    rows = torch.stack([torch.where(torch.from_numpy(mask), sample, baseline) for mask in masks])
    with torch.no_grad():
        z = network(rows).double()
    others = torch.cat([z[:, :target], z[:, target + 1 :]], dim=1)
    return (z[:, target] - torch.logsumexp(others, dim=1)).numpy()


def test_values_equal_the_definition():
    sample, baseline = torch.tensor([1.0, -2.0, 0.5, 3.0]), torch.tensor([0.1, 0.2, 0.3, 0.4])
    game = sy.Game(mlp(), sample, baseline=baseline, target=2)
    masks = sy.all_masks(4)
    values = game(masks)
    assert values.dtype == np.float64
    assert np.allclose(values, by_hand(mlp(), sample, baseline, masks, 2), atol=1e-5)
    assert game.n_players == 4
    assert game.player_names == ("x0", "x1", "x2", "x3")


def test_settings_are_json():
    game = sy.Game(mlp(), [1.0, 2.0, 3.0, 4.0], players=[[0, 1], 3], player_names=["pair", "last"], baseline=1.5)
    settings = json.loads(json.dumps(game.settings))
    assert settings["network"] == "Sequential"
    assert settings["baseline"] == "1.5"
    assert settings["target"] == game.settings["target"]
    assert isinstance(settings["target"], int)
    assert game.player_names == ("pair", "last")


def test_float64_sample_with_a_float32_network():
    sample = np.array([1.0, -2.0, 0.5, 3.0])
    game = sy.Game(mlp(), sample, target=0)
    assert np.allclose(game(sy.all_masks(4)), sy.Game(mlp(), sample.astype(np.float32), target=0)(sy.all_masks(4)))


def test_float64_network_keeps_its_precision():
    network = mlp().double()
    sample = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)
    values = sy.Game(network, sample, target=1)(sy.all_masks(4))
    expected = by_hand(network, sample, torch.zeros(4, dtype=torch.float64), sy.all_masks(4), 1)
    assert np.allclose(values, expected, atol=1e-12)


def test_background_always_stays():
    sample = torch.tensor([1.0, -2.0, 0.5, 3.0])
    game = sy.Game(mlp(), sample, players=[[0], [2]], target=1)
    whole = sy.Game(mlp(), sample, target=1)
    masks = sy.all_masks(2)
    expanded = np.ones((4, 4), dtype=bool)
    expanded[:, [0, 2]] = masks
    assert np.allclose(game(masks), whole(expanded), atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 8, 8), (8, 8), (8, 8, 3)])
def test_image_patches(shape):
    generator = torch.Generator().manual_seed(0)
    sample = torch.rand(shape, generator=generator) + 0.5
    flat = mlp(sample.numel(), 3)
    game = sy.Game(lambda x: flat(x.flatten(1)), sample, players=(2, 2), target=0)
    labels = sy.Players.grid(shape, 2, 2).labels
    for mask, value in zip(sy.all_masks(4), game(sy.all_masks(4)), strict=True):
        masked = torch.where(torch.from_numpy(mask[labels]), sample, 0.0)
        z = flat(masked.flatten()[None])[0].double()
        assert value == pytest.approx((z[0] - torch.logsumexp(z[1:], 0)).item(), abs=1e-3)
    assert game.player_names == ("r0c0", "r0c1", "r1c0", "r1c1")


@pytest.mark.parametrize("form", ["tuple", "mapping", "object", "one axis"])
def test_output_forms(form):
    network = mlp()

    class Output:
        def __init__(self, logits):
            self.logits = logits

    forms = {
        "tuple": lambda z: (z, None),
        "mapping": lambda z: {"logits": z},
        "object": Output,
        "one axis": lambda z: z[:, 0],
    }
    outputs = "logits" if form == "one axis" else None  # one column leaves open what it is
    game = sy.Game(lambda x: forms[form](network(x)), [1.0, 2.0, 3.0, 4.0], target=0, outputs=outputs)
    assert np.isfinite(game(sy.all_masks(4))).all()


def test_token_sequences_are_read_at_the_last_position():
    embedding = nn.Embedding(10, 7)
    game = sy.Game(embedding, np.array([3, 5, 2]), baseline=1, target=4)
    values = game(sy.all_masks(3))
    z = embedding(torch.tensor([1, 2])).detach().double()
    expected = z[:, 4] - torch.logsumexp(z[:, [0, 1, 2, 3, 5, 6]], dim=1)
    assert np.allclose(values[:4], expected[0].item(), atol=1e-5)  # the last token hidden
    assert np.allclose(values[4:], expected[1].item(), atol=1e-5)


def test_one_player_works_and_zero_players_are_refused():
    game = sy.Game(nn.Linear(1, 2), [1.0], target=0)
    assert game(sy.all_masks(1)).shape == (2,)
    for make in (lambda: sy.Game(nn.Linear(1, 2), []), lambda: sy.Game.from_function(len, 0)):
        with pytest.raises(sy.SymbolscopeError, match="at least 1"):
            make()


def test_callable_score():
    game = sy.Game(mlp(), [1.0, 2.0, 3.0, 4.0], score=lambda z: z[:, 0] * 2)
    assert np.allclose(
        game(sy.all_masks(4)), 2 * sy.Game(mlp(), [1.0, 2.0, 3.0, 4.0], score="logit", target=0)(sy.all_masks(4))
    )
    assert game.settings["target"] is None
    json.dumps(game.settings)


def test_from_function_accepts_names_in_third_place():
    game = sy.Game.from_function(lambda masks: torch.from_numpy(masks.sum(axis=1)), 2, ("a", "b"))
    assert game.player_names == ("a", "b")
    assert game([[True, True], [False, True]]).tolist() == [2.0, 1.0]
    assert game.view is None
    json.dumps(game.settings)


def test_exported_programs():
    network = mlp()
    sample = torch.tensor([1.0, -2.0, 0.5, 3.0])
    expected = sy.Game(network, sample, target=1)(sy.all_masks(4))
    example = (torch.randn(3, 4, generator=torch.Generator().manual_seed(0)),)
    for dynamic in (None, ({0: torch.export.Dim("batch", min=2, max=4096)},)):
        program = torch.export.export(network, example, dynamic_shapes=dynamic).module()
        game = sy.Game(program, sample, target=1)
        assert np.allclose(game(sy.all_masks(4)), expected, atol=1e-5)
        assert np.allclose(game([[True] * 4]), expected[-1], atol=1e-5)
    single = torch.export.export(network, (sample[None],)).module()
    assert np.allclose(sy.Game(single, sample, target=1)(sy.all_masks(4)), expected, atol=1e-5)


def test_a_network_that_writes_into_the_same_memory():
    network, memory = mlp(), torch.zeros(4096, 3)

    def reusing(x):
        memory[: len(x)] = network(x)
        return memory[: len(x)]

    sample = torch.tensor([1.0, -2.0, 0.5, 3.0])
    game = sy.Game(reusing, sample, target=1)
    expected = sy.Game(network, sample, target=1)(sy.all_masks(4))
    assert np.allclose(sy.evaluate(game, sy.all_masks(4), batch_size=2), expected, atol=1e-5)


def test_networks_that_squeeze_a_batch_of_one():
    network = mlp(outputs=1)
    game = sy.Game(lambda x: network(x).squeeze(), [1.0, -2.0, 0.5, 3.0], target=1)
    values = game(sy.all_masks(4))
    assert np.allclose(sy.evaluate(game, sy.all_masks(4), batch_size=1), values, atol=1e-5)
