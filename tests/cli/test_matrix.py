"""`rlnas matrix`."""

from rlnas.benchmarks.builtin import BUILT_IN
from rlnas.cli.main import main
from rlnas.cli.matrix import MatrixOptions, _config

SUITE = ["--suite", "synthetic-micro"]


def test_matrix_writes_tables_figures_and_report(printed_json, capsys, tmp_path):
    out = tmp_path / "m"
    command = [
        "matrix",
        *SUITE,
        "--tasks",
        "synthetic-0,synthetic-1",
        "--methods",
        "scratch,zero-shot",
        "--seeds",
        "2",
        "--queries",
        "8",
        "--steps",
        "500",
        "--workers",
        "1",
        "--out",
        str(out),
    ]
    assert main(command) == 0
    captured = capsys.readouterr()
    assert "zero-shot: mean rank of the best of 8 queries" in captured.out
    assert "SYNTHETIC" in captured.out
    assert "search: 12/12" in captured.err
    for name in ("report.html", "heatmap-zero-shot.png", "heatmap-zero-shot.svg", "curves.svg"):
        assert (out / name).exists()
    assert (out / "command.txt").read_text().startswith("rlnas matrix --suite synthetic-micro")
    assert main([*command, "--resume", "--json"]) == 0
    found = printed_json()
    assert found["summary"]["methods"]["zero-shot"]["against_scratch"]["cells"] == 4
    assert len(found["rows"]) == 2 * 2 + 4 * 2
    assert main(["report", str(out), "--json"]) == 0
    assert printed_json()["kind"] == "matrix"
    assert main(command) == 1


def test_the_demo_is_on_the_built_in_suite():
    config = _config(MatrixOptions(preset="demo", seeds=2))
    assert config.suite in BUILT_IN  # so it needs neither network nor cache
    assert config.tasks == ("class_scene", "class_object", "segmentsemantic", "autoencoder")
    assert (config.seeds, config.steps) == (2, 100_000)  # what is given wins over the preset


def test_matrix_options_default_and_lists():
    config = _config(MatrixOptions(tasks=("a,b", "c"), methods=("scratch",)))
    assert config.tasks == ("a", "b", "c")
    assert config.methods == ("scratch",)
    assert (config.suite, config.seeds, config.queries) == ("transnas-micro", 5, 50)
    demo = _config(MatrixOptions(preset="demo", suite="synthetic-micro"))
    assert demo.tasks == ()  # the preset's tasks are those of another suite
