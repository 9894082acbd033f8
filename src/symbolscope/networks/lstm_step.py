"""One step of an LSTM on many rows, forwards and backwards, compiled; the matrix products are left to the caller.

With a = W h for the four blocks of W, and a row x of a table for the token that is read,

    i, f, o = sigmoid(a + x) of their blocks,   g = tanh(a_g + x_g),   c' = f c + i g,   h' = o tanh(c')

Backwards, from p = d loss / d h' and q = d loss / d c',

    q <- q + p o (1 - tanh(c')^2),   di = q g i (1 - i),   df = q c f (1 - f),   dg = q i (1 - g^2),   do = p tanh(c') o (1 - o)
    d loss / d c = q f,   d loss / d h = [di, df, dg, do] W

The module imports numba, so it is imported by the functions that need it.
"""

# pyright: reportUnknownParameterType=false, reportMissingParameterType=false

from typing import no_type_check

from symbolscope.networks.squashing import compiled, sigmoid, tanh

BLOCKS = 4  # of the table and of what is kept: i, f, g, o
PRODUCTS = 4  # of them get a share of W h
PARTS = 2  # of the state: h and c


@no_type_check
@compiled
def forward(products, kept, before, after, out, table, tokens, order, t):
    """From a = ``products`` [rows, 4 k] to i, f, g and o in ``kept`` [4, rows, k], and h' and c' in ``after`` and out[order, t]."""
    _, rows, k = kept.shape
    for i in range(rows):
        given = table[tokens[order[i], t]]
        for block in range(4):
            gate, share, product = kept[block, i], given[block], products[i, block * k : (block + 1) * k]
            for j in range(k):
                gate[j] = product[j] + share[j]
    size = rows * k
    flat = kept.reshape(-1)
    for j in range(2 * size):
        flat[j] = sigmoid(flat[j])
    opened, forgotten, g, o = flat[:size], flat[size : 2 * size], flat[2 * size : 3 * size], flat[3 * size :]
    for j in range(size):
        g[j] = tanh(g[j])
    for j in range(size):
        o[j] = sigmoid(o[j])
    c, new_h, new_c = before[1].reshape(-1), after[0].reshape(-1), after[1].reshape(-1)
    for j in range(size):
        new_c[j] = forgotten[j] * c[j] + opened[j] * g[j]
    for j in range(size):
        new_h[j] = o[j] * tanh(new_c[j])
    for i in range(rows):
        there, h_row, c_row = out[order[i], t], after[0][i], after[1][i]
        for j in range(k):
            there[j] = h_row[j]
        for j in range(k):
            there[k + j] = c_row[j]


@no_type_check
@compiled
def backward(kept, before, after, out, grad, carried, slopes, interleaved, of_table, tokens, order, t):
    """Add grad[order, t] to p, q = ``carried``, which become 0 and q f; write di, df, dg, do to ``interleaved`` [rows, 4 k].

    From the second step on ``before`` is filled with out[order, t - 1] first, and always ``after`` with out[order, t]. The slopes
    [4, rows, k] are added to the rows of ``of_table`` whose tokens were read, unless it is empty.
    """
    _, rows, k = kept.shape
    for i in range(rows):
        there, p_row, q_row = grad[order[i], t], carried[0][i], carried[1][i]
        for j in range(k):
            p_row[j] += there[j]
        for j in range(k):
            q_row[j] += there[k + j]
    if t > 0:
        for i in range(rows):
            h_row, c_row, there = before[0][i], before[1][i], out[order[i], t - 1]
            for j in range(k):
                h_row[j] = there[j]
            for j in range(k):
                c_row[j] = there[k + j]
    for i in range(rows):
        c_row, there = after[1][i], out[order[i], t]
        for j in range(k):
            c_row[j] = there[k + j]
    size = rows * k
    flat = kept.reshape(-1)
    opened, forgotten, g, o = flat[:size], flat[size : 2 * size], flat[2 * size : 3 * size], flat[3 * size :]
    apart = slopes[: 4 * size].reshape(4, rows, k)
    di, df, dg, do = slopes[:size], slopes[size : 2 * size], slopes[2 * size : 3 * size], slopes[3 * size : 4 * size]
    c, c_after, p, q = before[1].reshape(-1), after[1].reshape(-1), carried[0].reshape(-1), carried[1].reshape(-1)
    for j in range(size):
        squashed = tanh(c_after[j])
        q[j] += p[j] * (o[j] - o[j] * squashed * squashed)
        do[j] = p[j] * squashed * (o[j] - o[j] * o[j])
    for j in range(size):
        di[j] = q[j] * g[j] * (opened[j] - opened[j] * opened[j])
        df[j] = q[j] * c[j] * (forgotten[j] - forgotten[j] * forgotten[j])
    for j in range(size):
        dg[j] = q[j] * (opened[j] - opened[j] * g[j] * g[j])
        q[j] *= forgotten[j]
    p[:] = 0
    for i in range(rows):
        for block in range(4):
            slope, target = apart[block, i], interleaved[i, block * k : (block + 1) * k]
            for j in range(k):
                target[j] = slope[j]
    if len(of_table) > 0:
        for i in range(rows):
            given = of_table[tokens[order[i], t]]
            for block in range(4):
                total, slope = given[block], apart[block, i]
                for j in range(k):
                    total[j] += slope[j]
