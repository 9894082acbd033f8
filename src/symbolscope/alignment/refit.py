"""The search behind an alignment again, with one thing changed: another network, shuffled sources, random features, a rival."""

from collections.abc import Sequence
from dataclasses import fields

import torch
from torch import nn

from symbolscope.alignment.alignment import Alignment
from symbolscope.alignment.counterfactual import check_task, check_variables
from symbolscope.alignment.jobs import Amounts, Job, run_jobs
from symbolscope.alignment.learned import check_program
from symbolscope.alignment.search import SearchSettings
from symbolscope.alignment.untied import depends, untie
from symbolscope.errors import SymbolscopeError
from symbolscope.featurizers.beyond import Beyond
from symbolscope.featurizers.featurizer import Featurizer
from symbolscope.featurizers.random_units import RandomUnits
from symbolscope.programs.causal_model import CausalModel
from symbolscope.programs.program import Program
from symbolscope.programs.scrambled import scrambled
from symbolscope.tasks.classification import Classification
from symbolscope.variation import Variation


def refit_alignments(
    alignments: Sequence[Alignment], variations: Sequence[Variation], *, progress: bool | None = False
) -> list[list[Alignment]]:
    """Search again for every alignment in every variation, all as one batched job.

    Each variation starts once. A network that has not learned the task is searched all the same: that is what controls are for.

    Returns
    -------
    For each alignment a list with one per variation.
    """
    jobs = [_job(alignment, variation) for alignment in alignments for variation in variations]
    found = run_jobs(jobs, progress=progress)
    return [found[begin : begin + len(variations)] for begin in range(0, len(found), len(variations))]


def _job(alignment: Alignment, variation: Variation) -> Job:
    program, variables = alignment.program, alignment.variables
    if variation.program is not None:
        if not isinstance(variation.program, Program | CausalModel):
            raise SymbolscopeError(
                f"a rival of a program must be one, such as sy.programs.UpUp(task); got {type(variation.program).__name__}"
            )
        program = variation.program
        check_task(program, alignment.task)
        check_program(program, alignment.task)
    if variation.variable is not None:
        variables = (variation.variable,)
    check_variables(program, variables)
    if variation.answers == "scrambled":
        program = scrambled(program)
    own = alignment.settings
    settings = SearchSettings(**{entry.name: own[entry.name] for entry in fields(SearchSettings) if entry.name in own})  # type: ignore[arg-type]
    counts = own.get("counts")
    amounts = Amounts(
        int(own.get("n_pairs", 10_000)),
        int(own.get("n_validation", 1_000)),
        None if counts is None else tuple(int(count) for count in str(counts).split(",")),
    )
    network = alignment.network if variation.network is None else variation.network
    if not isinstance(network, nn.Module):
        raise SymbolscopeError(
            f"a network in place of the aligned one must be an nn.Module; got {type(network).__name__}"
        )
    return Job(
        network,
        program,
        alignment.task,
        alignment.site,
        variables,
        _featurizer(alignment.featurizer, variation, len(variables)),
        settings,
        amounts,
        (variation.seed,),
        variation.seed,
        force=True,
        shuffled=variation.answers == "shuffled",
        trained=variation.features in ("fitted", "disjoint"),
    )


def _featurizer(featurizer: Featurizer, variation: Variation, n_variables: int) -> Featurizer:
    """A template like the alignment's; a rival of one variable gets as many features as the alignment has."""
    if variation.features == "random-units":
        return RandomUnits(featurizer.size if n_variables == 1 else featurizer.sizes)
    arguments = featurizer.configuration()
    if n_variables == 1 and len(featurizer.sizes) > 1:
        arguments["size"] = featurizer.size
    template = type(featurizer)(**arguments)
    return Beyond(featurizer, template) if variation.features == "disjoint" else template


def readout_parameters(alignment: Alignment, network: nn.Module) -> list[str]:
    """Names of the parameters that the state at the alignment's site does not depend on: what only reads it."""
    named = {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}
    if not named:
        return []
    inputs, steps = _probe(alignment, network)
    needed = depends(alignment.site.read(network, inputs, steps), list(named.values()))
    return [name for name, one in zip(named, needed, strict=True) if not one]


def untie_readout(alignment: Alignment, network: nn.Module) -> None:
    """Give a readout that shares weights with what the state depends on, such as an embedding, weights of its own, in place."""
    inputs, steps = _probe(alignment, network)

    def state_needs(tensors: Sequence[torch.Tensor]) -> list[bool]:
        return depends(alignment.site.read(network, inputs, steps), tensors)

    def output_needs(tensors: Sequence[torch.Tensor]) -> list[bool]:
        return depends(network(inputs), tensors)

    untie(network, state_needs, output_needs)


def _probe(alignment: Alignment, network: nn.Module) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Some inputs of the task, and a step in each."""
    task = alignment.task
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    if isinstance(task, Classification):
        return torch.from_numpy(task.sample(4, seed=0).inputs).to(device), None
    trials = task.sample(4, seed=0)
    return torch.from_numpy(trials.tokens).to(device), torch.from_numpy(trials.lengths - 2)
