"""Tables that are no tables end in a refusal that names the file, whatever is in them."""

import csv

import numpy as np
import pytest

import symbolscope as sy
from symbolscope.cli.table_game import TableInput

CONTENTS = {
    "a huge field": b"a,b\n" + b"1" * (csv.field_size_limit() + 10) + b",2\n",
    "a huge name": b"a" * (csv.field_size_limit() + 10) + b",b\n1,2\n",
    "NUL in a cell": b"a,b\n1\x00,2\n3,4\n",
    "NUL in the header": b"a\x00,b\n1,2\n3,4\n",
    "NULs only": bytes(1000),
    "a quote that does not end": b'a,b\n"1,2\n3,4\n',
    "another alphabet": "a,b\n1,2\n".encode("utf-16"),
    "bytes of no text": b"a,b\n\xff\xfe,2\n3,4\n",
    "nothing": b"",
    "blank lines": b"\n\n\n",
    "a header alone": b"a,b\n",
    "a workbook": b"PK\x03\x04" + bytes(range(256)) * 4,
    "a binary": bytes(np.random.default_rng(0).integers(0, 256, 5000).astype(np.uint8)),
    "one column too many": b"a,b\n1,2,3\n4,5,6\n",
    "returns of an old machine": b"a,b\r1,2\r3,4\r",
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_table_is_read_or_refused(tmp_path, content):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    try:
        table = TableInput.parse(path, 0, None, (), "mean").table
        chosen = table.choose(None, (), None)
        numbers = np.array(table.numbers(chosen), dtype=float)
    except sy.SymbolscopeError as error:
        assert str(error)  # noqa: PT017
    else:
        assert numbers.shape == (2,)
        assert np.isfinite(numbers).all()
