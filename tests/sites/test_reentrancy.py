"""Reading a network from within, or from several threads at once, disturbs nobody."""

import threading

import pytest
import torch
from tests.sites.small_networks import LENGTH, TOKENS, Recurrent, Transformer
from torch import nn

from symbolscope.sites import Input, Output, RecurrentState

TEXT = torch.randint(TOKENS, (3, LENGTH), generator=torch.Generator().manual_seed(0))
WRITTEN = torch.randn(3, 5, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("site", [Output("blocks.1"), Input("blocks.1")])
def test_a_network_may_be_read_while_it_is_written_to(site):
    network, seen = Transformer(), []
    with torch.no_grad():
        natural, expected = site.read(network, TEXT, 2), site.run(network, TEXT, 2, WRITTEN)

    def look(module, args, output):
        if not seen:
            seen.append(None)
            with torch.no_grad():
                seen[0] = site.read(network, TEXT, 2)

    with torch.no_grad():
        handle = network.embedding.register_forward_hook(look)
        written = site.run(network, TEXT, 2, WRITTEN)
        handle.remove()
    assert torch.equal(written, expected)
    assert torch.equal(seen[0], natural)


def test_an_error_in_a_nested_pass_leaves_the_outer_one_alone():
    site, network, errors = RecurrentState(), Recurrent(nn.GRU(4, 5)), []
    expected = site.run(network, TEXT, 2, WRITTEN)

    def look(module, args, output):
        if not errors:
            errors.append(None)
            try:
                site.read(network, TEXT, LENGTH)
            except ValueError as error:
                errors[0] = error

    handle = network.embedding.register_forward_hook(look)
    written = site.run(network, TEXT, 2, WRITTEN)
    handle.remove()
    assert torch.equal(written, expected)
    assert "steps must be 0..6" in str(errors[0])


def test_threads_do_not_see_one_another():
    """One thread waits in the middle of a pass, its hooks in place, while another makes a pass of its own."""
    site, network = RecurrentState(), Recurrent(nn.GRU(4, 5))
    with torch.no_grad():
        expected, natural = site.run(network, TEXT, 2, WRITTEN), site.read(network, TEXT, 4)
    inside, done = threading.Event(), threading.Event()
    slow = threading.local()
    answers = []

    def wait(module, args, output):
        if getattr(slow, "yes", False):
            inside.set()
            assert done.wait(timeout=30)

    def work():
        slow.yes = True
        with torch.no_grad():
            answers.append(site.run(network, TEXT, 2, WRITTEN))

    handle = network.embedding.register_forward_hook(wait)
    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(timeout=30)
    with torch.no_grad():
        assert torch.equal(site.read(network, TEXT, 4), natural)
        assert torch.equal(site.run(network, TEXT, 2, WRITTEN), expected)
    done.set()
    thread.join()
    handle.remove()
    assert torch.equal(answers[0], expected)
