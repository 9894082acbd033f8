"""One step of a GRU on many rows, forwards and backwards, compiled; the matrix products are left to the caller.

With a = W h for the three blocks of W, and a row i of a table for the token that is read,

    r = sigmoid(a_r + i_r),   z = sigmoid(a_z + i_z),   c = a_c + i_c,   n = tanh(r c + i_n),   h' = n + z (h - n)

Backwards, from g = d loss / d h',

    dn = g (1 - z) (1 - n^2),   dc = dn r,   dr = dn c r (1 - r),   dz = g (h - n) z (1 - z),   d loss / d h = g z + [dr, dz, dc] W

where dn, dr, dz, dc are with respect to what the functions are applied to, hence also to i_n, i_r, i_z, i_c.
The four blocks lie apart, [4, rows, d], so that most of the work is passes over contiguous numbers.
The module imports numba, so it is imported by the functions that need it.
"""

# pyright: reportUnknownParameterType=false, reportMissingParameterType=false

from typing import no_type_check

from symbolscope.networks.squashing import compiled, sigmoid, tanh

BLOCKS = 4  # of the table and of what is kept: r, z, c, n
PRODUCTS = 3  # of them get a share of W h
PARTS = 1  # of the state


@no_type_check
@compiled
def forward(products, kept, before, after, out, table, tokens, order, t):
    """From a = ``products`` [rows, 3 d] to r, z, c and n in ``kept`` [4, rows, d], and h' in ``after`` and in out[order, t]."""
    _, rows, d = kept.shape
    for i in range(rows):
        given = table[tokens[order[i], t]]
        for k in range(3):
            gate, share, product = kept[k, i], given[k], products[i, k * d : (k + 1) * d]
            for j in range(d):
                gate[j] = product[j] + share[j]
        gate, share = kept[3, i], given[3]
        for j in range(d):
            gate[j] = share[j]
    size = rows * d
    flat = kept.reshape(-1)
    for j in range(2 * size):
        flat[j] = sigmoid(flat[j])
    r, z, c, n = flat[:size], flat[size : 2 * size], flat[2 * size : 3 * size], flat[3 * size :]
    for j in range(size):
        n[j] = tanh(r[j] * c[j] + n[j])
    h, new = before[0].reshape(-1), after[0].reshape(-1)
    for j in range(size):
        new[j] = n[j] + z[j] * (h[j] - n[j])
    for i in range(rows):
        row, there = after[0][i], out[order[i], t]
        for j in range(d):
            there[j] = row[j]


@no_type_check
@compiled
def backward(kept, before, after, out, grad, carried, slopes, interleaved, of_table, tokens, order, t):
    """Add grad[order, t] to g = ``carried`` [rows, d], which becomes g z; write dr, dz, dc to ``interleaved`` [rows, 3 d].

    From the second step on ``before`` is filled with out[order, t - 1] first. The slopes [4, rows, d] are added to the rows of
    ``of_table`` whose tokens were read, unless it is empty.
    """
    _, rows, d = kept.shape
    for i in range(rows):
        row, there = carried[0][i], grad[order[i], t]
        for j in range(d):
            row[j] += there[j]
    if t > 0:
        for i in range(rows):
            row, there = before[0][i], out[order[i], t - 1]
            for j in range(d):
                row[j] = there[j]
    size = rows * d
    flat = kept.reshape(-1)
    r, z, c, n = flat[:size], flat[size : 2 * size], flat[2 * size : 3 * size], flat[3 * size :]
    apart = slopes[: 4 * size].reshape(4, rows, d)
    dr, dz, dc, dn = slopes[:size], slopes[size : 2 * size], slopes[2 * size : 3 * size], slopes[3 * size : 4 * size]
    h, g = before[0].reshape(-1), carried[0].reshape(-1)
    for j in range(size):
        dz[j] = g[j] * (h[j] - n[j]) * (z[j] - z[j] * z[j])
    for j in range(size):
        through = g[j] - g[j] * z[j]
        dn[j] = through - through * n[j] * n[j]
        g[j] *= z[j]
    for j in range(size):
        dc[j] = dn[j] * r[j]
        dr[j] = dn[j] * c[j] * (r[j] - r[j] * r[j])
    for i in range(rows):
        for k in range(3):
            slope, target = apart[k, i], interleaved[i, k * d : (k + 1) * d]
            for j in range(d):
                target[j] = slope[j]
    if len(of_table) > 0:
        for i in range(rows):
            given = of_table[tokens[order[i], t]]
            for k in range(4):
                total, slope = given[k], apart[k, i]
                for j in range(d):
                    total[j] += slope[j]
