"""Every network once, small, for the laws."""

import symbolscope as sy

TASK = sy.tasks.MultiObject(max_count=4, held_out=(3,), void_probability=0.2)
QUIET = sy.tasks.MultiObject(max_count=6)

TRAINABLE = {
    "GRU": lambda seed=0: sy.networks.GRU(TASK.vocabulary, width=10, seed=seed),
    "LSTM": lambda seed=0: sy.networks.LSTM(TASK.vocabulary, width=10, seed=seed),
    "NoPE": lambda seed=0: sy.networks.Transformer(TASK.vocabulary, width=8, n_heads=2, dropout=0.1, seed=seed),
    "RoPE": lambda seed=0: sy.networks.Transformer(TASK.vocabulary, width=8, positions="rope", dropout=0.1, seed=seed),
}
ORACLES = {
    "Toy1d": lambda: sy.networks.Toy1d(QUIET),
    "Toy1d scaled": lambda: sy.networks.Toy1d(QUIET, scale=3.0, width=5),
    "Toy2d": lambda: sy.networks.Toy2d(QUIET),
    "ToyRotation": lambda: sy.networks.ToyRotation(QUIET),
    "ToyOrthogonal": lambda: sy.networks.ToyOrthogonal(QUIET),
    "Skewed": lambda: sy.networks.Skewed(sy.networks.Toy1d(QUIET), 3),
}
RECURRENT = {name: TRAINABLE[name] for name in ("GRU", "LSTM")} | ORACLES
EVERY = TRAINABLE | ORACLES


def task_of(name):
    return QUIET if name in ORACLES else TASK
