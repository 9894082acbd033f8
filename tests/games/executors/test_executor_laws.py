"""What holds for every executor."""

import numpy as np
import pytest
from tests.games.executors.instances import BATCH, GAMES, MASKS, chunks, function_game, whole

from symbolscope.games.executors import Local, Processes, Ray, score_chunk

EXECUTORS = {
    "local": Local,
    "processes": lambda: Processes(workers=2),
    "ray": lambda: Ray(workers=2),
}
ORDERS = [None, [7, 6, 5, 4, 3, 2, 1, 0], [3, 0, 7, 1, 6, 2, 5, 4]]


@pytest.fixture(params=EXECUTORS)
def executor(request):
    if request.param == "ray":
        request.getfixturevalue("cluster")
    return EXECUTORS[request.param]()


def test_values_are_bitwise_those_of_one_chunk(executor):
    for make in GAMES.values():
        source = make().source
        expected = score_chunk(source, MASKS, batch_size=BATCH)
        assert np.ptp(expected) > 0
        with executor.running(source, batch_size=BATCH) as score:
            for order in ORDERS:
                assert np.array_equal(whole(score(chunks(order=order))), expected)
            for length in (BATCH, 3 * BATCH, 16 * BATCH):
                assert np.array_equal(whole(score(chunks(length)), length), expected)
            assert list(score([])) == []


def test_chunks_are_drawn_only_as_there_is_room_also_after_an_iterator_was_left_early(executor):
    drawn = 0

    def watched():
        nonlocal drawn
        for chunk in chunks(BATCH):
            drawn += 1
            yield chunk

    source = function_game().source
    with executor.running(source, batch_size=BATCH) as score:
        for yielded, _ in enumerate(score(watched())):
            assert drawn - yielded <= 2 * executor.workers  # this one is not counted as yielded yet
        assert drawn == 16
        answers = score(chunks())
        next(answers)
        answers.close()
        assert np.array_equal(whole(score(chunks())), score_chunk(source, MASKS, batch_size=BATCH))


def test_an_error_of_the_game_names_its_chunk(executor):
    def fails(masks):
        if masks[:, 6].any():
            raise KeyError("no such player")
        return masks.sum(axis=1)

    kind = KeyError if isinstance(executor, Local) else ValueError
    with executor.running(function_game(fails).source, batch_size=BATCH) as score, pytest.raises(kind) as raised:
        list(score(chunks(order=[0, 1, 2])))
    text = "\n".join([str(raised.value), *raised.value.__notes__])
    assert "chunk 2 (masks 64..95, first 00000010)" in text
    assert "no such player" in text
    if not isinstance(executor, Local):
        assert "the game raised KeyError in a" in str(raised.value)
        assert "in fails" in text  # the worker's traceback


def test_a_refusal_keeps_its_words(executor):
    with (
        executor.running(function_game(lambda masks: masks[:, :2]).source, batch_size=BATCH) as score,
        pytest.raises(ValueError, match=r"^the function must return one value per mask: 16 masks"),
    ):
        list(score(chunks()))
