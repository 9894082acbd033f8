"""Read and write hidden states of any torch module: recurrent states, module outputs and inputs."""

from symbolscope.sites.cell_state import CellState as CellState
from symbolscope.sites.continuation import Continuation as Continuation
from symbolscope.sites.find_site import find_site as find_site
from symbolscope.sites.hooked_site import HookedSite as HookedSite
from symbolscope.sites.input import Input as Input
from symbolscope.sites.network_state import NetworkState as NetworkState
from symbolscope.sites.output import Output as Output
from symbolscope.sites.recurrent_state import RecurrentState as RecurrentState
from symbolscope.sites.site import Site as Site
