"""Splitting a model: its functions in order, the values between them, and parts of it as models of their own."""

from ..dialects.nnp import Network
from ..module import Module
from .function import FunctionGraph
from .graph import Cut, Graph
from .network import NetworkGraph
from .ranges import Range, parse_ranges

__all__ = ["Cut", "FunctionGraph", "Graph", "Range", "graph_of", "parse_ranges"]


def graph_of(module: Module) -> Graph:
    """The graph of a model: its network in the nnp dialect, its main function in all others.

    Raises CompileError for a model that must be reduced to one network without loops before.
    """
    is_nnp = any(isinstance(op, Network) for op in module.body)
    return NetworkGraph(module) if is_nnp else FunctionGraph(module)
