"""Many trainings of one small network at once, each with its own data, weights and schedule.

What `rlnas.training.train_network` does with such a network, for K of them in the same tensors:
where a network has 3,000 weights, a step of a hundred costs little more than a step of one.
``python stack.py`` trains some both ways and prints how far apart they end.
"""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch.nn import functional

from rlnas.datasets.task_data import TaskData
from rlnas.networks.initialisation import initialise
from rlnas.networks.parts import network_parts
from rlnas.seeding import derive_seed, torch_generator
from rlnas.training.regularisation.schedule import Schedule

SHRUNK = ("l1", "l2", "group")


@dataclass(frozen=True, eq=False)
class Job:
    """One training: on which data, from which seed, by which schedule."""

    data: TaskData
    seed: int
    schedule: object = None
    rows: object = field(default=None, repr=False)  # drawn training rows, None for all in order


def train_together(jobs, build, recipe):
    """Return the trained networks of jobs whose data have equal numbers of rows.

    Args:
        jobs: The trainings.
        build: Makes a network of three layers with ReLU and a head from data and a seed.
        recipe: As of `train_network`, but for the regularisation, which is a job's own; AdamW
            without weight decay.
    """
    networks = [build(job.data, job.seed) for job in jobs]
    stack = _Stack(networks, jobs, recipe)
    stack.train()
    stack.put_into(networks)
    return networks


