"""Work counted from shapes, against what PyTorch counts."""

import pytest
from torch.utils.flop_counter import FlopCounterMode

from rlnas.agents import ControllerConfig, PolicyConfig, PPOConfig
from rlnas.bench.measures.learners import device_trainer
from rlnas.bench.measures.roofline import _parts
from rlnas.bench.measures.work import count_work

PARTS = ["step", "observe", "forward", "update", "all"]


@pytest.mark.parametrize("part", ["forward", "update"])
def test_products_are_those_that_pytorch_counts(task, part):
    config = ControllerConfig(
        network=PolicyConfig(width=64), ppo=PPOConfig(num_envs=64, n_steps=10, batch_size=320)
    )
    trainer = device_trainer(task, config, 2)
    environment = trainer.streams.environment
    job = _parts(trainer)[part]
    with FlopCounterMode(display=False) as counter:
        job()
    products = counter.get_total_flops() / (2 * 64 * 10)
    counted = count_work(config, environment.tables, environment.layout)[part].flops
    # What is no product comes on top, and is little at this width.
    assert products < counted < 1.08 * products


def test_parts_add_up_and_grow_as_they_must(task):
    def work(config):
        environment = device_trainer(task, config, 1).streams.environment
        return count_work(config, environment.tables, environment.layout)

    plain = work(ControllerConfig())
    assert list(plain) == PARTS
    assert plain["all"].bytes == pytest.approx(sum(plain[p].bytes for p in PARTS[:-1]))
    twice = work(ControllerConfig(ppo=PPOConfig(n_epochs=2)))
    assert twice["update"].flops == pytest.approx(2 * plain["update"].flops, rel=0.01)
    assert twice["forward"] == plain["forward"]
    wide = work(ControllerConfig(network=PolicyConfig(width=64)))
    assert 2 < wide["forward"].flops / plain["forward"].flops < 4
    assert wide["step"] == plain["step"]
