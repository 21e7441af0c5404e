"""Knowledge distillation: a network that also learns to give what a teacher gives."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from rlnas.datasets.spec import TaskSpec
from rlnas.errors import InvalidArgumentError
from rlnas.networks.initialisation import initialise
from rlnas.networks.network import SearchedNetwork
from rlnas.networks.super_network.network import SuperNetwork
from rlnas.training.losses import IGNORED

if TYPE_CHECKING:
    from typing_extensions import Self

DEPTHS = (1 / 3, 2 / 3, 1.0)
"""Where the authors of DNAD look at features: at the ends of three thirds of the cells."""

SHARES = (0.2, 0.3, 0.5)
"""How much each of the three counts, likewise; the module's default, which their script means."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Distillation:
    """What is learnt from a teacher, and how much it counts.

    The loss of a step is L + ``soft`` · L_soft + ``features`` · L_features.

    L_soft compares outputs. Of classes, puzzles and pixels with classes it is T²·KL(teacher ‖
    student) of the softmax at the temperature T (Hinton, Vinyals & Dean, arXiv 1503.02531, §2);
    pixels that no label counts are left out. Of vectors and images it is the mean squared error.

    L_features compares maps at several depths, as DNAD does (Rao, Zhao & Liu, arXiv 2504.20080, and
    the authors' code): the student's through a 1×1 convolution to the teacher's channels, both
    normalised by batch without a scale, mean squared error. Of maps of different sides the larger
    is averaged down to the smaller (ours).

    Attributes:
        teacher: A trained network with the inputs and outputs of the task. It is not changed.
        soft: Weight of L_soft, 0 or more; 0 leaves it out. DNAD has none.
        features: Weight of L_features, 0 or more; 0 leaves it out.
        temperature: T, above 0.
        teacher_layers: Names of the teacher's layers (see `torch.nn.Module.named_modules`) whose
            outputs, maps ``(B, C, H, W)``, are imitated. None: of a network of ours the cells at
            the ends of three thirds; of another it has to be said if ``features`` counts.
        student_layers: The layers that imitate them, one for each; None: as for the teacher.
        shares: How much each layer counts in L_features; None: 0.2, 0.3, 0.5 of three, else equal.

    Raises:
        InvalidArgumentError: If a number is outside its range, or nothing counts.
    """

    teacher: nn.Module
    soft: float = 1.0
    features: float = 1.0
    temperature: float = 4.0
    teacher_layers: tuple[str, ...] | None = None
    student_layers: tuple[str, ...] | None = None
    shares: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        for option in ("soft", "features"):
            if not 0 <= getattr(self, option) < float("inf"):
                raise InvalidArgumentError(
                    f"{option} is {getattr(self, option)}; expected 0 or more."
                )
        if not self.soft and not self.features:
            raise InvalidArgumentError("soft and features are both 0: nothing would be learnt.")
        if not 0 < self.temperature < float("inf"):
            raise InvalidArgumentError(f"temperature is {self.temperature}; expected more than 0.")
        for option in ("teacher_layers", "student_layers", "shares"):
            if (value := getattr(self, option)) is not None:
                object.__setattr__(self, option, tuple(value))

    def describe(self) -> dict[str, Any]:
        """Return what a training's result depends on, JSON-able: the teacher by its digest."""
        digest = hashlib.blake2b(digest_size=16)
        for name, tensor in self.teacher.state_dict().items():
            digest.update(name.encode() + b"\0")
            flat = tensor.detach().cpu().contiguous().flatten()
            digest.update(flat.view(torch.uint8).numpy().tobytes())
        return {
            "teacher": digest.hexdigest(),
            "soft": self.soft,
            "features": self.features,
            "temperature": self.temperature,
            "teacher_layers": self.teacher_layers,
            "student_layers": self.student_layers,
            "shares": self.shares,
        }


