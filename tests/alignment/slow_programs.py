"""Up-Down and Up-Up one trial and one token at a time, from their definitions: the oracle for labels and values."""

import functools


def roles(task, tokens):
    """B, D, T, R, E, U or P for each token id."""
    names = names_of(task)
    return [names[int(token)] for token in tokens]


@functools.cache
def names_of(task):
    return ["D" if token in task.demos and name != "R" else name for token, name in enumerate(task.vocabulary.tokens)]


def consume(kind, task, values, role):
    """Variables after one more token."""
    values = dict(values)
    answer = {"MultiObject": lambda n: n, "SingleObject": lambda n: n, "Mod": lambda n: n % 4}[type(task).__name__]
    if role == "D" and values["phase"] == -1:
        values["count" if kind == "UpDown" else "demo_count"] += 1
    elif role == "R" and values["phase"] == 1:
        if kind == "UpDown":
            values["count"] -= 1
        else:
            values["response_count"] += 1
    elif role == "T" and values["phase"] == -1:
        values["phase"] = 1
        if kind == "UpDown":
            values["count"] = answer(values["count"])
    return values


def start(kind):
    return {"count": 0, "phase": -1} if kind == "UpDown" else {"demo_count": 0, "response_count": 0, "phase": -1}


def values_at(kind, task, tokens, step):
    """Variables after token number ``step``."""
    values = start(kind)
    for role in roles(task, tokens[: step + 1]):
        values = consume(kind, task, values, role)
    return values


def continued(kind, task, values, quantity):
    """Roles of the tokens that follow until the end, with the environment showing ``quantity`` objects in all."""
    said = []
    while not said or said[-1] != "E":
        if values["phase"] == -1:
            shown = values["count"] if kind == "UpDown" else values["demo_count"]
            said.append("D" if shown < quantity else "T")
        elif kind == "UpDown":
            said.append("R" if values["count"] > 0 else "E")
        else:
            said.append("R" if values["response_count"] < values["demo_count"] else "E")
        values = consume(kind, task, values, said[-1])
    return said
