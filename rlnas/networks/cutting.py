"""Cut out of a dense network the units that do nothing, for good: a smaller one, equal outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from rlnas.errors import InvalidArgumentError
from rlnas.networks.dense import ACTIVATION_FUNCTIONS, DenseNetwork, DenseStep, Moves, skip_name
from rlnas.spaces import DenseSpace


@dataclass
class _Units:
    """What is known of the units of one value.

    Attributes:
        constant: Which give the same for every row.
        value: What these give; whatever else elsewhere.
        used: Which anything behind them depends on.
    """

    constant: Tensor
    value: Tensor
    used: Tensor

    @property
    def kept(self) -> Tensor:
        """Which are in the smaller network."""
        return self.used & ~self.constant


@torch.no_grad()
def cut_network(network: DenseNetwork) -> DenseNetwork:
    """Return the network without the units that are constant, or that nothing depends on.

    A unit is constant whose weights are all 0 but for those of constant units; what it gave goes
    into the biases behind it. A unit is unused whose weights onward are all 0. The outputs are the
    same up to rounding. At least one unit of each layer stays.

    Args:
        network: The network; it is left as it is.

    Returns:
        A new network on the same device, in the same mode.
    """
    units = _constants(network)
    _find_used(network, units)
    for step in network.steps:
        own = units[step.value]
        if not own.kept.any():
            # A layer of no units is none; so the first stays, and counts as if it changed.
            own.constant[0], own.used[0] = False, True
    steps = [_cut_step(step, units) for step in network.steps]
    space = network.space
    if not isinstance(space, DenseSpace):
        raise InvalidArgumentError(
            f"A network of {space.name} cannot be cut; expected a dense one."
        )
    with torch.device("meta"):
        small = DenseNetwork(space, space.parse(network.architecture), network.spec, steps)
    small.to_empty(device=network.head.weight.device)
    for old, new in zip(network.steps, steps, strict=True):
        rows = units[old.value].kept
        shift = torch.zeros(len(rows), device=rows.device)
        if old.shifted:
            shift += network.get_parameter(f"shift_{old.value}")
        if old.dense:
            layer, cut = (
                _linear(network, f"dense_{old.value}"),
                _linear(small, f"dense_{old.value}"),
            )
            _narrow(layer, cut, rows, units[old.source])
        else:
            shift += _told(units[old.source], old.moves, len(rows))
        for place, skip in enumerate(old.skips):
            source = units[skip.value]
            if skip.projected:
                name = skip_name(old, place)
                layer = _linear(network, name)
                _narrow(layer, _linear(small, name), rows, source)
                shift += layer.weight[:, source.constant] @ source.value[source.constant]
            else:
                shift += _told(source, skip.moves, len(rows))
        if new.shifted:
            small.get_parameter(f"shift_{old.value}").copy_(shift[rows])
    last = units[network.steps[-1].value if network.steps else 0]
    everything = torch.ones(network.spec.outputs, dtype=torch.bool, device=last.constant.device)
    _narrow(network.head, small.head, everything, last)
    return small.train(network.training)


@torch.no_grad()
def mask_units(network: DenseNetwork, masks: Mapping[str, Tensor]) -> None:
    """Take units out of a network's computation, in place: their weights become 0.

    Their biases stay, as in the genetic search of Potanin & Strijov (their `GeneticOpt.py`): what
    is left of a unit is a constant, which `cut_network` folds into the layer behind.

    Args:
        network: The network.
        masks: For a part ``layer-K`` which units are taken out, bool ``(width,)``.

    Raises:
        InvalidArgumentError: If the network has no such layer, or it has another width.
    """
    steps = {f"layer-{step.value}": step for step in network.steps}
    for name, mask in masks.items():
        step = steps.get(name)
        if step is None or tuple(mask.shape) != (step.width,):
            raise InvalidArgumentError(
                f"There is no layer {name!r} of {len(mask)} units; the network has "
                f"{', '.join(f'{n} of {s.width}' for n, s in steps.items()) or 'none'}."
            )
        for layer in network.layers_of(step):
            layer.weight[mask.to(layer.weight.device)] = 0


def _constants(network: DenseNetwork) -> dict[int, _Units]:
    """Return which units of each value are constant, and their values."""
    device = network.head.weight.device
    inputs = network.spec.features
    units = {0: _none_constant(inputs, device)}
    for step in network.steps:
        source = units[step.source]
        if step.dense:
            layer = _linear(network, f"dense_{step.value}")
            constant, value = _through(layer, source)
        else:
            constant, value = _brought(source, step.moves, step.width)
        if step.activation != "linear":
            value = ACTIVATION_FUNCTIONS[step.activation](value)
        for place, skip in enumerate(step.skips):
            added = units[skip.value]
            if skip.projected:
                more, by = _through(_linear(network, skip_name(step, place)), added)
            else:
                more, by = _brought(added, skip.moves, step.width)
            constant, value = constant & more, value + by
        if step.shifted:
            value = value + network.get_parameter(f"shift_{step.value}")
        if step.skips:
            value = value.relu()
        units[step.value] = _Units(constant, value, torch.zeros_like(constant))
    return units


def _none_constant(width: int, device: torch.device) -> _Units:
    none = torch.zeros(width, dtype=torch.bool, device=device)
    # All inputs stay: which columns a row has is not the network's choice.
    return _Units(none, torch.zeros(width, device=device), ~none)


def _through(layer: nn.Linear, source: _Units) -> tuple[Tensor, Tensor]:
    """Return which units of a layer are constant before the activation, and their values."""
    constant = (layer.weight[:, ~source.constant] == 0).all(dim=1)
    value = layer.weight[:, source.constant] @ source.value[source.constant]
    return constant, value if layer.bias is None else value + layer.bias


def _find_used(network: DenseNetwork, units: dict[int, _Units]) -> None:
    """Find which units anything depends on, from the head back."""
    last = units[network.steps[-1].value if network.steps else 0]
    last.used |= (network.head.weight != 0).any(dim=0)
    for step in reversed(network.steps):
        own = units[step.value]
        rows = own.kept
        if step.dense:
            weight = _linear(network, f"dense_{step.value}").weight
            units[step.source].used |= (weight[rows] != 0).any(dim=0)
        else:
            _use(units[step.source], rows, step.moves)
        for place, skip in enumerate(step.skips):
            if skip.projected:
                weight = _linear(network, skip_name(step, place)).weight
                units[skip.value].used |= (weight[rows] != 0).any(dim=0)
            else:
                _use(units[skip.value], rows, skip.moves)


def _pairs(moves: Moves | None, width: int) -> Tensor:
    """Return from where to where units go, ``(n, 2)``."""
    if moves is None:
        return torch.arange(width).repeat(2, 1).T
    return torch.tensor(moves, dtype=torch.int64).reshape(-1, 2)


def _brought(source: _Units, moves: Moves | None, width: int) -> tuple[Tensor, Tensor]:
    """Return which units are constant of those that a value brings elsewhere, and their values."""
    pairs = _pairs(moves, width).to(source.value.device)
    constant = torch.ones(width, dtype=torch.bool, device=source.value.device)
    value = torch.zeros(width, device=source.value.device)
    constant[pairs[:, 1]] = source.constant[pairs[:, 0]]
    value[pairs[:, 1]] = source.value[pairs[:, 0]]
    return constant, value


def _use(source: _Units, rows: Tensor, moves: Moves | None) -> None:
    """Note that some units of another value are made of a value's units."""
    pairs = _pairs(moves, len(rows)).to(rows.device)
    source.used[pairs[:, 0]] |= rows[pairs[:, 1]]


