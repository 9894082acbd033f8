"""Number tasks: token sequences whose right continuation depends on a latent count."""

from symbolscope.tasks.multi_object import MultiObject as MultiObject
from symbolscope.tasks.number_task import NumberTask as NumberTask
from symbolscope.tasks.same_object import SameObject as SameObject
from symbolscope.tasks.single_object import SingleObject as SingleObject
from symbolscope.tasks.task import Task as Task
from symbolscope.tasks.trials import Trials as Trials
from symbolscope.tasks.vocabulary import Vocabulary as Vocabulary
