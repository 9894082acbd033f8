"""A site that is read and written by hooks on a module while the network runs as it always does."""

from abc import abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn

from symbolscope.core.argument_checks import Network
from symbolscope.core.array_checks import DenseTensor
from symbolscope.core.checked_call import takes
from symbolscope.sites.forward_pass import Inputs, forward, n_rows, recurrent_backward
from symbolscope.sites.modules import described
from symbolscope.sites.site import Site
from symbolscope.sites.steps import Steps, checked_steps
from symbolscope.sites.visit import Visit


@dataclass(frozen=True)
class HookedSite(Site):
    """Base of the sites in modules that know nothing of being studied.

    A kind implements :meth:`_attach`; the hooks live for one forward pass and are gone after it, however it ends.
    """

    @takes({"network": Network()})
    def observe(self, network: nn.Module, inputs: Inputs, steps: Steps) -> tuple[Tensor, object]:
        """Natural states at ``steps``, and what the network returned; see :meth:`Site.read`."""
        visit = self._visit(inputs, steps, None)
        output = self._forward(network, inputs, visit)
        assert visit.found is not None
        return visit.found, output

    @takes({"network": Network(), "states": DenseTensor()})
    def run(self, network: nn.Module, inputs: Inputs, steps: Steps, states: Tensor) -> object:
        """What the network returns with ``states`` written at ``steps``; see :meth:`Site.run`."""
        visit = self._visit(inputs, steps, states)
        with recurrent_backward(network, states):
            return self._forward(network, inputs, visit)

    @abstractmethod
    def _attach(self, network: nn.Module, visit: Visit) -> None:
        """Check the module, and register what reads (``visit.found``) or writes (``visit.states``) at ``visit.steps``."""

    def _detach(self, network: nn.Module, visit: Visit) -> None:
        """Check, after the pass, that the site was reached."""
        visit.check_reached(None, described(network, self.path))

    def _visit(self, inputs: Inputs, steps: Steps, states: Tensor | None) -> Visit:
        n = n_rows(inputs)
        return Visit(n, checked_steps(steps, n), states)

    def _forward(self, network: nn.Module, inputs: Inputs, visit: Visit) -> object:
        with visit:
            self._attach(network, visit)
            output = forward(network, inputs)
        self._detach(network, visit)
        return output