class _Stack:
    def __init__(self, networks, jobs, recipe):
        self.jobs, self.recipe = jobs, recipe
        self.parts = list(network_parts(networks[0]))
        self.classes = len(jobs[0].data.spec.classes)
        self.features = [job.data.spec.features for job in jobs]
        self._inputs(jobs)
        width = max(self.features)
        self.weights, self.biases = [], []
        for layer in range(len(self.parts)):
            own = [network_parts(network)[self.parts[layer]].layers[0] for network in networks]
            pad = width if layer == 0 else own[0].weight.shape[1]
            weights = [functional.pad(o.weight.detach(), (0, pad - o.weight.shape[1])) for o in own]
            self.weights.append(torch.stack(weights).requires_grad_())
            self.biases.append(torch.stack([o.bias.detach() for o in own]).requires_grad_())
        self.steps = recipe.epochs * self.per_epoch
        self._schedules(jobs)

    def _inputs(self, jobs):
        """Lay the training rows of all data together, ``(D, N, F)``, features filled with 0."""
        data = list({id(job.data): job.data for job in jobs}.values())
        place = {id(each): d for d, each in enumerate(data)}
        self.which = torch.tensor([place[id(job.data)] for job in jobs])
        width = max(each.spec.features for each in data)
        inputs = [each.train.inputs for each in data]
        inputs = [functional.pad(each, (0, width - each.shape[1])) for each in inputs]
        self.inputs = torch.stack(inputs)
        self.targets = torch.stack([each.train.targets for each in data])
        self.per_epoch = max(self.inputs.shape[1] // self.recipe.batch_size, 1)

    def _schedules(self, jobs):
        """Lay the strengths of all steps together."""
        steps, count, parts = self.steps, len(jobs), self.parts
        self.shrink = {what: torch.zeros(steps, count, len(parts)) for what in SHRUNK}
        self.frozen = torch.zeros(steps, count, len(parts), dtype=torch.bool)
        self.prediction = torch.ones(steps, count)
        self.reconstruction = torch.zeros(steps, count)
        for k, job in enumerate(jobs):
            if job.schedule is None:
                continue
            schedule: Schedule = job.schedule.on(parts)
            table = torch.from_numpy(schedule.table(steps)).float()
            for (what, part), column in zip(schedule.keys, table.unbind(1), strict=True):
                if what in SHRUNK:
                    self.shrink[what][:, k, parts.index(part)] = column
                elif what == "freeze":
                    self.frozen[:, k, parts.index(part)] = column > 0
                elif what == "prediction":
                    self.prediction[:, k] = column
                elif what == "reconstruction" and part == parts[0]:
                    self.reconstruction[:, k] = column
                else:
                    raise ValueError(f"no {what} of {part} here")
        for values in self.shrink.values():
            values[self.frozen] = 0.0
        self.decoded = torch.nonzero(self.reconstruction.any(dim=0))[:, 0]
        self.decoder = self._decoders() if len(self.decoded) else []
        width = self.inputs.shape[2]
        own = torch.tensor([self.features[k] for k in self.decoded.tolist()])
        self.real = (torch.arange(width) < own[:, None]).float() / own[:, None].clamp_min(1)

    def _decoders(self):
        """Return first weights and biases of the layers that make the inputs again."""
        width, weights, biases = self.inputs.shape[2], [], []
        for k in self.decoded.tolist():
            with torch.device("meta"):
                shape = (self.weights[0].shape[1], self.features[k])
                layers = torch.nn.ModuleDict({self.parts[0]: torch.nn.Linear(*shape)})
            seed = derive_seed(self.jobs[k].seed, "training", "regularisation")
            layers = layers.to_empty(device="cpu")
            initialise(layers, seed, "training", "decoder", kaiming=False)
            made = layers[self.parts[0]]
            weights.append(functional.pad(made.weight.detach(), (0, 0, 0, width - shape[1])))
            biases.append(functional.pad(made.bias.detach(), (0, width - shape[1])))
        return [torch.stack(weights).requires_grad_(), torch.stack(biases).requires_grad_()]

    def _orders(self, epoch):
        """Return the order of the rows of an epoch, ``(K, N)``; see `SharedBatches.epoch`."""
        size, found = self.inputs.shape[1], {}
        for job in self.jobs:
            key = (job.seed, id(job.rows))
            if key not in found:
                stream = torch_generator(job.seed, "training", "pass", epoch - 1)
                order = torch.randperm(size, generator=stream)
                found[key] = order if job.rows is None else job.rows[order]
        return torch.stack([found[job.seed, id(job.rows)] for job in self.jobs])

    def forward(self, x):
        values = []
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.baddbmm(bias[:, None], x, weight.transpose(1, 2))
            x = x if layer == len(self.parts) - 1 else x.relu()
            values.append(x)
        return values

    def losses(self, outputs, targets):
        """Return the mean loss of each, ``(K,)``."""
        if self.classes:
            each = functional.cross_entropy(
                outputs.flatten(0, 1), targets.flatten(), reduction="none"
            )
            return each.view(len(outputs), -1).mean(1)
        return (outputs - targets).square().flatten(1).mean(1)

    def train(self):
        body = [p for pair in zip(self.weights, self.biases, strict=True) for p in pair]
        adam, decoder_adam = _Adam(body, self.recipe), _Adam(self.decoder, self.recipe)
        size, batch, step = self.inputs.shape[1], self.recipe.batch_size, 0
        for epoch in range(1, self.recipe.epochs + 1):
            orders = self._orders(epoch)
            for begin in range(0, self.per_epoch * batch, batch):
                rows = orders[:, begin : min(begin + batch, size)]
                x = self.inputs[self.which[:, None], rows]
                values = self.forward(x)
                loss = self.losses(values[-1], self.targets[self.which[:, None], rows])
                total = (loss * self.prediction[step]).sum()
                shares = self.reconstruction[step][self.decoded]
                if shares.any():
                    total = total + (shares * self._rebuilt(values[0], x)).sum()
                params = [*body, *(self.decoder if shares.any() else ())]
                grads = torch.autograd.grad(total, params, materialize_grads=True)
                rate = self.recipe.rate(step, self.steps)
                moves = ~self.frozen[step]
                with torch.no_grad():
                    both = moves.repeat_interleave(2, dim=1).unbind(1)
                    adam.step(grads[: len(body)], rate, both)
                    self._shrink(step, rate)
                    if shares.any():
                        decoder_adam.step(grads[len(body) :], rate, [shares > 0] * 2)
                step += 1

    def _rebuilt(self, values, x):
        weight, bias = self.decoder
        made = torch.baddbmm(bias[:, None], values[self.decoded], weight.transpose(1, 2))
        errors = (made - x[self.decoded]).square() * self.real[:, None]
        return errors.sum(2).mean(1)

    def _shrink(self, step, rate):
        for what, table in self.shrink.items():
            for part, weight in enumerate(self.weights):
                some = torch.nonzero(table[step, :, part])[:, 0]
                if not len(some):
                    continue
                size = rate * table[step, some, part][:, None, None]
                own = weight.detach()[some]
                if what == "l1":
                    own = own.sign() * (own.abs() - size).clamp_min(0)
                elif what == "l2":
                    own = own / (1 + size)
                else:
                    # What a layer makes; of the head what it reads.
                    head = part == len(self.parts) - 1
                    norms = own.square().sum(1 if head else 2, keepdim=True).sqrt()
                    count = torch.full((len(some), 1, 1), float(own.shape[1 if head else 2]))
                    if part == 0:
                        real = [float(self.features[k]) for k in some.tolist()]
                        count = torch.tensor(real)[:, None, None]
                    own = own * (1 - size * count.sqrt() / norms.clamp_min(1e-30)).clamp_min(0)
                weight.detach()[some] = own

    @torch.no_grad()
    def put_into(self, networks):
        for k, network in enumerate(networks):
            for layer, part in enumerate(network_parts(network).values()):
                own = part.layers[0]
                own.weight.copy_(self.weights[layer][k, :, : own.weight.shape[1]])
                own.bias.copy_(self.biases[layer][k])
            network.eval()


class _Adam:
    """Adam of K networks in the same tensors, some of which a step leaves alone."""

    def __init__(self, parameters, recipe):
        self.parameters = parameters
        self.betas = recipe.betas
        self.first = [torch.zeros_like(p) for p in parameters]
        self.second = [torch.zeros_like(p) for p in parameters]
        self.taken = [torch.zeros(len(p)) for p in parameters]

    def step(self, grads, rate, moves):
        one, two = self.betas
        own = (self.parameters, grads, self.first, self.second, self.taken, moves)
        for p, grad, first, second, taken, moving in zip(*own, strict=True):
            shape = (-1, *[1] * (p.ndim - 1))
            taken.add_(moving)
            if moving.all():
                first.lerp_(grad, 1 - one)
                second.mul_(two).addcmul_(grad, grad, value=1 - two)
            else:
                move = moving.view(shape)
                first.copy_(torch.where(move, first.lerp(grad, 1 - one), first))
                second.copy_(torch.where(move, second * two + (1 - two) * grad * grad, second))
            count = taken.clamp_min(1)
            size = (rate * moving / (1 - one**count)).view(shape)
            root = (1 - two**count).sqrt().view(shape)
            p.detach().sub_(size * first / (second.sqrt() / root + 1e-8))


def main():
    import compare

    torch.set_num_threads(1)
    for table, share in (("wine", 0.1), ("digits-table", 0.1), ("collinear", 1.0)):
        benches = [compare.Bench(compare.load(table, share, seed), seed) for seed in (0, 1)]
        schedules = [
            None,
            *(compare.ExpertSchedule(name) for name in compare.expert_names()),
            *map(partial(compare.fixed, "group"), (0.1, 1.0)),
            compare.fixed("l1", 0.03),
        ]
        pairs = [(bench, schedule) for bench in benches for schedule in schedules]
        ours = compare.train_pairs(pairs)
        alone = [compare.train_alone(*pair) for pair in pairs]
        losses = np.array([[o.loss, a.loss] for o, a in zip(ours, alone, strict=True)])
        apart = np.abs(np.log(losses[:, 0] / losses[:, 1]))
        told = " ".join(f"{value:.4f}" for value in losses[:, 0])
        print(f"{table} {share:.0%}: {told}; apart by {apart.max():.2%} at most", flush=True)


if __name__ == "__main__":
    main()
