"""L2-SP: the penalty's value and gradient, by hand."""

import torch

from rlnas.transfer.weights.anchor import SourceAnchor
from rlnas.transfer.weights.carry import CarriedTensor, TensorReport


def carried(name, shape, values=None, known=None):
    action = "re-initialised" if values is None else "copied"
    return CarriedTensor(TensorReport(name, "encoder", action, shape, ""), values, known)


def test_copied_weights_are_pulled_to_the_source_and_new_ones_to_zero():
    torch.manual_seed(0)
    start, rows = torch.randn(2, 3), torch.tensor([[1.0], [0.0], [1.0]])
    embedding = torch.randn(3, 4) * rows
    anchor = SourceAnchor(
        [
            carried("a", (2, 3), start, torch.ones(())),
            carried("b", (5,)),
            carried("c", (3, 4), embedding, rows),
        ],
        alpha=0.7,
        beta=0.2,
    )
    parameters = {
        name: torch.randn(4, *shape, requires_grad=True)
        for name, shape in {"b": (5,), "a": (2, 3), "c": (3, 4)}.items()
    }
    penalty = anchor(parameters)
    a, b, c = (parameters[name].detach() for name in "abc")
    expected = (
        0.35 * (a - start).square().sum((1, 2))
        + 0.1 * b.square().sum(1)
        + 0.35 * (c - embedding)[:, [0, 2]].square().sum((1, 2))
        + 0.1 * c[:, 1].square().sum(1)
    )
    torch.testing.assert_close(penalty, expected)
    penalty.sum().backward()
    torch.testing.assert_close(parameters["a"].grad, 0.7 * (a - start))
    torch.testing.assert_close(parameters["b"].grad, 0.2 * b)
    torch.testing.assert_close(parameters["c"].grad[:, 1], 0.2 * c[:, 1])


def test_it_serves_fewer_controllers_later():
    anchor = SourceAnchor([carried("a", (3,), torch.ones(3), torch.ones(()))], 2.0, 0.0)
    weights = torch.arange(12.0).view(4, 3)
    assert torch.equal(anchor({"a": weights})[[1, 3]], anchor({"a": weights[[1, 3]]}))
