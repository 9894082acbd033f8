"""Up-Down as one number."""

from symbolscope.core.argument_checks import Number, WholeNumber
from symbolscope.core.checked_call import takes
from symbolscope.networks.oracle import Oracle
from symbolscope.tasks.number_task import NUMBER_TASK, NumberTask


class Toy1d(Oracle):
    """The count is coordinate 0 of the state and the phase its last coordinate: Up-Down with a magnitude code.

        h_t = h_{t-1} + e(x_t),   e(D) = +s on coordinate 0, e(R) = -s there, e(B) = +s on the last, e(T) = -2 s there
        R = 10 (h_0 - p),   E = -11 p,   D = 10 (h_0 + p)      with p the last coordinate, all divided by s

    Swapping coordinate 0 swaps the count of :class:`symbolscope.programs.UpDown` exactly.

    Parameters
    ----------
    task
        MultiObject or SingleObject.
    width
        Size of the state, at least 2; further coordinates are 0.
    scale
        s, any number but 0.

    Source: Grant, Goodman, McClelland, arXiv 2501.06141 (the theory of alignment functions).

    Examples
    --------
    >>> import torch, symbolscope as sy
    >>> task = sy.tasks.MultiObject(max_count=5)
    >>> network = Toy1d(task)
    >>> sy.networks.trial_accuracy(network, task)
    1.0
    >>> network.states(torch.from_numpy(task.vocabulary.encode(["B", "D0", "D2", "T", "R"])[None]))[0, :, 0]
    tensor([0., 1., 2., 2., 1.])
    """

    @takes({"task": NUMBER_TASK, "width": WholeNumber(least=1), "scale": Number(finite=False)})
    def __init__(self, task: NumberTask, *, width: int = 3, scale: float = 1.0) -> None:
        super().__init__(task, width, least=2, scale=scale)
        self.shifts[list(task.demos), 0] = scale
        self.shifts[task.response, 0] = -scale
        self.shifts[task.begin, -1] = scale
        self.shifts[task.trigger, -1] = -2 * scale
        sharp = 10.0 / scale
        self.weights[0, task.response] = sharp
        self.weights[-1, task.response] = -sharp
        self.weights[-1, task.end] = -1.1 * sharp
        self.weights[0, task.demos[0]] = sharp
        self.weights[-1, task.demos[0]] = sharp
        self.bias[[task.response, task.end, task.demos[0]]] = 0.0
