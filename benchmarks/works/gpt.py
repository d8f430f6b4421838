"""The one-layer GPT of lesson 10 on first names: 16 dimensions, 4 heads of 4, 16 places, 4,192 parameters.

A row has 17 tokens, of which each but the first is to be told from those before it, and a mask of 16, which says which
of them count. The loss is the mean cross-entropy of those that do. The lesson explains every line; here is a copy.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from autograd import functional

from ..work import Work, split

TOKENS, WIDTH, HEADS, CONTEXT = 27, 16, 4, 16
SIZE = WIDTH // HEADS
SHAPES = [
    *[(TOKENS, WIDTH), (CONTEXT, WIDTH)],
    *[(WIDTH, WIDTH)] * 4,
    *[(4 * WIDTH, WIDTH), (WIDTH, 4 * WIDTH), (TOKENS, WIDTH)],
]
NAMES = Path(__file__).parents[2] / "notebooks" / "data" / "first-names.txt"


def of_names(names: Sequence[str] = (), places: int = CONTEXT) -> Work:
    """Names, padded to so many places; 32 of the lesson's if none are given."""
    names = names or NAMES.read_text(encoding="utf-8").split()[::160][:32]
    return _work(f"{len(names)} names", [_row(name, places) for name in names], fixed=False)


def of_one_name() -> Work:
    """One name of its own length, for which a program of its own is compiled."""
    return _work("one name of 7 letters", [_row("camille", 8)], fixed=True)


def _work(of: str, rows: list[list[int]], fixed: bool) -> Work:
    theta = np.random.default_rng(0).normal(0, 0.2, 4192)
    title = f"GPT, one layer, {of}"
    return Work(title, SHAPES, theta, np.array(rows, dtype=float), record, by_hand, loss, fixed=fixed)


def _row(name: str, places: int) -> list[int]:
    tokens = ["abcdefghijklmnopqrstuvwxyz.".index(letter) for letter in f".{name}."]
    empty = places + 1 - len(tokens)
    return tokens + [26] * empty + [1] * (len(tokens) - 1) + [0] * empty


def record(row, token_table, position_table, query, key, value, join, wide, narrow, out):
    def linear(rows, x):
        return [functional.dot(weights, x) for weights in rows]

    def normalized(x):
        size = (functional.mean(number * number for number in x) + 1e-5).sqrt()
        return [number / size for number in x]

    def plus(xs, ys):
        return [x + y for x, y in zip(xs, ys, strict=True)]

    places = len(row) // 2
    tokens, mask = row[: places + 1], row[places + 1 :]
    keys, says, losses = [], [], []
    for place in range(places):
        x = normalized(plus(functional.select(token_table, tokens[place]), position_table[place]))
        seen = normalized(x)
        asked = linear(query, seen)
        keys.append(linear(key, seen))
        says.append(linear(value, seen))
        answer = []
        for head in range(HEADS):
            part = slice(SIZE * head, SIZE * (head + 1))
            weights = functional.softmax([functional.dot(asked[part], k[part]) / SIZE**0.5 for k in keys])
            answer += [functional.dot(weights, column) for column in zip(*(said[part] for said in says), strict=True)]
        x = plus(x, linear(join, answer))
        hidden = [number.relu() for number in linear(wide, normalized(x))]
        x = plus(x, linear(narrow, hidden))
        losses.append(-functional.select(functional.log_softmax(linear(out, x)), tokens[place + 1]))
    return functional.dot(losses, mask) / functional.sum(mask)


