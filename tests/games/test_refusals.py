import numpy as np
import pytest
import torch
from torch import nn

import symbolscope as sy


def network():
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)).eval()


SAMPLE = [1.0, -2.0, 0.5, 3.0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sy.Game(network(), [1.0, 2.0]), r"RuntimeError on its first call, with an input of float32 \[2, 2\]"),
        (lambda: sy.Game(network(), [SAMPLE], players=[[(0, 0)]]), r"give sample\[0\]"),
        (lambda: sy.Game(network(), np.array([1, 2, 3, 4])), r"sample.astype\('float32'\)"),
        (lambda: sy.Game(network(), [1.0, float("nan"), 0.0, 0.0]), "sample holds nan at column 1"),
        (lambda: sy.Game(network(), SAMPLE, baseline=[0.0, 0.0]), "different shapes"),
        (lambda: sy.Game(network(), SAMPLE, target=3), "target 3 is out of range"),
        (lambda: sy.Game(network(), SAMPLE, target=-1), "target -1 is out of range"),
        (lambda: sy.Game(network(), SAMPLE, target="cat"), "index of an output"),
        (lambda: sy.Game(network(), SAMPLE, score="logodds"), "'logodds' is unknown"),
        (lambda: sy.Game(network(), SAMPLE, player_names=["a"]), "4 names"),
        (lambda: sy.Game(network(), SAMPLE, players="columns"), "players must be"),
        (lambda: sy.Game(network(), SAMPLE, device="cuba"), "unknown to torch"),
        (lambda: sy.Game("model.pt", SAMPLE), "the network must be a torch module"),
        (lambda: sy.Game(lambda x: "no", SAMPLE), "returned str"),
        (lambda: sy.Game(lambda x: x.sum(), SAMPLE), "one row per input"),
        (lambda: sy.Game(lambda x: torch.zeros(3, 2), SAMPLE), "one row per input"),
        (lambda: sy.Game(lambda x: torch.zeros(len(x), 2, 2), SAMPLE), "Give a score function"),
        (lambda: sy.Game.from_function(len, 3, ["a"]), "3 names"),
    ],
)
def test_bad_input_is_refused_with_one_clear_message(make, message):
    with pytest.raises(sy.SymbolscopeError, match=message):
        make()


def test_a_nan_of_the_full_input_is_named():
    game = sy.Game(lambda x: torch.where(x > 0, torch.nan, x) @ torch.ones(4, 2), SAMPLE, target=0)
    with pytest.raises(sy.SymbolscopeError, match=r"nan with .*'x1'.* hidden"):
        game(sy.all_masks(4))


def test_the_first_error_of_the_network_is_chained():
    def failing(x):
        raise KeyError("lost")

    with pytest.raises(sy.SymbolscopeError, match=r"failing raised KeyError.*lost") as caught:
        sy.Game(failing, SAMPLE)
    assert isinstance(caught.value.__cause__, KeyError)