class Distiller(nn.Module):
    """The loss against a teacher, and the projections that learn with the student.

    Between `__enter__` and `__exit__` it listens to the student's layers; call `loss` after each of
    the student's forward passes.

    Args:
        options: What is learnt from whom.
        student: The network that learns, on its device.
        spec: The task.
        example: Inputs of a batch, by which shapes are checked.
        seed: Of the projections' first weights.

    Raises:
        InvalidArgumentError: If a layer is missing or gives no map, or the teacher's outputs have
            another shape than the task's.
    """

    def __init__(
        self,
        options: Distillation,
        student: nn.Module,
        spec: TaskSpec,
        example: Tensor,
        *,
        seed: int,
    ) -> None:
        super().__init__()
        self._options = options
        self._kind = spec.kind
        self._student: list[nn.Module] = [student]  # in a list, so that its weights are not ours
        self._teacher: list[nn.Module] = [options.teacher]
        names = ([], []) if not options.features else self._layers(options, student)
        self._names: tuple[Sequence[str], Sequence[str]] = names
        self._shares = options.shares or (
            SHARES if len(names[0]) == len(SHARES) else (1 / max(len(names[0]), 1),) * len(names[0])
        )
        if len(self._shares) != len(names[0]):
            raise InvalidArgumentError(
                f"shares are {len(self._shares)} for {len(names[0])} layers; give one for each."
            )
        self._heard: dict[str, Tensor] = {}
        self._hooks = ExitStack()
        self._sums: list[Tensor] = []
        taught, own = self._shapes(example, spec)
        # On the meta device no layer draws from the global generator.
        with torch.device("meta"):
            self._build(taught, own)
        self.to_empty(device="cpu")
        initialise(self, seed, "training", "distillation", kaiming=False)
        self.to(example.device)

    def _build(self, taught: dict[str, int], own: dict[str, int]) -> None:
        self.projections = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(own[s], taught[t], 1, bias=False), nn.BatchNorm2d(taught[t], affine=False)
            )
            for t, s in zip(*self._names, strict=True)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(taught[t], affine=False) for t in self._names[0])

    @staticmethod
    def _layers(options: Distillation, student: nn.Module) -> tuple[list[str], list[str]]:
        found = []
        for who, network, names in (
            ("teacher", options.teacher, options.teacher_layers),
            ("student", student, options.student_layers),
        ):
            own = default_layers(network) if names is None else list(names)
            if not own:
                raise InvalidArgumentError(
                    f"Which layers of the {who}, a {type(network).__name__}, are compared is not "
                    f"known; give {who}_layers, or features=0."
                )
            known = dict(network.named_modules())
            if missing := [name for name in own if name not in known]:
                raise InvalidArgumentError(
                    f"The {who} has no layer {missing[0]!r}; among its layers are "
                    f"{', '.join(list(known)[1:6])}."
                )
            found.append(own)
        if len(found[0]) != len(found[1]):
            raise InvalidArgumentError(
                f"{len(found[0])} layers of the teacher and {len(found[1])} of the student; give "
                "as many of both."
            )
        return found[0], found[1]

    @torch.no_grad()
    def _shapes(self, example: Tensor, spec: TaskSpec) -> tuple[dict[str, int], dict[str, int]]:
        """Return the channels of the compared maps, by the names of layers."""
        (student,), (teacher,) = self._student, self._teacher
        found = []
        outputs: list[tuple[int, ...]] = []
        for who, network, names in (
            ("teacher", teacher, self._names[0]),
            ("student", student, self._names[1]),
        ):
            modes = [(module, module.training) for module in network.modules()]
            origin = next((p.device for p in network.parameters()), example.device)
            try:
                with ExitStack() as stack:
                    heard = _listen(network, names, stack)
                    out = network.to(example.device).eval()(example)
            except (RuntimeError, TypeError, ValueError) as error:
                raise InvalidArgumentError(
                    f"The {who} cannot take inputs {tuple(example.shape[1:])} of the task "
                    f"{spec.name}: {str(error).splitlines()[0]}"
                ) from error
            finally:
                network.to(origin)
                for module, training in modes:
                    module.training = training
            outputs.append(tuple(out.shape))
            for name, value in heard.items():
                if not isinstance(value, Tensor) or value.ndim != 4:
                    raise InvalidArgumentError(
                        f"The layer {name!r} of the {who} gives no map (B, C, H, W); choose others."
                    )
            found.append({name: value.shape[1] for name, value in heard.items()})
        if outputs[0] != outputs[1]:
            raise InvalidArgumentError(
                f"The teacher gives {outputs[0][1:]} for an example of {spec.name}, the student "
                f"{outputs[1][1:]}; give a teacher of the same task."
            )
        return found[0], found[1]

    def __enter__(self) -> Self:
        """Begin to listen to the student; the teacher moves to its device."""
        (student,), (teacher,) = self._student, self._teacher
        device = next(student.parameters()).device
        self._origin = next((p.device for p in teacher.parameters()), device)
        self._modes = [(module, module.training) for module in teacher.modules()]
        teacher.to(device).eval()
        self._heard = _listen(student, self._names[1], self._hooks)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening, and give the teacher back as it was."""
        self._hooks.close()
        self._teacher[0].to(self._origin)
        for module, training in self._modes:
            module.training = training

    def loss(self, inputs: Tensor, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return what is added to a batch's loss, a scalar.

        Args:
            inputs: The batch.
            outputs: What the student gave for it, a moment ago.
            targets: Of the batch.
        """
        own = self._options
        with ExitStack() as stack:
            taught = _listen(self._teacher[0], self._names[0], stack)
            with torch.no_grad():
                wanted = self._teacher[0](inputs)
        total = outputs.new_zeros((), dtype=torch.float32)
        parts = [total, total]
        if own.soft:
            parts[0] = soft_loss(self._kind, outputs, wanted, targets, own.temperature)
            total = total + own.soft * parts[0]
        if own.features:
            for number, (t, s) in enumerate(zip(*self._names, strict=True)):
                parts[1] = parts[1] + self._shares[number] * self._difference(
                    number, self._heard[s], taught[t]
                )
            total = total + own.features * parts[1]
        self._sums.append(torch.stack([part.detach() for part in parts]))
        return total

    def _difference(self, number: int, own: Tensor, taught: Tensor) -> Tensor:
        side = min(own.shape[2], taught.shape[2]), min(own.shape[3], taught.shape[3])
        own, taught = (functional.adaptive_avg_pool2d(x.float(), side) for x in (own, taught))
        return functional.mse_loss(self.projections[number](own), self.norms[number](taught))

    def take_means(self) -> dict[str, float]:
        """Return the mean of both parts of the loss since the last call, before their weights."""
        soft, features = torch.stack(self._sums).mean(dim=0).tolist()
        self._sums.clear()
        return {"soft_loss": soft, "feature_loss": features}


