"""The causal graph and the And-Or graph of a network's interactions."""

from symbolscope.graphs.and_or_graph import ActivePath as ActivePath
from symbolscope.graphs.and_or_graph import AndOrGraph as AndOrGraph
from symbolscope.graphs.causal_graph import CausalGraph as CausalGraph
from symbolscope.graphs.causal_graph import causal_graph as causal_graph
from symbolscope.graphs.layout import Layout as Layout
from symbolscope.graphs.node import Node as Node
from symbolscope.graphs.removal_curve import RemovalCurve as RemovalCurve
