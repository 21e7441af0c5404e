"""Networks: PyTorch modules from the architectures of the search spaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.lazy import lazy_names
from rlnas.networks.config import SkeletonConfig, published_config

if TYPE_CHECKING:
    from rlnas.networks.costs import (
        NetworkStatistics,
        count_flops,
        network_statistics,
        statistics_of_many,
    )
    from rlnas.networks.counting import count_parameters
    from rlnas.networks.dense import DenseNetwork, build_dense_network, build_task_network
    from rlnas.networks.discriminator import build_discriminator
    from rlnas.networks.known_costs import MeasuredCosts, NetworkCounts
    from rlnas.networks.latency import Latency, measure_latency
    from rlnas.networks.memory import peak_memory
    from rlnas.networks.network import SearchedNetwork, build_network
    from rlnas.networks.operations import operation_names, register_operation
    from rlnas.networks.super_network.genotype import Genotype
    from rlnas.networks.super_network.network import SuperNetwork, build_super_network

__all__ = [
    "DenseNetwork",
    "Genotype",
    "Latency",
    "MeasuredCosts",
    "NetworkCounts",
    "NetworkStatistics",
    "SearchedNetwork",
    "SkeletonConfig",
    "SuperNetwork",
    "build_dense_network",
    "build_discriminator",
    "build_network",
    "build_super_network",
    "build_task_network",
    "count_flops",
    "count_parameters",
    "measure_latency",
    "network_statistics",
    "operation_names",
    "peak_memory",
    "published_config",
    "register_operation",
    "statistics_of_many",
]

__getattr__ = lazy_names(
    __name__,
    {
        "Latency": "rlnas.networks.latency",
        "MeasuredCosts": "rlnas.networks.known_costs",
        "NetworkCounts": "rlnas.networks.known_costs",
        "Genotype": "rlnas.networks.super_network.genotype",
        "NetworkStatistics": "rlnas.networks.costs",
        "DenseNetwork": "rlnas.networks.dense",
        "SearchedNetwork": "rlnas.networks.network",
        "build_dense_network": "rlnas.networks.dense",
        "build_task_network": "rlnas.networks.dense",
        "build_discriminator": "rlnas.networks.discriminator",
        "SuperNetwork": "rlnas.networks.super_network.network",
        "build_network": "rlnas.networks.network",
        "build_super_network": "rlnas.networks.super_network.network",
        "count_flops": "rlnas.networks.costs",
        "count_parameters": "rlnas.networks.counting",
        "measure_latency": "rlnas.networks.latency",
        "network_statistics": "rlnas.networks.costs",
        "operation_names": "rlnas.networks.operations",
        "register_operation": "rlnas.networks.operations",
        "peak_memory": "rlnas.networks.memory",
        "statistics_of_many": "rlnas.networks.costs",
    },
)
