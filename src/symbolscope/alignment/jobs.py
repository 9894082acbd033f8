"""Many searches as one: of several variables and featurizers, on one network or several."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass

from torch import nn

from symbolscope.alignment.alignment import Alignment, Restart
from symbolscope.alignment.frozen import frozen
from symbolscope.alignment.learned import check_learned
from symbolscope.alignment.material import material
from symbolscope.alignment.search import Batch, Material, Run, SearchSettings, search
from symbolscope.core.gradient_mode import check_trainable, gradients
from symbolscope.core.random_streams import torch_stream
from symbolscope.featurizers.featurizer import Featurizer
from symbolscope.programs.causal_model import CausalModel
from symbolscope.programs.program import Program
from symbolscope.sites.site import Site
from symbolscope.tasks.classification import Classification
from symbolscope.tasks.task import Task


@dataclass(frozen=True)
class Amounts:
    """Training pairs, validation pairs, and the quantities of their trials (None: those that training uses)."""

    n_pairs: int
    n_validation: int
    counts: tuple[int, ...] | None


@dataclass(frozen=True)
class Job:
    """One alignment to be searched for.

    Attributes
    ----------
    seeds
        One start of the search each.
    seed
        Of the pairs.
    shuffled
        Give each pair the source of another, in training and test alike: a control.
    trained
        Whether the featurizer is trained, or stays as it starts.
    """

    network: nn.Module
    program: Program | CausalModel
    task: Task | Classification
    site: Site
    variables: tuple[str, ...]
    featurizer: Featurizer
    settings: SearchSettings
    amounts: Amounts
    seeds: tuple[int, ...]
    seed: int
    force: bool
    shuffled: bool = False
    trained: bool = True


def run_jobs(jobs: Sequence[Job], *, progress: bool | None) -> list[Alignment]:
    """Search for all of them; those on one network share its passes, and networks share the cores."""
    with ExitStack() as stack:
        stack.enter_context(gradients())
        networks = {id(job.network): job.network for job in jobs}
        for network in networks.values():
            check_trainable(network)
            stack.enter_context(frozen(network))
        accuracies = {
            (id(job.network), id(job.task)): check_learned(job.network, job.task, seed=job.seed, force=job.force)
            for job in {(id(job.network), id(job.task)): job for job in jobs}.values()
        }
        prepared = _Prepared()
        runs = [prepared.runs(job) for job in jobs]
        search(prepared.batches(), progress=progress)
    found: list[Alignment] = []
    for job, group in zip(jobs, runs, strict=True):
        best = max(group, key=lambda run: run.best_iia)
        records = tuple(
            Restart(seed, run.best_iia, run.steps, tuple(run.validation), tuple(run.losses))
            for seed, run in zip(job.seeds, group, strict=True)
        )
        record: dict[str, float | int | str] = dict(asdict(job.settings)) | {
            "n_pairs": job.amounts.n_pairs, "n_validation": job.amounts.n_validation, "restarts": len(job.seeds),
            "seed": job.seed,
        }  # fmt: skip
        if job.amounts.counts is not None:
            record["counts"] = ", ".join(str(count) for count in job.amounts.counts)
        record |= {"sources": "shuffled"} if job.shuffled else {}
        record |= {} if job.trained else {"features": "not trained"}
        accuracy = accuracies[id(job.network), id(job.task)]
        found.append(
            Alignment(
                job.network, job.program, job.task, job.site, job.variables, best.featurizer, records, accuracy, record
            )
        )
    return found


class _Prepared:
    """Materials and runs of all jobs, by network."""

    def __init__(self) -> None:
        self._materials: dict[object, dict[object, Material]] = {}
        self._runs: dict[object, list[Run]] = {}
        self._settings: dict[object, SearchSettings] = {}

    def runs(self, job: Job) -> list[Run]:
        """The starts of one job, among those of its network."""
        batch = (id(job.network), job.site, job.settings)
        self._settings[batch] = job.settings
        materials = self._materials.setdefault(batch, {})
        keys = [(id(job.program), id(job.task), name, job.amounts, job.shuffled, job.seed) for name in job.variables]
        for key, name in zip(keys, job.variables, strict=True):
            if key not in materials:
                materials[key] = material(
                    job.network, job.program, job.task, job.site, name, settings=job.settings, n_pairs=job.amounts.n_pairs,
                    n_validation=job.amounts.n_validation, counts=job.amounts.counts, shuffled=job.shuffled, seed=job.seed,
                )  # fmt: skip
        order = list(materials)
        states = materials[keys[0]].training.source
        parts = tuple((order.index(key), i if len(keys) > 1 else None) for i, key in enumerate(keys))
        group: list[Run] = []
        for seed in job.seeds:
            weights = torch_stream(seed, "first weights of a search")
            fresh = job.featurizer.initialise(states.shape[1], seed=weights, states=states).to(states.device)
            group.append(Run(fresh, parts, torch_stream(seed, "batches of a search"), trained=job.trained))
        self._runs.setdefault(batch, []).extend(group)
        return group

    def batches(self) -> list[Batch]:
        """What :func:`symbolscope.alignment.search.search` works on."""
        return [
            Batch(tuple(materials.values()), tuple(self._runs[key]), self._settings[key])
            for key, materials in self._materials.items()
        ]
