"""What the controls show: trained networks against nulls, rich alignment functions against plain, right programs against wrong.

    python benchmarks/evidence.py --only rules       # interactions: a masked rule, five networks, their nulls and rival bases
    python benchmarks/evidence.py --only equality    # hierarchical equality: Orthogonal and RevNet, trained and untrained (long)
    python benchmarks/evidence.py --only oracles     # networks whose symbols are known
    python benchmarks/evidence.py --only counting    # a GRU that counts: programs, nulls, off-target test, divergence
    python benchmarks/evidence.py --only cost        # what assess costs beside explain

Prints every score with its floor, nulls and interval; the load; and whether each bar is met.
"""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import math
import platform
import statistics
import time
from collections.abc import Sequence

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

import symbolscope as sy
from symbolscope.sites import Output

console = Console(width=170)


def table(title: str, columns: str) -> Table:
    out = Table(title=title, title_justify="left")
    for column in columns.split(", "):
        out.add_column(column, justify="right")
    return out


def met(*, yes: bool) -> str:
    return "met" if yes else "[bold red]MISSED[/]"


def _rule(on: torch.Tensor) -> torch.Tensor:
    return ((on[:, 0] & on[:, 1] & on[:, 2]) | (on[:, 3] & on[:, 4]) | (on[:, 5] & ~on[:, 6])).float()


