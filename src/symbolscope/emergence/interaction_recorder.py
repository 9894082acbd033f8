"""A callback for a training loop that explains the network as it learns."""

from os import PathLike

from torch import nn

from symbolscope.core.argument_checks import FilePath, Flag, Network, Number
from symbolscope.core.checked_call import takes
from symbolscope.core.whole_file import check_folder
from symbolscope.emergence.checkpoints import save_checkpoint
from symbolscope.emergence.dynamics import InteractionDynamics
from symbolscope.emergence.effect_table import check_share
from symbolscope.emergence.interaction_dynamics import dynamics_of
from symbolscope.emergence.interaction_reading import (
    GivenGames,
    InteractionReading,
    ReadingSettings,
    check_games,
    read_interactions,
)
from symbolscope.emergence.whole_number import GivenInteger, whole_number
from symbolscope.errors import SymbolscopeError
from symbolscope.interactions.decompose import check_kinds
from symbolscope.interactions.tolerance import check_tolerance


class InteractionRecorder:
    """Explain a network on some samples inside its training loop, every so many steps.

    The network is left as it is: weights, gradients, buffers, each module's mode, and the random state.

    Parameters
    ----------
    games
        Samples to look at, with equally many players, or one; the networks they were made with play no part.
    folder
        Keep what was computed, a small JSON file per checkpoint, as :func:`interaction_dynamics` does.
    every
        Look at steps that are multiples of this.
    kinds, tolerance, threshold
        As for :func:`interaction_dynamics`.
    save_networks
        Also write each checkpoint into the folder, as safetensors with the losses in the header, for
        ``interaction_dynamics(folder, games, network=...)`` with other games or settings.

    Raises
    ------
    SymbolscopeError
        If a number is out of range, a game was made from a function, or networks are to be saved without a folder.

    Examples
    --------
    >>> import torch, symbolscope as sy
    >>> network = sy.networks.MLP(4, 2, widths=(16,))
    >>> inputs, classes = torch.randn(64, 4, generator=torch.Generator().manual_seed(0)), torch.arange(64) % 2
    >>> games = [sy.Game(network, inputs[row], target=int(classes[row])) for row in range(3)]
    >>> recorder = InteractionRecorder(games, every=10)
    >>> optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    >>> for step in range(31):
    ...     loss = torch.nn.functional.cross_entropy(network(inputs), classes)
    ...     _ = recorder(network, step, train_loss=loss.item())
    ...     optimiser.zero_grad()
    ...     loss.backward()
    ...     optimiser.step()
    >>> recorder.dynamics().steps
    array([ 0, 10, 20, 30])
    """

    @takes({"threshold": Number(finite=False), "folder": FilePath(), "save_networks": Flag()})
    def __init__(
        self,
        games: GivenGames,
        *,
        folder: str | PathLike[str] | None = None,
        every: GivenInteger = 1,
        kinds: str = "and-or",
        tolerance: float | str = 0.0,
        threshold: float = 0.05,
        save_networks: bool = False,
    ) -> None:
        check_kinds(kinds)
        check_tolerance(tolerance)
        check_share("threshold", threshold)
        self._every = whole_number("every", every, least=1, of="step")
        if save_networks and folder is None:
            raise SymbolscopeError("save_networks needs a folder to save them in; give folder=")
        self._games = check_games(games)
        self._folder = None if folder is None else check_folder(folder)
        self._settings = ReadingSettings(kinds, tolerance, threshold)
        self._save_networks = save_networks
        self._readings: list[InteractionReading] = []
        self._recorded: dict[int, dict[str, float]] = {}

    @takes(
        {
            "network": Network(),
            "train_loss": Number(),
            "test_loss": Number(),
            "train_accuracy": Number(least=0, most=1),
            "test_accuracy": Number(least=0, most=1),
        }
    )
    def __call__(
        self,
        network: nn.Module,
        step: GivenInteger,
        *,
        train_loss: float | None = None,
        test_loss: float | None = None,
        train_accuracy: float | None = None,
        test_accuracy: float | None = None,
    ) -> bool:
        """Explain the network if it is time.

        Parameters
        ----------
        network
            As it stands.
        step
            Steps of training so far, an integer from 0 on.
        train_loss, test_loss, train_accuracy, test_accuracy
            What is known of it.

        Returns
        -------
        Whether it was time.

        Raises
        ------
        SymbolscopeError
            If the step is no integer from 0 on or was recorded before, or the network does not suit the games.
        """
        step = whole_number("step", step, least=0)
        if step % self._every:
            return False
        if step in self._recorded:
            raise SymbolscopeError(
                f"step {step} is recorded already; count the steps of all epochs together, or make a new InteractionRecorder"
            )
        given = {
            "train_loss": train_loss,
            "test_loss": test_loss,
            "train_accuracy": train_accuracy,
            "test_accuracy": test_accuracy,
        }
        recorded = {name: float(value) for name, value in given.items() if value is not None}
        reading = read_interactions(network, self._games, step, settings=self._settings, folder=self._folder)
        if self._folder is not None and self._save_networks:
            save_checkpoint(network, self._folder, step, recorded)
        self._readings.append(reading)
        self._recorded[step] = recorded
        return True

    def dynamics(self) -> InteractionDynamics:
        """All that was recorded so far, as :func:`interaction_dynamics` gives it."""
        if not self._readings:
            raise SymbolscopeError("nothing is recorded yet; call recorder(network, step) in the training loop")
        return dynamics_of(self._readings, self._settings, self._recorded)
