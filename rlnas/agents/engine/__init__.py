"""The device engine: PPO that stays on one device, for one controller or many at once.

`StackedPPO` is the algorithm, for K controllers in one program; `DeviceTrainer` trains controllers
on source tasks with it; `rlnas.agents.DevicePPO` is the same behind Stable-Baselines3's
interface.

The files in the order to read them; each needs only those before it:

1. ``episodes``: endless streams of episodes, where a learner's steps come from.
2. ``rollout``: the steps of many episodes as tensors, their advantages, and minibatches of them.
3. ``actions``: how likely each action is by the logits, and which one is drawn.
4. ``loss``: PPO's loss and its gradient with respect to logits and values.
5. ``hooks``: where a transfer method steps in, and how advantages are normalised.
6. ``network_stack``: K networks as one matrix of parameters; any network, by autograd.
7. ``perceptron_stack``: the same for perceptrons, with the derivative written out.
8. ``multitask_perceptron_stack``: the same for perceptrons with heads for several tasks.
9. ``stacks``: which of these is the fastest for given networks.
10. ``learning_rates``: learning rates by the name of a parameter, 0 for what is frozen.
11. ``optimizer``: Adam on the matrix, and a step of it: penalty, frozen parts, clipping.
12. ``learner``: PPO itself, which collects rollouts and learns from them.
13. ``monitor``: what is logged of a training.
14. ``trainer``: the learner on source tasks, with TensorBoard events and exact resuming.
"""

from rlnas.agents.engine.hooks import LearnerHooks, per_task
from rlnas.agents.engine.learner import StackedPPO
from rlnas.agents.engine.rollout import Minibatch
from rlnas.agents.engine.trainer import DeviceTrainer

__all__ = [
    "DeviceTrainer",
    "LearnerHooks",
    "Minibatch",
    "StackedPPO",
    "per_task",
]
