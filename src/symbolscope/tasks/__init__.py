"""Tasks: token sequences whose right continuation depends on a latent count, and inputs with one class each."""

from symbolscope.tasks.arithmetic import Arithmetic as Arithmetic
from symbolscope.tasks.classification import Classification as Classification
from symbolscope.tasks.classification import Examples as Examples
from symbolscope.tasks.hierarchical_equality import HierarchicalEquality as HierarchicalEquality
from symbolscope.tasks.mod import Mod as Mod
from symbolscope.tasks.multi_object import MultiObject as MultiObject
from symbolscope.tasks.number_task import NumberTask as NumberTask
from symbolscope.tasks.round import Round as Round
from symbolscope.tasks.same_object import SameObject as SameObject
from symbolscope.tasks.shuffled_answers import ShuffledAnswers as ShuffledAnswers
from symbolscope.tasks.single_object import SingleObject as SingleObject
from symbolscope.tasks.square import Square as Square
from symbolscope.tasks.task import Task as Task
from symbolscope.tasks.trials import Trials as Trials
from symbolscope.tasks.two_conjunctions import TwoConjunctions as TwoConjunctions
from symbolscope.tasks.vocabulary import Vocabulary as Vocabulary
