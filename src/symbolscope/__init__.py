"""See the symbols that emerge in a trained network, and how far that reading can be trusted."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from symbolscope import evidence as evidence
    from symbolscope import featurizers as featurizers
    from symbolscope import networks as networks
    from symbolscope import programs as programs
    from symbolscope import sites as sites
    from symbolscope import tasks as tasks
    from symbolscope.alignment.align import align as align
    from symbolscope.alignment.align import align_many as align_many
    from symbolscope.alignment.alignment import Alignment as Alignment
    from symbolscope.alignment.counterfactual import counterfactual_pairs as counterfactual_pairs
    from symbolscope.alignment.markov import markov_test as markov_test
    from symbolscope.alignment.models import align_models as align_models
    from symbolscope.emergence.audit import audit as audit
    from symbolscope.emergence.check_emergence import check_emergence as check_emergence
    from symbolscope.emergence.discrimination import discrimination as discrimination
    from symbolscope.emergence.emergence_over import emergence_over as emergence_over
    from symbolscope.emergence.emergence_over import summarise_emergence as summarise_emergence
    from symbolscope.emergence.generalizable_interactions import (
        generalizable_interactions as generalizable_interactions,
    )
    from symbolscope.emergence.interaction_dynamics import interaction_dynamics as interaction_dynamics
    from symbolscope.emergence.interaction_recorder import InteractionRecorder as InteractionRecorder
    from symbolscope.emergence.intersection_over_union import intersection_over_union as intersection_over_union
    from symbolscope.emergence.jaccard import jaccard as jaccard
    from symbolscope.emergence.order_strength import strength_by_order_and_sign as strength_by_order_and_sign
    from symbolscope.emergence.transferability import transferability as transferability
    from symbolscope.errors import SymbolscopeError as SymbolscopeError
    from symbolscope.evidence.assess import assess as assess
    from symbolscope.evidence.assess import assess_many as assess_many
    from symbolscope.evidence.faithfulness import Faithfulness as Faithfulness
    from symbolscope.games import baselines as baselines
    from symbolscope.games import executors as executors
    from symbolscope.games.evaluate import evaluate as evaluate
    from symbolscope.games.game import Game as Game
    from symbolscope.games.masks import all_masks as all_masks
    from symbolscope.games.players import Players as Players
    from symbolscope.games.store.run_file import RunFile as RunFile
    from symbolscope.graphs.and_or_graph import AndOrGraph as AndOrGraph
    from symbolscope.graphs.causal_graph import causal_graph as causal_graph
    from symbolscope.interactions.decompose import decompose as decompose
    from symbolscope.interactions.explain import explain as explain
    from symbolscope.interactions.hierarchy import Hierarchy as Hierarchy
    from symbolscope.interactions.hierarchy import explain_hierarchy as explain_hierarchy
    from symbolscope.interactions.learn_baseline import learn_baseline as learn_baseline
    from symbolscope.interactions.many.explain_many import explain_many as explain_many
    from symbolscope.interactions.many.explanations import Explanations as Explanations
    from symbolscope.interactions.model import InteractionModel as InteractionModel
    from symbolscope.interactions.transforms import inverse_mobius as inverse_mobius
    from symbolscope.interactions.transforms import inverse_or_mobius as inverse_or_mobius
    from symbolscope.interactions.transforms import mobius as mobius
    from symbolscope.interactions.transforms import or_mobius as or_mobius
    from symbolscope.networks.train import train as train
    from symbolscope.report.counting_study import study_counting as study_counting
    from symbolscope.report.page import write_report as write_report

__version__ = "0.1.0"

# Names that are modules themselves.
_MODULES = frozenset({"baselines", "evidence", "executors", "featurizers", "networks", "programs", "sites", "tasks"})
# Imported on first use, so that `symbolscope --help` need not wait for torch, nor Ctrl-C be met by its import.
_HOMES = {
    "align": "symbolscope.alignment.align",
    "align_many": "symbolscope.alignment.align",
    "Alignment": "symbolscope.alignment.alignment",
    "counterfactual_pairs": "symbolscope.alignment.counterfactual",
    "markov_test": "symbolscope.alignment.markov",
    "align_models": "symbolscope.alignment.models",
    "featurizers": "symbolscope.featurizers",
    "networks": "symbolscope.networks",
    "programs": "symbolscope.programs",
    "sites": "symbolscope.sites",
    "tasks": "symbolscope.tasks",
    "audit": "symbolscope.emergence.audit",
    "check_emergence": "symbolscope.emergence.check_emergence",
    "discrimination": "symbolscope.emergence.discrimination",
    "emergence_over": "symbolscope.emergence.emergence_over",
    "InteractionRecorder": "symbolscope.emergence.interaction_recorder",
    "interaction_dynamics": "symbolscope.emergence.interaction_dynamics",
    "intersection_over_union": "symbolscope.emergence.intersection_over_union",
    "jaccard": "symbolscope.emergence.jaccard",
    "strength_by_order_and_sign": "symbolscope.emergence.order_strength",
    "summarise_emergence": "symbolscope.emergence.emergence_over",
    "transferability": "symbolscope.emergence.transferability",
    "AndOrGraph": "symbolscope.graphs.and_or_graph",
    "causal_graph": "symbolscope.graphs.causal_graph",
    "generalizable_interactions": "symbolscope.emergence.generalizable_interactions",
    "SymbolscopeError": "symbolscope.errors",
    "evidence": "symbolscope.evidence",
    "assess": "symbolscope.evidence.assess",
    "assess_many": "symbolscope.evidence.assess",
    "Faithfulness": "symbolscope.evidence.faithfulness",
    "baselines": "symbolscope.games.baselines",
    "evaluate": "symbolscope.games.evaluate",
    "executors": "symbolscope.games.executors",
    "RunFile": "symbolscope.games.store.run_file",
    "explain_many": "symbolscope.interactions.many.explain_many",
    "explain_hierarchy": "symbolscope.interactions.hierarchy",
    "Hierarchy": "symbolscope.interactions.hierarchy",
    "Explanations": "symbolscope.interactions.many.explanations",
    "Game": "symbolscope.games.game",
    "all_masks": "symbolscope.games.masks",
    "Players": "symbolscope.games.players",
    "decompose": "symbolscope.interactions.decompose",
    "explain": "symbolscope.interactions.explain",
    "learn_baseline": "symbolscope.interactions.learn_baseline",
    "InteractionModel": "symbolscope.interactions.model",
    "inverse_mobius": "symbolscope.interactions.transforms",
    "inverse_or_mobius": "symbolscope.interactions.transforms",
    "mobius": "symbolscope.interactions.transforms",
    "or_mobius": "symbolscope.interactions.transforms",
    "train": "symbolscope.networks.train",
    "study_counting": "symbolscope.report.counting_study",
    "write_report": "symbolscope.report.page",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(_HOMES[name])
    value: object = home if name in _MODULES else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
