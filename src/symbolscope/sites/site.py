"""A place in a network whose state can be read and written."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn

from symbolscope.core.argument_checks import InstanceOf, Network
from symbolscope.core.array_checks import DenseTensor
from symbolscope.core.checked_call import takes
from symbolscope.sites.continuation import Continuation
from symbolscope.sites.forward_pass import Inputs
from symbolscope.sites.steps import Steps


@dataclass(frozen=True)
class Site(ABC):
    """A place in a network, addressed by the path of a module and, per example, a step.

    Three things can be done with it, on examples i = 1..b with a step t_i each:

        read(network, inputs, steps)          h_i, the state at step t_i                       [b, d]
        run(network, inputs, steps, states)   the output when h_i is replaced by states_i, and everything computed from it
                                              responds (an interchange intervention, if states_i are another run's)
        continuation(network, inputs, steps)  the same for many ``states``, with what does not depend on them computed once

    Laws: writing what was read changes nothing; nothing before step t_i changes in a causal network; examples do not influence one
    another. The network is used as it stands: its training flags and parameters are not touched, and no hook stays behind. In
    training mode its dropout makes every pass different, so call ``network.eval()`` first.

    Inputs are a tensor with one example per row, or a dict of such tensors, given to the network by name. Gradients reach
    ``states`` even if no parameter of the network takes any.

    A kind of site implements :meth:`observe` and :meth:`run`; one that works by hooks extends :class:`HookedSite` instead.

    Attributes
    ----------
    path
        Path of the module within the network; ``""`` is the network itself.
    """

    path: str

    @takes({"network": Network()})
    def read(self, network: nn.Module, inputs: Inputs, steps: Steps = None) -> Tensor:
        """Natural states at ``steps``.

        Parameters
        ----------
        network
            Any module.
        inputs
            Tensor [b, ...], or a dict of them by parameter name.
        steps
            int, int64 [b] (one per example), or None where the site has no position axis.

        Returns
        -------
        Tensor [b, d].

        Raises
        ------
        SymbolscopeError
            If the network has no such module or never calls it, or the steps have another shape or dtype or are out of range.
        """
        return self.observe(network, inputs, steps)[0]

    @abstractmethod
    def observe(self, network: nn.Module, inputs: Inputs, steps: Steps) -> tuple[Tensor, object]:
        """States as :meth:`read` gives them, and what the network returned in the same pass."""

    @abstractmethod
    def run(self, network: nn.Module, inputs: Inputs, steps: Steps, states: Tensor) -> object:
        """What the network returns when ``states`` [b, d] stand at ``steps``; differentiable in ``states``.

        Parameters and errors are those of :meth:`read`; states of another shape than [b, d] are refused too.
        """

    @takes({"network": Network(), "lengths": DenseTensor(axes=(1,), whole=True)})
    def continuation(
        self, network: nn.Module, inputs: Inputs, steps: Steps, *, lengths: Tensor | None = None
    ) -> Continuation:
        """Prepare for writing many states at the same steps of the same inputs.

        Parameters
        ----------
        network, inputs, steps
            As for :meth:`read`; nothing of them may change as long as the continuation is used.
        lengths
            int64 [b]: positions of each example that matter, counted from 0; None is all of them. Outputs further on are not
            computed where that saves time.

        Raises
        ------
        SymbolscopeError
            As :meth:`read`, and for lengths that do not exceed their steps.
        """
        from symbolscope.sites.hooked import HookedContinuation

        return HookedContinuation.of(self, network, inputs, steps, lengths=lengths)


SITE = InstanceOf(Site, "a site", "sy.sites.find_site(network)")