def _cut_step(step: DenseStep, units: dict[int, _Units]) -> DenseStep:
    own, source = units[step.value], units[step.source]
    skips = tuple(
        replace(
            skip,
            width=int(units[skip.value].kept.sum()),
            moves=None if skip.projected else _moves(units[skip.value], own, skip.moves),
        )
        for skip in step.skips
    )
    told = [units[skip.value] for skip in step.skips]
    told += [] if step.dense else [source]
    return replace(
        step,
        width_in=int(source.kept.sum()),
        width=int(own.kept.sum()),
        skips=skips,
        moves=None if step.dense else _moves(source, own, step.moves),
        # A skip without a bias, or an identity, cannot take over what constant units gave.
        shifted=step.shifted
        or any(bool((each.constant & (each.value != 0)).any()) for each in told),
    )


def _moves(source: _Units, target: _Units, moves: Moves | None) -> Moves | None:
    """Return which kept unit of one value goes to which of another."""
    if moves is None and bool((source.kept == target.kept).all()):
        return None
    before, after = source.kept.cumsum(0) - 1, target.kept.cumsum(0) - 1
    pairs = _pairs(moves, len(target.kept)).to(before.device)
    both = pairs[source.kept[pairs[:, 0]] & target.kept[pairs[:, 1]]]
    return tuple((int(before[one]), int(after[other])) for one, other in both.tolist())


def _told(source: _Units, moves: Moves | None, width: int) -> Tensor:
    """Return what constant units bring elsewhere, 0 where none does."""
    constant, value = _brought(source, moves, width)
    return torch.where(constant, value, 0.0)


def _narrow(layer: nn.Linear, cut: nn.Linear, rows: Tensor, source: _Units) -> None:
    """Give a narrower layer the weights of one, and in its bias what constant units gave."""
    cut.weight.copy_(layer.weight[rows][:, source.kept])
    if layer.bias is not None and cut.bias is not None:
        told = layer.weight[:, source.constant] @ source.value[source.constant]
        cut.bias.copy_((layer.bias + told)[rows])


def _linear(network: DenseNetwork, name: str) -> nn.Linear:
    layer = network.get_submodule(name)
    if not isinstance(layer, nn.Linear):
        raise TypeError(f"{name} is no linear layer")
    return layer
