"""Up-Down as an angle."""

import math

import torch

from symbolscope.core.argument_checks import WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.networks.oracle import Oracle
from symbolscope.tasks.number_task import NUMBER_TASK, NumberTask


class ToyRotation(Oracle):
    """The count is the angle of coordinates (0, 1), the phase the last coordinate.

        count c:  (h_0, h_1) = (cos c theta, sin c theta),   theta = pi / (max_count + 10)

    Demonstration tokens turn it by theta, responses back, the trigger only flips the phase; E when the angle is 0. Swapping the
    plane swaps the count of :class:`symbolscope.programs.UpDown` exactly, and no single direction in it does.

    The construction in the literature turns at every token and reflects at the trigger, so that count c is the angle (c + 1) theta
    before and -c theta after it; there a swap between phases is not the program's. Here the code is the same in both.

    Parameters
    ----------
    task
        MultiObject or SingleObject.
    width
        Size of the state, at least 3; further coordinates are 0.

    Source: after Grant, Goodman, McClelland, arXiv 2501.06141 (the theory of alignment functions).

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=20)
    >>> sy.networks.trial_accuracy(ToyRotation(task), task)
    1.0
    """

    @takes({"task": NUMBER_TASK, "width": WholeNumber(least=1)})
    def __init__(self, task: NumberTask, *, width: int = 3) -> None:
        super().__init__(task, width, least=3)
        theta = math.pi / (task.max_count + 10)
        turn = torch.tensor([[math.cos(theta), math.sin(theta)], [-math.sin(theta), math.cos(theta)]])
        for demo in task.demos:
            self.maps[demo, :2, :2] = turn
        self.maps[task.response, :2, :2] = turn.T
        self.maps[task.trigger, -1, -1] = -1.0
        self.first[0] = self.first[-1] = 1.0
        sharp = 10.0 / math.sin(theta)  # one count away from the end is 10 logits away from it
        self.weights[1, task.response] = 2.0 * sharp
        self.weights[-1, task.demos[0]] = 4.0 * sharp  # ahead in the demonstration, last in the response
        self.bias[[task.response, task.demos[0]]] = 0.0
        self.bias[task.end] = sharp * math.sin(theta)  # between the R of count 0 and of count 1
