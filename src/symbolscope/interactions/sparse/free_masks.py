"""A learner kept from masks in which the players of a group go together."""

from symbolscope.interactions.sparse.atoms import Atom, Dictionary
from symbolscope.interactions.sparse.grouped_masks import GroupedMasks
from symbolscope.interactions.sparse.learner import Learner
from symbolscope.shapes import Masks, Scores


class FreeMasks(Learner):
    """Another learner on the masks outside a subspace alone.

    Inside, all parities that consist of the same groups are one up to sign, which would mislead trees and pursuit.

    Parameters
    ----------
    learner
        The other learner; it keeps its name.
    grouped
        The subspace.
    """

    def __init__(self, learner: Learner, grouped: GroupedMasks) -> None:
        self._learner, self._grouped = learner, grouped
        self.name, self.quick = learner.name, learner.quick

    def dictionary(self, masks: Masks, values: Scores, *, seed: int, start: tuple[Atom, ...] = ()) -> Dictionary:
        """What the learner proposes on the free masks."""
        free = ~self._grouped.holds(masks)
        return self._learner.dictionary(masks[free], values[free], seed=seed, start=start)

    def again(
        self, masks: Masks, values: Scores, *, seed: int, found: tuple[Atom, ...], start: tuple[Atom, ...]
    ) -> Dictionary:
        """What the learner proposes on the free masks, going on from what it found."""
        free = ~self._grouped.holds(masks)
        return self._learner.again(masks[free], values[free], seed=seed, found=found, start=start)
