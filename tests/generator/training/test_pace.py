"""The choice of number format and threads follows what was timed, and leaves no trace."""

import os

import torch

from generator.training.pace import Pace, fastest, thread_counts


def test_the_fastest_way_is_chosen() -> None:
    slow_bf16 = {(True, 1): 4.0, (True, 2): 3.0, (False, 1): 2.0, (False, 2): 1.0}
    assert fastest([2, 1], lambda pace: slow_bf16[pace.bf16, pace.threads]) == Pace(bf16=False, threads=2)
    crowded = {(True, 1): 1.0, (True, 2): 3.0, (False, 1): 2.0, (False, 2): 4.0}
    assert fastest([2, 1], lambda pace: crowded[pace.bf16, pace.threads]) == Pace(bf16=True, threads=1)


def test_measuring_for_real_tries_every_way_and_leaves_the_threads_as_they_were() -> None:
    before = torch.get_num_threads()
    assert fastest([1]).threads == 1
    assert torch.get_num_threads() == before


def test_no_more_threads_than_cores_are_tried() -> None:
    assert max(thread_counts()) <= (os.cpu_count() or 1)
    assert min(thread_counts()) >= 1
