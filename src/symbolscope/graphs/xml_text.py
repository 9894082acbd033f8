"""Text as XML can hold it."""

import re
from html import escape

# Characters that XML 1.0 has no way to write.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    r"""``text`` for an element or an attribute: escaped, and what cannot be written replaced.

    Examples
    --------
    >>> xml_text("a < b"), xml_text("\x01")
    ('a &lt; b', '\ufffd')
    """
    return escape(_UNWRITABLE.sub("\ufffd", text))
