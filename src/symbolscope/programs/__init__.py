"""Symbolic programs: causal models of what a sequence network might compute."""

from symbolscope.programs.program import Program as Program
from symbolscope.programs.program import Variable as Variable
from symbolscope.programs.up_down import UpDown as UpDown
from symbolscope.programs.up_up import UpUp as UpUp
