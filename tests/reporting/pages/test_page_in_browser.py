"""The page of a real matrix, opened in a headless browser from a file, as a reader opens it."""

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from rlnas.agents import ControllerConfig, PolicyConfig, PPOConfig
from rlnas.reporting import write_report
from rlnas.transfer import MatrixConfig, run_matrix

BROWSER = next(
    filter(
        None,
        map(
            shutil.which,
            ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
        ),
    ),
    None,
)
OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # refused otherwise where tests run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--enable-logging=stderr",
    "--v=0",
    "--virtual-time-budget=5000",
    "--dump-dom",
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no chromium or google-chrome on PATH"),
]

TASKS = tuple(f"synthetic-{number}" for number in range(4))
MEASURE = """
<script>
addEventListener("load", () => {
  const box = e => { const r = e.getBoundingClientRect(); return [r.width, r.height]; };
  const root = document.documentElement;
  const scrolled = e => e.closest(".scroll, figure");
  const wide = [...document.querySelectorAll("body *")].filter(
    e => !scrolled(e) && e.getBoundingClientRect().right > root.clientWidth + 1);
  parent.postMessage(JSON.stringify({
    figures: [...document.querySelectorAll("figure")].map(
      e => [...e.querySelectorAll("svg")].map(box)),
    drawn: [...document.querySelectorAll("figure svg")].map(
      e => e.querySelectorAll("path, text, use").length),
    width: root.clientWidth, content: root.scrollWidth,
    cut: [...document.querySelectorAll(".scroll")].filter(
      e => e.scrollWidth > e.clientWidth + 1).length,
    wide: wide.map(e => e.outerHTML.slice(0, 80)),
  }), "*");
});
</script>
"""
FRAME = """<!doctype html><meta charset="utf-8"><body style="margin:0">
<script>addEventListener("message", e => {
  const out = document.createElement("pre"); out.id = "measured";
  out.textContent = e.data; document.body.append(out); });</script>
<iframe src="measured.html" style="width:WIDTHpx;height:900px;border:0"></iframe>
"""


def browse(path, profile):
    """Return what the browser made of a page, and what the page wrote to its console."""
    done = subprocess.run(
        [BROWSER, *OPTIONS, f"--user-data-dir={profile}", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, [line for line in done.stderr.splitlines() if ":CONSOLE" in line]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A matrix with everything a page can show: pools, searchers, bounds, similarities, costs."""
    ppo = PPOConfig(num_envs=16, n_steps=20, batch_size=160, n_epochs=2)
    config = MatrixConfig(
        suite="synthetic-micro",
        tasks=TASKS,
        methods=("scratch", "zero-shot", "policy-reuse", "joint", "random"),
        seeds=2,
        queries=15,
        steps=640,
        controller=ControllerConfig(network=PolicyConfig(width=16), ppo=ppo),
    )
    folder = tmp_path_factory.mktemp("matrix") / "run"
    run_matrix(config, folder, workers=1, device="cpu", command="rlnas matrix --tasks '<all>'")
    rng = np.random.default_rng(0)
    pairs = [(s, t) for s in TASKS for t in TASKS if s != t]
    frames = [
        pd.DataFrame(pairs, columns=["source", "target"]).assign(
            estimator=name, seed=seed, queries=10, similarity=rng.normal(size=len(pairs))
        )
        for name in ("rank-correlation", "policy-return")
        for seed in range(2)
    ]
    pd.concat(frames).to_parquet(folder / "similarity.parquet")
    write_report(folder, cost_per_query_seconds=600)
    return folder


def test_the_page_opens_without_a_word_on_the_console(folder, tmp_path):
    page, console = browse(folder / "report.html", tmp_path)
    assert not console
    sections = re.findall(r"<h2>(.*?)</h2>", page)
    assert sections[0] == "What it comes to"
    assert {
        *("Without the choice of a source", "Every source on every target"),
        *("Progress of the search", "Transfer metrics", "Return on investment"),
        *("Choosing the source", "Cells", "Best architectures", "How to reproduce"),
    } <= set(sections)


def test_a_page_with_an_error_would_be_noticed(tmp_path):
    path = tmp_path / "broken.html"
    path.write_text("<!doctype html><p>x</p><script>undefined.name</script>")
    _, console = browse(path, tmp_path / "profile")
    assert any("TypeError" in line for line in console)


@pytest.mark.parametrize("width", [390, 1280])
def test_every_figure_is_there_and_nothing_is_wider_than_the_screen(folder, tmp_path, width):
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count("</body>") == 1
    # What is folded away has to fit too.
    page = page.replace("<details>", "<details open>").replace("</body>", MEASURE + "</body>")
    (tmp_path / "measured.html").write_text(page, encoding="utf-8")
    frame = tmp_path / "frame.html"
    frame.write_text(FRAME.replace("WIDTH", str(width)), encoding="utf-8")
    seen, console = browse(frame, tmp_path / "profile")
    assert not console
    found = json.loads(html.unescape(re.search(r'<pre id="measured">(.*?)</pre>', seen, re.S)[1]))
    names = {path.stem for path in folder.glob("*.svg")}
    assert names == {path.stem for path in folder.glob("*.png")}
    assert names == {
        *("methods", "heatmap-others", "heatmap-zero-shot", "heatmap-policy-reuse"),
        *("curves", "curves-others", "gains", "selection"),
    }
    assert [len(figure) for figure in found["figures"]] == [1] * len(names)
    assert min(min(box) for figure in found["figures"] for box in figure) > 100
    assert min(found["drawn"]) > 20
    assert abs(found["width"] - width) <= 20  # a scroll bar takes some
    assert found["content"] <= found["width"]
    assert not found["wide"]
    assert width < 1280 or not found["cut"]  # every column of every table is seen
