"""Ways to change a file: as a disk or a transfer does, and as a hostile program could, with a checksum that fits again."""

import copy
import io
import json
import zipfile

from symbolscope.core.checksum import KEY, PLACE, with_checksum

ODD = [
    None, True, False, 0, -1, 1, 2, 3, 255, 1 << 31, 1 << 63, -(1 << 63), 10**20, 0.5, -0.5, 1e308, 5e-324,
    float("nan"), float("inf"), float("-inf"), "", "x", "and", "x0", "é", "\0", "\ud800", "1", "9" * 50, "a" * 5000, [], [0], [[]],
    [None], {}, {"a": 1}, [1, 2, 3], {"kind": "text"}, {"kind": "image"}, "table", "RevNet", "Linear", "float32", "F64", "BOOL",
    "__class__", "../x", "torch.os.system",
]  # fmt: skip


def damaged(content, generator):
    """A few bytes flipped, replaced, put in, taken out, doubled or zeroed; or the file cut."""
    changed = bytearray(content)
    for _ in range(int(generator.integers(1, 4))):
        if not changed:
            break
        end = len(changed) if generator.random() < 0.6 else min(len(changed), 600)
        place, length = int(generator.integers(end)), int(generator.integers(1, 65))
        match int(generator.integers(8)):
            case 0 | 1:
                changed[place] ^= 1 << int(generator.integers(8))
            case 2:
                changed[place] = int(generator.integers(256))
            case 3:
                changed[place:place] = generator.bytes(length)
            case 4:
                del changed[place : place + length]
            case 5:
                changed[place:place] = changed[place : place + length]
            case 6:
                changed[place : place + length] = bytes(len(changed[place : place + length]))
            case 7:
                del changed[place:]
    return bytes(changed)


def odd_json(value, generator):
    """A JSON value with one of its parts, anywhere in it, exchanged, taken out or doubled."""
    value = copy.deepcopy(value)
    holder, here = None, value
    while isinstance(here, dict | list) and here and generator.random() < 0.85:
        place = (
            list(here)[int(generator.integers(len(here)))]
            if isinstance(here, dict)
            else int(generator.integers(len(here)))
        )
        holder, here = (here, place), here[place]
    odd = ODD[int(generator.integers(len(ODD)))]
    if holder is None:
        return odd if generator.random() < 0.1 else value
    whole, place = holder
    match int(generator.integers(6)):
        case 0:
            del whole[place]
        case 1 if isinstance(whole, list):
            whole.insert(place, here)
        case 2 if type(here) in (int, float):
            whole[place] = here + int(generator.integers(-2, 3))
        case 3 if isinstance(here, list) and len(here) < 100:
            whole[place] = here * int(generator.integers(2, 2000))
        case _:
            whole[place] = odd
    return value


def hostile_tensors(content, key, generator):
    """A file of ours with odd parts in its header, its JSON or its numbers, signed again."""
    length = int.from_bytes(content[:8], "little")
    header, body = json.loads(content[8 : 8 + length]), content[8 + length :]
    known = header["__metadata__"]
    chance = generator.random()
    if chance < 0.55:
        known[key] = json.dumps(odd_json(json.loads(known[key]), generator))
    elif chance < 0.75:
        tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
        changed = odd_json(tensors, generator)
        header = {"__metadata__": known} | (changed if isinstance(changed, dict) else {})
    else:
        changed = bytearray(body)
        for _ in range(int(generator.integers(1, 9))):
            if changed:
                changed[int(generator.integers(len(changed)))] = int(generator.choice([0, 1, 127, 128, 240, 255]))
        body = bytes(changed)
    if not isinstance(header, dict):
        header = {"__metadata__": known}
    known[KEY] = PLACE
    text = json.dumps(header, separators=(",", ":")).encode()
    return with_checksum(len(text).to_bytes(8, "little") + text + body)


def hostile_json(content, generator):
    """A JSON file of ours with odd parts, signed again."""
    value = json.loads(content)
    marked = {"format": value["format"], KEY: PLACE}
    changed = odd_json({name: part for name, part in value.items() if name not in marked}, generator)
    whole = marked | (changed if isinstance(changed, dict) else {})
    return with_checksum(json.dumps(whole, separators=(",", ":")).encode())


def hostile_archive(content, generator):
    """An archive with a JSON member that has odd parts, or a member damaged, left out or put in twice."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    place = int(generator.integers(len(members)))
    if generator.random() < 0.7:
        place = [i for i, (name, _) in enumerate(members) if name.endswith(".json")][int(generator.integers(3))]
    name, body = members[place]
    if name.endswith(".json") and generator.random() < 0.9:
        members[place] = name, json.dumps(odd_json(json.loads(body), generator)).encode("utf-8", "surrogatepass")
    elif generator.random() < 0.7:
        members[place] = name, damaged(body, generator)
    else:
        del members[place]
    made = io.BytesIO()
    with zipfile.ZipFile(
        made, "w", zipfile.ZIP_DEFLATED if generator.random() < 0.2 else zipfile.ZIP_STORED
    ) as archive:
        for name, body in members:
            archive.writestr(name, body)
    return made.getvalue()
