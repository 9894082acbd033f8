"""Every null by its name."""

from symbolscope.evidence.null import Null as Null
from symbolscope.evidence.nulls.permuted_outputs import PermutedOutputs as PermutedOutputs
from symbolscope.evidence.nulls.random_core import RandomCore as RandomCore
from symbolscope.evidence.nulls.random_features import RandomFeatures as RandomFeatures
from symbolscope.evidence.nulls.random_init import RandomInit as RandomInit
from symbolscope.evidence.nulls.random_subset import RandomSubset as RandomSubset
from symbolscope.evidence.nulls.shuffled_labels import ShuffledLabels as ShuffledLabels
from symbolscope.evidence.nulls.wrong_program import WrongProgram as WrongProgram

# A new null is one file and one line here; the laws then test it.
registry: dict[str, type[Null]] = {
    null.name: null
    for null in (
        PermutedOutputs,
        RandomCore,
        RandomFeatures,
        RandomInit,
        RandomSubset,
        ShuffledLabels,
        WrongProgram,
    )
}