def soft_loss(
    kind: str, outputs: Tensor, wanted: Tensor, targets: Tensor, temperature: float
) -> Tensor:
    """Return L_soft of a batch, a scalar; see `Distillation`.

    Args:
        kind: Kind of the task.
        outputs: The student's.
        wanted: The teacher's.
        targets: Of the batch; of pixels they say which ones count.
        temperature: T.
    """
    outputs, wanted = outputs.float(), wanted.float()
    if kind in ("vector", "image"):
        return functional.mse_loss(outputs, wanted)
    if kind == "pixels":
        counted = targets.flatten() != IGNORED
        outputs, wanted = (x.permute(0, 2, 3, 1).flatten(0, 2)[counted] for x in (outputs, wanted))
        if not len(outputs):
            return outputs.sum()
    own = functional.log_softmax(outputs / temperature, dim=1)
    taught = functional.log_softmax(wanted / temperature, dim=1)
    divergence = functional.kl_div(own, taught, reduction="batchmean", log_target=True)
    return temperature**2 * divergence


def default_layers(network: nn.Module) -> list[str]:
    """Return the blocks at the ends of three thirds of a network of ours; none of another's."""
    if not isinstance(network, SearchedNetwork | SuperNetwork):
        return []
    count = len(network.encoder.blocks)
    places = dict.fromkeys(max(round(depth * count) - 1, 0) for depth in DEPTHS)
    return [f"encoder.blocks.{place}" for place in places]


def _listen(network: nn.Module, names: Sequence[str], stack: ExitStack) -> dict[str, Tensor]:
    """Return where the outputs of layers are found after each forward pass."""
    heard: dict[str, Tensor] = {}

    def keep(name: str, _: nn.Module, __: Any, out: Tensor) -> None:
        heard[name] = out

    modules = dict(network.named_modules())
    for name in names:
        handle = modules[name].register_forward_hook(partial(keep, name))
        stack.callback(handle.remove)
    return heard
