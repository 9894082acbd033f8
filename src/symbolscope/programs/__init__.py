"""Symbolic programs: causal models of what a network might compute."""

from symbolscope.programs.and_or_and import AndOrAnd as AndOrAnd
from symbolscope.programs.both_equalities import BothEqualities as BothEqualities
from symbolscope.programs.causal_model import CausalModel as CausalModel
from symbolscope.programs.count_up_incr import CountUpIncr as CountUpIncr
from symbolscope.programs.ctx_distr import CtxDistr as CtxDistr
from symbolscope.programs.increment_up_up import IncrementUpUp as IncrementUpUp
from symbolscope.programs.number_program import NumberProgram as NumberProgram
from symbolscope.programs.or_and_or import OrAndOr as OrAndOr
from symbolscope.programs.program import Program as Program
from symbolscope.programs.program import Variable as Variable
from symbolscope.programs.running_total import RunningTotal as RunningTotal
from symbolscope.programs.scrambled import scrambled as scrambled
from symbolscope.programs.up_down import UpDown as UpDown
from symbolscope.programs.up_up import UpUp as UpUp
