"""What has to hold on a CUDA device too."""

import copy

import numpy as np
import pytest
import torch

from rlnas.agents import DevicePPO, PPOConfig, PPOController
from rlnas.agents.engine.episodes import TableStreams
from rlnas.agents.engine.learner import StackedPPO
from rlnas.envs import ConstructionConfig, ImprovementConfig, TableScorer, make_core
from rlnas.envs.sb3 import BatchedVecEnv
from rlnas.envs.tensor import TaskTables, make_tensor_environment

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no CUDA device"),
]
KINDS = ("mlp", "transformer")


@pytest.fixture
def drawn_on_the_cpu(monkeypatch):
    """Let learners draw the same numbers on every device: generators of two kinds differ."""
    twins = {}

    def twin(generator):
        seed = generator.initial_seed()
        return twins.setdefault(id(generator), (torch.Generator().manual_seed(seed), generator))[0]

    def draw(self, sampler, *args):
        rows = [sampler(*args, generator=twin(g)) for g in self.generators]
        return torch.stack(rows).to(self.device)

    def draw_starts(self, steps):
        size, n = self.environment.tables.space.size, self.shape[1]
        rows = [torch.randint(size, (steps, n), generator=twin(g)) for g in self._generators]
        return torch.stack(rows).to(self.device)

    monkeypatch.setattr(StackedPPO, "_draw", draw)
    monkeypatch.setattr(TableStreams, "_draw", draw_starts)


@pytest.mark.parametrize(
    "config",
    [
        ImprovementConfig(),
        ImprovementConfig(allow_stop=True, backtrack=None, exponent=0.478, reward="improvement"),
        ConstructionConfig(),
        ConstructionConfig(illegal="penalise"),
    ],
    ids=str,
)
def test_environments_agree_with_the_cpu(config, suite):
    """The CPU's agree with the NumPy cores; see tests/envs."""
    tasks, rows = [suite["synthetic-0"], suite["synthetic-1"]], 24
    torch.manual_seed(0)
    starts = torch.randint(suite.space.size, (61, rows))
    environments, states, observed = [], [], []
    for device in ("cpu", "cuda"):
        environment = make_tensor_environment(TaskTables(tasks, "log-rank", device), config)
        environments.append(environment)
        numbers = torch.arange(rows, device=device) % 2
        states.append(environment.reset(numbers, starts[60].to(device)))
        observed.append(torch.empty(rows, environment.layout.size, device=device))
    for step in range(60):
        for environment, state, out in zip(environments, states, observed, strict=True):
            environment.observe(state, out)
        torch.testing.assert_close(observed[1].cpu(), observed[0], rtol=0, atol=1e-6)
        actions = torch.randint(environments[0].layout.actions, (rows,))
        results = []
        for i, environment in enumerate(environments):
            device = environment.tables.device
            state, rewards, ended = environment.step(states[i], actions.to(device))
            states[i] = environment.restart(state, ended, starts[step].to(device))
            results.append((rewards.cpu(), ended.cpu()))
        torch.testing.assert_close(results[1][0], results[0][0], rtol=1e-5, atol=1e-6)
        assert torch.equal(results[1][1], results[0][1])


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_the_first_rollout_and_update_are_the_cpus(
    kind, count, drawn_on_the_cpu, make_networks, make_trainer
):
    trainers = [make_trainer(make_networks(count, kind), device=d) for d in ("cpu", "cuda")]
    one, other = (t.learner.collect() for t in trainers)
    actions = one.rollout.actions, other.rollout.actions.cpu()
    # Of numbers that fall between two actions next to exactly, one in many may be rounded apart;
    # from there on that episode goes another way.
    same = (actions[0] == actions[1]).cummin(dim=1).values
    assert same.float().mean() > 0.95
    assert same[:, 0].float().mean() > 0.99
    for name in ("log_probabilities", "values", "rewards"):
        pair = (getattr(c.rollout, name).cpu()[same] for c in (one, other))
        torch.testing.assert_close(*pair, rtol=1e-3, atol=1e-4)
    before = trainers[0].learner.stack.parameters.clone()
    for trainer, collected in zip(trainers, (one, other), strict=True):
        trainer.learner.update(collected)
    after, on_gpu = (t.learner.stack.parameters.cpu() for t in trainers)
    apart, moved = (after - on_gpu).abs().mean(), (after - before).abs().mean()
    assert apart < 0.1 * moved


