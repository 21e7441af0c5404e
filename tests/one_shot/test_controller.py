"""The controller against the published rules, written out."""

import dataclasses

import numpy as np

from rlnas.one_shot.controller import ControllerConfig, ShrinkingController


def published(config, deletions):
    """Follow the rules with plain variables; yield γ, μ, n_max, t, p and whether a stage ended."""
    gamma, mu, n_max, t, p = config.gamma, config.mu, config.rate, 0, 0.0
    for deleted in deletions:
        p = config.smoothing * p + (1 - config.smoothing) * deleted
        stage = False
        if p < n_max:
            if gamma < config.gamma_max:
                gamma *= config.grow
                t = 0
            else:
                gamma *= config.grow
                t += 1
                if t >= config.patience:
                    stage, t = True, 0
                    mu *= config.mu_grow
                    n_max *= config.rate_grow
        else:
            gamma *= config.shrink
            t = 0
        yield gamma, mu, n_max, t, p, stage


def test_it_follows_the_published_rules():
    config = ControllerConfig(gamma=0.05, gamma_max=0.06, patience=7, rate_grow=1.1)
    rng = np.random.default_rng(0)
    deletions = [int(d) for d in rng.random(3000) < 0.01]
    controller, stages = ShrinkingController.begin(config), 0
    for deleted, expected in zip(deletions, published(config, deletions), strict=True):
        controller, stage = controller.after(deleted)
        told = (controller.gamma, controller.mu, controller.rate, controller.quiet)
        assert (*told, controller.deletions, stage) == expected
        stages += stage
    assert stages > 3


def test_one_deletion_stops_the_growth_for_twenty_nine_steps():
    controller = ShrinkingController.begin(ControllerConfig())
    controller, _ = controller.after(1)
    falling = 1
    while (after := controller.after(0)[0]).gamma < controller.gamma:
        controller, falling = after, falling + 1
    assert falling == 29


def test_its_numbers_are_all_there_is_to_it():
    config = dataclasses.replace(ControllerConfig(), gamma=0.2, patience=3)
    controller = ShrinkingController.begin(config)
    for _ in range(2):
        controller, _ = controller.after(0)
    again = ShrinkingController.begin(config).restored(controller.values())
    assert again == controller
    assert again.after(0)[1]  # the stage comes where it would have come
