"""What a small convolutional network reads in a handwritten digit, beside two networks that have learned less.

A CNN learns scikit-learn's 8 x 8 digits. One held-out digit is cut into patches (the players; a hidden patch holds the mean
training image there), and the network's log-odds of its own answer is explained by AND/OR interactions of patches.

That an explanation is short proves little by itself. So the same procedure runs on several held-out digits for three networks
of one architecture: as it was before training, trained, and trained on shuffled labels, where there is nothing to learn but the
images by heart (which takes longer: four times the epochs). Printed is how many interactions each needs for R^2 >= 0.9 over all
masks, where every network may err by 4 % of the range of its own outputs. Expect the network that learned by heart to need
more, and the untrained one to need about as few as the trained: few interactions alone are no sign of learning.

    python examples/digits_cnn.py --output digit.html
    python examples/digits_cnn.py --patches 4      # 4 x 4 patches: 65,536 masks, an exact fit, no comparison

Data: scikit-learn's digits (UCI Optical Recognition of Handwritten Digits; CC BY 4.0; scikit-learn is under the BSD licence).
"""

import argparse
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

import symbolscope as sy
from symbolscope.report.terminal import print_model

HELD_OUT = 360
ENOUGH = 0.9  # R^2


def untrained(seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):  # layers draw their first weights from the global state: lend it a seed
        torch.manual_seed(seed)
        convolutions = [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU()]
        return nn.Sequential(*convolutions, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 10)).eval()


def train(network: nn.Module, images: torch.Tensor, classes: torch.Tensor, *, epochs: int, seed: int) -> nn.Module:
    network, generator = deepcopy(network), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    for _ in range(epochs):
        for batch in torch.randperm(len(images), generator=generator).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(images[batch]), classes[batch]).backward()
            optimizer.step()
    return network


def accuracy(network: nn.Module, images: torch.Tensor, classes: torch.Tensor) -> float:
    with torch.inference_mode():
        return float((network(images).argmax(dim=1) == classes).double().mean())


def interactions_needed(network: nn.Module, image: torch.Tensor, baseline: np.ndarray) -> int:
    """How many of the strongest interactions reproduce the log-odds of the network's answer with R^2 >= 0.9."""
    game = sy.Game(network, image, baseline=baseline, players=(3, 3))
    values = game(sy.all_masks(game.n_players))
    model = sy.decompose(values, tolerance=0.04 * float(np.ptp(values)))
    return model.curve().count_for(ENOUGH) or len(model.effects)


def main(
    output: Path | None = None, *, digit: int = 0, patches: int = 3, epochs: int = 15, compared: int = 15, seed: int = 0
) -> dict[str, list[int]]:
    """Explain one digit; the numbers of interactions that each network needs on ``compared`` digits are returned."""
    data = load_digits()
    images, classes = torch.tensor(data.images / 16).float()[:, None], torch.tensor(data.target)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(images), generator=generator)
    held_out, training = order[:HELD_OUT], order[HELD_OUT:]
    baseline = sy.baselines.mean_baseline(images[training])

    before = untrained(seed)
    network = train(before, images[training], classes[training], epochs=epochs, seed=seed)
    print(f"Accuracy on {HELD_OUT} held-out digits: {accuracy(network, images[held_out], classes[held_out]):.1%}")

    game = sy.Game(network, images[held_out[digit]], baseline=baseline, players=(patches, patches))
    said, truth = game.settings["target"], int(classes[held_out[digit]])
    print(f"Held-out digit {digit} is a {truth}; the network says {said}.\n")
    game.settings |= {
        "title": f"a {truth}, read as a {said}",
        "target_name": str(said),
        "baseline": "mean training image",
    }
    model = sy.explain(game, tolerance="4%" if patches < 4 else 0.0)  # with 16 players an exact fit is much quicker
    print_model(model)
    page = sy.write_report(output or Path("digit.html"), model, title="What a small CNN reads in a handwritten digit")
    print(f"\nWrote {page}")
    if patches != 3 or compared == 0:
        return {}

    shuffled = classes[training][torch.randperm(len(training), generator=generator)]
    by_heart = train(before, images[training], shuffled, epochs=4 * epochs, seed=seed)
    print(
        f"\nThe network on shuffled labels knows {accuracy(by_heart, images[training], shuffled):.1%} of them by heart."
    )
    networks = {"trained": network, "untrained": before, "shuffled labels": by_heart}
    print(f"Interactions of 3 x 3 patches needed for R^2 >= {ENOUGH}, on {compared} held-out digits:")
    needed: dict[str, list[int]] = {}
    for name, one in networks.items():
        needed[name] = [interactions_needed(one, images[held_out[i]], baseline) for i in range(compared)]
        low, median, high = np.percentile(needed[name], (25, 50, 75))
        print(f"  {name:16s} median {median:5.1f}   middle half {low:.1f} to {high:.1f}   {needed[name]}")
    for name in ("untrained", "shuffled labels"):
        fewer = sum(mine < other for mine, other in zip(needed["trained"], needed[name], strict=True))
        print(f"  Trained needs fewer than {name} on {fewer} of {compared} digits.")
    return needed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description="Explain one handwritten digit, and compare with networks that know less."
    )
    parser.add_argument("--output", type=Path, help="the page (default: digit.html)")
    parser.add_argument("--digit", type=int, default=0, help="held-out digit, 0 to 359")
    parser.add_argument("--patches", type=int, default=3, choices=(2, 3, 4), help="patches along each side")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--compared", type=int, default=15, help="digits in the comparison")
    parser.add_argument("--seed", type=int, default=0, help="of the split and the training")
    main(**vars(parser.parse_args()))