@pytest.mark.parametrize("kind", KINDS)
def test_two_halves_make_a_whole(kind, suite, small, tmp_path):
    task, options = suite["synthetic-0"], {"config": small[kind], "device": "cuda"}
    whole = PPOController.train(task, 1280, 3, **options)
    half = PPOController.train(task, 640, 3, **options)
    half = PPOController.load(half.save(tmp_path / "half"))
    half.continue_training(task, 1280, device="cuda")
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, half.network.state_dict()[name]), name
    for name, value in whole._training_state[0].items():
        other = half._training_state[0][name]
        torch.testing.assert_close(value, other, rtol=0, atol=0, equal_nan=True)


@pytest.fixture
def no_waiting():
    """Return a context in which waiting for the device is an error."""

    class Watch:
        def __enter__(self):
            torch.cuda.synchronize()
            torch.cuda.set_sync_debug_mode("error")

        def __exit__(self, *error):
            torch.cuda.set_sync_debug_mode("default")

    return Watch()


def test_the_watch_sees_a_wait(no_waiting):
    number = torch.ones((), device="cuda")
    with pytest.raises(RuntimeError, match="synchroniz"), no_waiting:
        float(number)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_waits_for_the_device(kind, count, no_waiting, make_networks, make_trainer):
    learner = make_trainer(make_networks(count, kind), device="cuda").learner
    learner.update(learner.collect(5))  # kernels are loaded and moments made
    with no_waiting:
        collected = learner.collect(5)
        assert collected.finished == ()
        learner.update(collected)


def test_many_controllers_come_back_to_the_cpu(suite, small):
    many = PPOController.train_many(
        [suite["synthetic-0"]], 640, [0, 1], config=small["mlp"], device="cuda"
    )
    for controller in many:
        assert {p.device.type for p in controller.network.parameters()} == {"cpu"}
        tensors, _ = controller._training_state
        assert {tensor.device.type for tensor in tensors.values()} == {"cpu"}
        controller.continue_training(suite["synthetic-0"], 960, device="cuda")
        assert controller.steps == 960
        assert len(controller.search(suite["synthetic-1"], 10, seed=0).records) == 10


def test_a_model_learns_and_predicts(suite, tmp_path):
    config = ImprovementConfig()
    env = BatchedVecEnv(make_core(TableScorer(suite["synthetic-0"], config.normaliser), config), 16)
    options = {"n_steps": 20, "batch_size": 160, "device": "cuda", "seed": 0}
    whole = DevicePPO("MlpPolicy", env, **options).learn(1280)
    half = DevicePPO("MlpPolicy", env, **options).learn(640)
    half.learn(640, reset_num_timesteps=False)
    for one, other in zip(whole.policy.parameters(), half.policy.parameters(), strict=True):
        assert one.device.type == "cuda"
        assert torch.equal(one, other)
    whole.save(tmp_path / "model")
    loaded = DevicePPO.load(tmp_path / "model", device="cpu")
    obs = env.reset()
    actions = [m.predict(obs, deterministic=True)[0] for m in (whole, loaded)]
    assert np.mean(actions[0] == actions[1]) > 0.9


def test_learning_on_the_gpu_is_as_good(make_networks, make_trainer):
    config = PPOConfig(num_envs=64, n_steps=20, batch_size=320, n_epochs=2)
    networks = make_networks(8)
    returns = []
    for device in ("cpu", "cuda"):
        trainer = make_trainer(copy.deepcopy(networks), config, device=device)
        trainer.learn(14_080)
        (done,) = trainer.learner.collect().finished
        returns.append(done.returns.mean(1).cpu())
    noise = torch.stack(returns).var(1).sum().div(8).sqrt()
    assert (returns[0].mean() - returns[1].mean()).abs() < 3 * noise