def _masked(n: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs each hidden (0) or shown (0.5 to 1.5) with equal chances, and the rule's answers."""
    on = torch.rand(n, 8, generator=generator) < 0.5
    return on * (0.5 + torch.rand(n, 8, generator=generator)), _rule(on)


def _train_rule(network: torch.nn.Module, seed: int, *, shuffled: bool = False, steps: int = 3_000) -> float:
    """Fit the rule on masked inputs; its accuracy on fresh ones. Shuffled: 2,000 inputs with one another's answers."""
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    kept, answers = _masked(2_000, generator)
    answers = answers[torch.randperm(len(answers), generator=generator)]
    for _ in range(steps):
        if shuffled:
            rows = torch.randint(len(kept), (256,), generator=generator)
            inputs, wanted = kept[rows], answers[rows]
        else:
            inputs, wanted = _masked(256, generator)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(network(inputs)[:, 0], wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    network.eval()
    with torch.no_grad():
        inputs, wanted = _masked(20_000, generator)
        return float(((network(inputs)[:, 0] > 0).float() == wanted).float().mean())


def rules(seeds: Sequence[int]) -> None:
    """8 inputs, (x0 and x1 and x2) or (x3 and x4) or (x5 and not x6), MLP 8-64-64-1; the input is all ones, hidden ones 0."""
    least: dict[str, float] = {}
    trained = {seed: sy.networks.MLP(8, 1, seed=seed) for seed in seeds}
    accuracies = {seed: _train_rule(network, seed) for seed, network in trained.items()}
    for score in ("probability", "log-odds"):
        out = table(
            f"Interactions that R² of 0.9 / 0.99 takes, score {score}, exact split; three restarts of each null",
            "seed, accuracy, trained, random init, permuted outputs, shuffled labels, AND only, OR only, Fourier, "
            "Fourier of a random init, ratio at 0.9: random init, permuted",
        )
        ratios: list[float] = []
        for seed, network in trained.items():
            shuffled = sy.evidence.nulls.ShuffledLabels(lambda null, at: _train_rule(null, at, shuffled=True))
            game = sy.Game(network, torch.ones(8), baseline="zero", score=score)
            report = sy.assess(
                sy.explain(game, progress=False),
                nulls=("random-init", "permuted-outputs", shuffled),
                restarts=3,
                seed=seed,
            )
            untrained = sy.evidence.redrawn(network, seed=seed + 17)
            fourier = sy.explain(game.with_network(untrained), progress=False).rival_curves()["Fourier"]
            own = [report.size_ratio[name][0] for name in ("random-init", "permuted-outputs")]
            ratios += own
            names = "network", "random-init", "permuted-outputs", "shuffled-labels", "AND only", "OR only", "Fourier"
            out.add_row(
                str(seed), f"{accuracies[seed]:.4f}", *(_sizes(report, name) for name in names),
                f"{fourier.count_for(0.9)} / {fourier.count_for(0.99)}", *(f"{ratio:.1f}" for ratio in own),
            )  # fmt: skip
            console.print(report.sentence, markup=False)
        console.print(out)
        least[score] = min(ratios)
    yes = least["probability"] >= 4
    console.print(
        f"probability (the scale on which the rule is 0 or 1): at least 4 times fewer than either null at every seed, least "
        f"{least['probability']:.1f}: {met(yes=yes)}; log-odds, which grow where the rule does not: least {least['log-odds']:.1f}"
    )


def _sizes(report: sy.Faithfulness, name: str) -> str:
    return "; ".join(
        " / ".join("never" if one is None else str(one) for one in counts) for counts in report.sizes[name]
    )


def equality(seeds: Sequence[int], *, rev_steps: int, restarts: int) -> None:
    """Objects of one number, MLP 4-16-16-16-2, 8 features of the 16 units of layer 1."""
    task, program = sy.tasks.HierarchicalEquality(size=1), sy.programs.BothEqualities()
    kinds = {
        "Orthogonal": (sy.featurizers.Orthogonal(size=8), 2_000, 1e-2),
        "RevNet 10 x 128": (sy.featurizers.RevNet(size=8, blocks=10, hidden=128), rev_steps, 3e-3),
    }
    out = table(
        f"IIA at layer 1 over 5,000 pairs (floor: nothing swapped); untrained: {restarts} restart(s) per seed",
        "seed, accuracy, alignment function, variable, floor, trained, 95 %, untrained, margin, 95 %, s",
    )
    scores: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for seed in seeds:
        network = sy.networks.MLP(task.width, task.n_classes, widths=(16, 16, 16), seed=seed)
        accuracy = sy.networks.train_classifier(network, task, seed=seed, progress=False)
        for kind, (featurizer, steps, rate) in kinds.items():
            for variable in ("left", "a"):
                started = time.perf_counter()
                found = sy.align(
                    network, program, task, variable=variable, featurizer=featurizer, site=Output("layers.0"), steps=steps,
                    batch=512, rate=rate, n_pairs=100_000, patience=100, restarts=restarts, seed=seed, progress=False,
                )  # fmt: skip
                report = sy.assess(found, nulls=("random-init",), restarts=restarts, n=5_000, seed=seed, progress=False)
                null = report.null_scores["random-init"]
                scores.setdefault((kind, variable), []).append((report.score, max(null)))
                low, high = report.margin_interval["random-init"]
                row = (
                    str(seed), f"{accuracy:.4f}", kind, variable, f"{report.floor:.3f}", f"{report.score:.3f}",
                    f"{report.interval[0]:.3f}-{report.interval[1]:.3f}", ", ".join(f"{one:.3f}" for one in null),
                    f"{report.margin['random-init']:+.3f}", f"{low:+.3f} to {high:+.3f}",
                    f"{time.perf_counter() - started:.0f}",
                )  # fmt: skip
                out.add_row(*row)
                console.print("  ".join(row), markup=False)
    console.print(out)
    means = {key: tuple(statistics.mean(one[i] for one in pairs) for i in range(2)) for key, pairs in scores.items()}
    for (kind, variable), (trained, untrained) in means.items():
        console.print(
            f"mean of {kind}, {variable}: trained {trained:.3f}, untrained {untrained:.3f}, margin {trained - untrained:+.3f}"
        )
    plain, rich = means["Orthogonal", "left"], means["RevNet 10 x 128", "left"]
    wrong = means["RevNet 10 x 128", "a"]
    console.print(
        "Orthogonal: untrained near 0.5 and trained at least 0.2 above: "
        f"{met(yes=abs(plain[1] - 0.5) < 0.05 and plain[0] - plain[1] >= 0.2)}"
    )
    console.print(
        f"RevNet: untrained at least 0.15 above Orthogonal's ({rich[1] - plain[1]:+.3f}): {met(yes=rich[1] - plain[1] >= 0.15)}"
    )
    console.print(
        f"RevNet: identity of the first argument has no positive margin ({wrong[0] - wrong[1]:+.3f}): "
        f"{met(yes=wrong[0] - wrong[1] <= 0)}"
    )


def oracles() -> None:
    """Networks whose symbols are known: interactions to 1e-6, a counter at 1.0, a wrong program near its floor."""
    out = table(
        "Harsanyi networks, n = 8: largest error of any of 2^8 interactions",
        "seed, known, found, largest error, bar 1e-6",
    )
    for seed in range(5):
        network = sy.networks.Harsanyi(8, seed=seed).double().eval()
        sample = torch.rand(8, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + 0.5
        model = sy.explain(sy.Game(network, sample, score="output", target=0), kinds="and", progress=False)
        masks, effects = network.interactions(sample)
        truth = {mask.tobytes(): float(effect) for mask, effect in zip(masks, effects[:, 0], strict=True)}
        read = {mask.tobytes(): float(effect) for mask, effect in zip(model.masks, model.effects, strict=True)}
        error = max(abs(read.get(key, 0.0) - truth.get(key, 0.0)) for key in {*truth, *read})
        large = sum(abs(effect) > 1e-6 for effect in read.values())
        out.add_row(str(seed), str(len(truth)), str(large), f"{error:.1e}", met(yes=error <= 1e-6))
    console.print(out)
    task = sy.tasks.MultiObject(max_count=10)
    network, program = sy.networks.Toy1d(task), sy.programs.UpDown(task)
    found = sy.align(
        network, program, task, featurizer=sy.featurizers.Orthogonal(size=1), rate=0.03, restarts=2, progress=False
    )
    report = sy.assess(
        found,
        nulls=("random-init", "permuted-outputs", "random-features", "wrong-program"),
        rivals=((sy.programs.UpUp(task), "demo_count"), (sy.programs.UpUp(task), "response_count")),
    )
    console.print(report)
    least, wrong = min(report.margin.values()), max(report.null_scores["wrong-program"])
    console.print(
        f"hand-built counter: IIA {report.score:.3f}, least margin {least:+.3f}: {met(yes=report.score == 1.0 and least > 0.5)}"
    )
    console.print(f"wrong program {wrong:.3f}, floor {report.floor:.3f}: {met(yes=wrong - report.floor < 0.1)}")


def counting(seed: int) -> None:
    """GRU on MultiObject: Up-Down against Up-Up, nulls, off-target, divergence with and without the counterfactual-latent loss."""
    task = sy.tasks.MultiObject(max_count=10)
    network = sy.networks.GRU(task.vocabulary, width=20, seed=seed)
    history = sy.train(network, task, seed=seed, progress=False)
    console.print(f"GRU of width 20 on counts 1..10: {history}")
    program = sy.programs.UpDown(task)
    rivals = (
        (sy.programs.UpUp(task), "demo_count"),
        (sy.programs.UpUp(task), "response_count"),
        sy.programs.CtxDistr(task),
    )
    for weight in (0.0, 1.0):
        found = sy.align(
            network, program, task, featurizer=sy.featurizers.Linear(size=8), latent_weight=weight, restarts=2, seed=seed,
            progress=False,
        )  # fmt: skip
        report = sy.assess(found, rivals=rivals if weight == 0 else (), seed=seed, progress=False)
        console.print(f"\ncounterfactual-latent loss {'off' if weight == 0 else f'on, weight {weight:g}'}")
        console.print(report)


def cost() -> None:
    """CPU seconds of explain and assess: ten players, ten inputs, a trained network; tolerance of the command line, and exact."""
    generator = torch.Generator().manual_seed(0)
    network = sy.networks.MLP(10, 2, widths=(64, 64))
    inputs = torch.randn(2_000, 10, generator=generator)
    classes = ((inputs[:, 0] * inputs[:, 1] > 0) | (inputs[:, 2] + inputs[:, 3] > 1)).long()
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(400):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network(inputs), classes).backward()
        optimiser.step()
    out = table(
        "assess beside explain, 10 players, medians over ten inputs",
        "tolerance, explain CPU s, assess CPU s, ratio, largest, bar 3",
    )
    for tolerance in ("4%", 0.0):
        times: list[tuple[float, float]] = []
        for row in range(11):  # the first compiles
            started = time.process_time()
            model = sy.explain(sy.Game(network, inputs[row]), tolerance=tolerance, progress=False)
            between = time.process_time()
            sy.assess(model)
            times.append((between - started, time.process_time() - between))
        times = times[1:]
        total = sum(one[1] for one in times) / sum(one[0] for one in times)
        out.add_row(
            str(tolerance), *(f"{statistics.median(one[i] for one in times):.3f}" for i in range(2)),
            f"{total:.2f}", f"{max(one[1] / one[0] for one in times):.2f}", met(yes=total <= 3),
        )  # fmt: skip
    console.print(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("rules", "equality", "oracles", "counting", "cost"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--rev-steps", type=int, default=3_000)
    parser.add_argument(
        "--restarts", type=int, default=1, help="of searches on hierarchical equality, trained and untrained alike"
    )
    given = parser.parse_args()
    torch.set_num_threads(1)
    load = os.getloadavg()[0]
    console.print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, torch {torch.__version__}, "
        f"numpy {np.__version__}"
    )
    seeds = range(given.first_seed, given.first_seed + given.seeds)
    if given.only in (None, "rules"):
        rules(seeds)
    if given.only in (None, "oracles"):
        oracles()
    if given.only in (None, "counting"):
        counting(given.first_seed)
    if given.only in (None, "cost"):
        cost()
    if given.only in (None, "equality"):
        equality(seeds, rev_steps=given.rev_steps, restarts=given.restarts)
    console.print(f"load {os.getloadavg()[0]:.1f} at the end")
    assert not math.isnan(load)


if __name__ == "__main__":
    main()