def by_hand(theta, batch):
    token_table, position_table, *matrices = split(theta, SHAPES)
    (wq, wk, wv, join), (wide, narrow, out) = matrices[:4], matrices[4:]
    grad = np.empty_like(theta)
    dtoken_table, dposition_table, dwq, dwk, dwv, djoin, dwide, dnarrow, dout = split(grad, SHAPES)
    n, places = len(batch), batch.shape[1] // 2
    tokens, mask = batch[:, : places + 1].astype(int), batch[:, places + 1 :]
    future = np.triu(np.full((places, places), -np.inf), 1)
    all_tokens, every = np.arange(TOKENS), np.arange(n * places)

    def heads(flat):
        return flat.reshape(n, places, HEADS, SIZE).transpose(0, 2, 1, 3)

    def flat(split):
        return split.transpose(0, 2, 1, 3).reshape(-1, WIDTH)

    def normalized(x):
        scale = ((x * x).sum(axis=1, keepdims=True) / WIDTH + 1e-5) ** -0.5
        return x * scale, scale

    def normalized_back(d, y, scale):
        return scale * (d - y * ((d * y).sum(axis=1, keepdims=True) / WIDTH))

    def run():
        seen, wanted = tokens[:, :-1].ravel(), tokens[:, 1:].ravel()
        embedded = (token_table[seen].reshape(n, places, WIDTH) + position_table[:places]).reshape(-1, WIDTH)
        x, scale_x = normalized(embedded)
        y, scale_y = normalized(x)
        q, k, v = heads(y @ wq.T), heads(y @ wk.T), heads(y @ wv.T)
        scores = q @ k.swapaxes(2, 3)
        scores *= SIZE**-0.5
        scores += future
        scores -= scores.max(axis=3, keepdims=True)
        weights = np.exp(scores, out=scores)
        weights /= weights.sum(axis=3, keepdims=True)
        mixed = flat(weights @ v)
        x2 = x + mixed @ join.T
        y2, scale_2 = normalized(x2)
        hidden = y2 @ wide.T
        np.maximum(hidden, 0.0, out=hidden)
        x3 = x2 + hidden @ narrow.T
        logits = x3 @ out.T
        logits -= logits.max(axis=1, keepdims=True)
        e = np.exp(logits)
        total = e.sum(axis=1)
        counts = (mask / (n * mask.sum(axis=1, keepdims=True))).ravel()
        loss = counts @ (np.log(total) - logits[every, wanted])

        d = e * (counts / total)[:, None]
        d[every, wanted] -= counts
        dout[:] = d.T @ x3
        dx = d @ out
        dnarrow[:] = dx.T @ hidden
        dhidden = dx @ narrow
        dhidden *= hidden > 0
        dwide[:] = dhidden.T @ y2
        dx += normalized_back(dhidden @ wide, y2, scale_2)
        djoin[:] = dx.T @ mixed
        dmixed = heads(dx @ join)
        dv = flat(weights.swapaxes(2, 3) @ dmixed)
        dweights = dmixed @ v.swapaxes(2, 3)
        dscores = weights * (dweights - (dweights * weights).sum(axis=3, keepdims=True))
        dscores *= SIZE**-0.5
        dq, dk = flat(dscores @ k), flat(dscores.swapaxes(2, 3) @ q)
        dwq[:], dwk[:], dwv[:] = dq.T @ y, dk.T @ y, dv.T @ y
        dx += normalized_back(dq @ wq + dk @ wk + dv @ wv, y, scale_y)
        dx = normalized_back(dx, x, scale_x)
        dtoken_table[:] = (all_tokens[:, None] == seen).astype(float) @ dx
        dposition_table[:places] = dx.reshape(n, places, WIDTH).sum(axis=0)
        dposition_table[places:] = 0.0
        return loss, grad

    return run


def loss(m, batch, token_table, position_table, query, key, value, join, wide, narrow, out):
    def normalized(x):
        return x * ((x * x).mean(-1, keepdims=True) + 1e-5) ** -0.5

    places = batch.shape[1] // 2
    tokens, mask = m.integers(batch[:, : places + 1]), batch[:, places + 1 :]
    x = normalized(token_table[tokens[:, :-1]] + position_table[:places])
    y = normalized(x)
    q, k, v = ((y @ w.T).reshape(-1, places, HEADS, SIZE).swapaxes(1, 2) for w in (query, key, value))
    x = x + m.causal_attention(q, k, v).swapaxes(1, 2).reshape(-1, places, WIDTH) @ join.T
    x = x + m.relu(normalized(x) @ wide.T) @ narrow.T
    chances = m.picked(m.log_softmax(x @ out.T), tokens[:, 1:])
    return -(chances * mask).sum(1) / mask.sum(1)
