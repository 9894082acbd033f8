"""Up-Up as two numbers."""

from symbolscope.core.argument_checks import Number, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.networks.oracle import Oracle
from symbolscope.tasks.number_task import NUMBER_TASK, NumberTask


class Toy2d(Oracle):
    """Objects are counted in coordinate 0, responses in coordinate 1, the phase is the last: Up-Up with magnitude codes.

        h_t = h_{t-1} + e(x_t),   e(D) = s on coordinate 0, e(R) = s on 1, e(B) = +s on the last, e(T) = -2 s there
        R = 10 (h_0 - h_1 - p),   E = 10 (h_1 - h_0 - 1.1 p),   D = 10 max_count p      with p the last coordinate, all over s

    Swapping coordinate 0 (1) swaps the demo_count (response_count) of :class:`symbolscope.programs.UpUp` exactly.

    Parameters
    ----------
    task
        MultiObject or SingleObject.
    width
        Size of the state, at least 3; further coordinates are 0.
    scale
        s, any number but 0.

    Source: Grant, Goodman, McClelland, arXiv 2501.06141 (the theory of alignment functions).

    Examples
    --------
    >>> import symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=5)
    >>> sy.networks.trial_accuracy(Toy2d(task), task)
    1.0
    """

    @takes({"task": NUMBER_TASK, "width": WholeNumber(least=1), "scale": Number(finite=False)})
    def __init__(self, task: NumberTask, *, width: int = 3, scale: float = 1.0) -> None:
        super().__init__(task, width, least=3, scale=scale)
        self.shifts[list(task.demos), 0] = scale
        self.shifts[task.response, 1] = scale
        self.shifts[task.begin, -1] = scale
        self.shifts[task.trigger, -1] = -2 * scale
        sharp = 10.0 / scale
        self.weights[0, task.response] = sharp
        self.weights[1, task.response] = -sharp
        self.weights[-1, task.response] = -sharp
        self.weights[0, task.end] = -sharp
        self.weights[1, task.end] = sharp
        self.weights[-1, task.end] = -1.1 * sharp
        self.weights[-1, task.demos[0]] = sharp * task.max_count
        self.bias[[task.response, task.end, task.demos[0]]] = 0.0
