"""What every learner of atoms does."""

from abc import ABC, abstractmethod

from symbolscope.interactions.sparse.atoms import Atom, Dictionary
from symbolscope.shapes import Masks, Scores


class Learner(ABC):
    """Proposes atoms for a model from sampled masks.

    Law: the dictionary is a function of masks, values and seed; atoms are distinct, of at least one player each, players
    ascending; adding a constant to the values changes nothing and a factor c > 0 multiplies the scales by c (to rounding).
    Renaming the players renames the atoms, except where atoms tie exactly, which goes to the lower players.
    """

    name: str
    # Whether it costs little to ask again.
    quick: bool = True

    @abstractmethod
    def dictionary(self, masks: Masks, values: Scores, *, seed: int, start: tuple[Atom, ...] = ()) -> Dictionary:
        """Atoms and the expected size of their effects.

        Parameters
        ----------
        masks
            bool [m, n].
        values
            [m], the game on them.
        seed
            For learners that draw random numbers.
        start
            Atoms found on part of the masks, for learners that can go on from there; others ignore it.
        """

    def again(
        self, masks: Masks, values: Scores, *, seed: int, found: tuple[Atom, ...], start: tuple[Atom, ...]
    ) -> Dictionary:
        """Atoms on all masks, of a learner that found ``found`` on most of them, and ``start`` was found on fewer still."""
        return self.dictionary(masks, values, seed=seed, start=found)
