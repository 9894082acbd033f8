"""Files of ours with changed contents and a checksum that fits them again: what a hostile program could write."""

import json

from symbolscope.core.checksum import KEY, PLACE, with_checksum


def header_of(content):
    """The JSON header of a safetensors file, and what follows it."""
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def resigned(content, *, header=None, key=None, about=None, tensors=None, **metadata):
    """Change a file of ours.

    ``header`` and ``about`` (the JSON object under the metadata's ``key``) take the old one and give the new one; ``tensors`` maps
    (name, entry, bytes) to the same of the new file; further metadata is put in.
    """
    head, body = header_of(content)
    if tensors is not None:
        changed, parts, end = {"__metadata__": head["__metadata__"]}, [], 0
        for name, entry in head.items():
            if name != "__metadata__":
                begin, stop = entry["data_offsets"]
                for new_name, new_entry, part in tensors(name, entry, body[begin:stop]):
                    changed[new_name] = new_entry | {"data_offsets": [end, end + len(part)]}
                    parts.append(part)
                    end += len(part)
        head, body = changed, b"".join(parts)
    known = head["__metadata__"] | metadata
    if about is not None:
        known[key] = json.dumps(about(json.loads(known[key])))
    known[KEY] = PLACE
    head["__metadata__"] = known
    if header is not None:
        head = header(head)
    text = json.dumps(head, separators=(",", ":")).encode()
    whole = len(text).to_bytes(8, "little") + text + body
    return with_checksum(whole) if b'"sha256":"' in whole else whole
