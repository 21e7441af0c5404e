"""The catalogue: public benchmark files with address, checksum, licence and importer.

The checksums of the NASLib files were computed from the files at the pinned commit of the public
repository ``automl/NASLib``. Sizes are in bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rlnas.errors import UnknownNameError


@dataclass(frozen=True, kw_only=True)
class CatalogueFile:
    """One public file.

    Attributes:
        name: Its published name, which is also its name in a cache or mirror.
        addresses: Public addresses, tried in order.
        sha256: Published checksum, 64 hexadecimal digits.
        size: Size in bytes, or None where it is not published.
        folder: Folder of a mirror that may hold it.
    """

    name: str
    addresses: tuple[str, ...]
    sha256: str
    size: int | None = None
    folder: str = "naslib"


@dataclass(frozen=True, kw_only=True)
class CatalogueEntry:
    """A data set that can be fetched.

    Attributes:
        name: Name in the catalogue.
        title: One line on what it is.
        files: Its files.
        importer: Format that reads them, see `rlnas.benchmarks.import_table`.
        options: Options of that format.
        tables: Name of the table made for each search space in it. A table's name is its suite's.
        licence: Licence of the file and of the numbers in it.
        citation: What to cite.
        url: Page about it.
        note: What a reader must know about the numbers.
        judge: Table with test scores of the same tasks, for reports; or empty.
    """

    name: str
    title: str
    files: tuple[CatalogueFile, ...]
    importer: str
    tables: Mapping[str, str] = field(hash=False)
    licence: str
    citation: str
    url: str
    note: str = ""
    options: Mapping[str, object] = field(default_factory=dict, hash=False)
    judge: str = ""


_NASLIB = "automl/NASLib/8c45f19dc259956c3bd253071135c798ad3df8ce"
_NASLIB_PAGE = f"https://github.com/{_NASLIB.replace('NASLib/', 'NASLib/tree/')}"
_TRANSNAS = (
    "Duan et al., TransNAS-Bench-101: Improving Transferability and Generalizability of "
    "Cross-Task Neural Architecture Search, CVPR 2021, arXiv:2105.11871"
)
_SUITE_ZERO = (
    "Krishnakumar et al., NAS-Bench-Suite-Zero: Accelerating Research on Zero Cost Proxies, "
    "NeurIPS 2022, arXiv:2210.03230"
)
_NASBENCH201 = (
    "Dong and Yang, NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture "
    "Search, ICLR 2020, arXiv:2001.00326"
)
_LICENCE = "Apache-2.0 (NASLib), MIT (benchmark)"
_TRANSNAS_NOTE = (
    "Final-epoch validation metrics of one training run. room_layout is a negated loss, "
    "segmentsemantic is pixel accuracy in % and not mIoU."
)


def _naslib_file(path: str, sha256: str, size: int) -> CatalogueFile:
    return CatalogueFile(
        name=path.rsplit("/", maxsplit=1)[-1],
        addresses=(f"https://raw.githubusercontent.com/{_NASLIB}/{path}",),
        sha256=sha256,
        size=size,
    )


def _proxies(proxy: str, sha256: str, size: int) -> CatalogueEntry:
    short = proxy.replace("_", "-")
    name = f"transnas-proxies-{short}"
    return CatalogueEntry(
        name=name,
        title=f"The zero-cost proxy {proxy} on four tasks of TransNAS-Bench-101, micro and macro",
        files=(
            _naslib_file(f"run/results/benchmarks/tnb101_classification_{proxy}.zip", sha256, size),
        ),
        importer="naslib-zip",
        tables={"transnas-micro": f"{name}-micro", "transnas-macro": f"{name}-macro"},
        licence=_LICENCE,
        citation=f"{_SUITE_ZERO}; {_TRANSNAS}",
        url=_NASLIB_PAGE,
        note="class_object, class_scene, jigsaw and room_layout, beside the same final-epoch "
        "validation metrics as transnas-micro and transnas-macro.",
    )


_ENTRIES = (
    CatalogueEntry(
        name="transnas-micro",
        title="TransNAS-Bench-101, cell-level space: 4096 architectures on seven tasks",
        files=(
            _naslib_file(
                "naslib/data/zc_benchmarks/all_benchmarks_zen.zip",
                "d70d3ddcda2264806a467d3fb3840e8ce04c5b0129776110a62018ea68e6d7f2",
                1016797,
            ),
        ),
        importer="naslib-zip",
        tables={"transnas-micro": "transnas-micro"},
        licence=_LICENCE,
        citation=f"{_TRANSNAS}; {_SUITE_ZERO}",
        url=_NASLIB_PAGE,
        note=_TRANSNAS_NOTE,
    ),
    CatalogueEntry(
        name="transnas-macro",
        title="TransNAS-Bench-101, network-level space: 3256 architectures on seven tasks",
        files=(
            _naslib_file(
                "run/results/benchmarks/tnb101_macro_zen.zip",
                "c34526c4f37f06205e61efeeb80bce5340dbce555ad558a10d6a897258d0de7b",
                870234,
            ),
        ),
        importer="naslib-zip",
        tables={"transnas-macro": "transnas-macro"},
        licence=_LICENCE,
        citation=f"{_TRANSNAS}; {_SUITE_ZERO}",
        url=_NASLIB_PAGE,
        note=_TRANSNAS_NOTE,
    ),
    CatalogueEntry(
        name="nasbench-201",
        title="NAS-Bench-201: 15625 architectures on three data sets",
        files=(
            _naslib_file(
                "run/results/benchmarks/nb201_zen.zip",
                "6c9aec8cd0c235d7b7a37a27f224bb719e7376e8048f2dd6d91bc06dcfcc2a2e",
                1661280,
            ),
        ),
        importer="naslib-zip",
        tables={"nasbench-201": "nasbench-201"},
        licence=_LICENCE,
        citation=f"{_NASBENCH201}; {_SUITE_ZERO}",
        url=_NASLIB_PAGE,
        note="Final-epoch validation accuracy of one training run, not the mean of the seeds.",
        judge="nasbench-201-test",
    ),
    CatalogueEntry(
        name="nasbench-201-test",
        title="NAS-Bench-201: test accuracy after 200 epochs, mean over seeds; for reports alone",
        files=(
            CatalogueFile(
                name="nb201_test_accuracy.csv",
                addresses=(),
                sha256="37c6f196e49d3fe5f03facb95937e067824543c87e13f47efd1ae8dd105b0893",
                folder="nasbench201",
            ),
        ),
        importer="csv",
        options={
            "space": "nasbench-201",
            "columns": {
                f"{name.lower().replace('-', '_')}_test_accuracy_200_epochs": {
                    "task": name,
                    "split": "test",
                    "unit": "%",
                    "epoch_policy": "final",
                }
                for name in ("cifar10", "cifar100", "ImageNet16-120")
            },
        },
        tables={"nasbench-201": "nasbench-201-test"},
        licence="Apache-2.0 (RoBoT), MIT (benchmark)",
        citation=_NASBENCH201,
        url="https://github.com/D-X-Y/NAS-Bench-201",
        note="Has no pinned public address: put nb201_test_accuracy.csv into a folder named by "
        "RLNAS_DATA_MIRROR. Read by reports on nasbench-201 alone, and no search sees it.",
    ),
    _proxies(
        "synflow", "272e6b7e970ff80cc36ca23757bf746d2b233d041ec3366a85047af9bf958f9e", 1154294
    ),
    _proxies(
        "epe_nas", "8ff3be8a20b371839971922b5e8b088cffd053a911e25e2137248cb986bde0ce", 1106697
    ),
    CatalogueEntry(
        name="transnas-official",
        title="TransNAS-Bench-101, the official file: every metric and epoch, micro and macro",
        files=(
            CatalogueFile(
                name="transnas-bench_v10141024.pth",
                addresses=(
                    "https://drive.usercontent.google.com/download"
                    "?id=1BV_BRMsCUVBtSVj4SN4QmA9Pjd35B2M4&export=download&confirm=t",
                ),
                sha256="1974b0ba21872494fabb541616e9bdae740242eecd6df5c5893747291364bc10",
            ),
        ),
        importer="transnas-pth",
        tables={
            "transnas-micro": "transnas-official-micro",
            "transnas-macro": "transnas-official-macro",
        },
        licence="MIT",
        citation=_TRANSNAS,
        url="https://github.com/yawen-d/TransNASBench",
        note="About 105 MB. The SHA-256 was published by a third party, not by the authors, and "
        "the makers of rlnas have not confirmed it. The file is on Google Drive, which refuses "
        "downloads now and then: put it in a folder named by RLNAS_DATA_MIRROR if so.",
    ),
)
_BY_NAME = {entry.name: entry for entry in _ENTRIES}


def catalogue() -> tuple[CatalogueEntry, ...]:
    """Return every entry of the catalogue."""
    return _ENTRIES


def get_entry(name: str) -> CatalogueEntry:
    """Return the entry with this name, or the one that makes the table with this name.

    Raises:
        UnknownNameError: If there is none.
    """
    if name in _BY_NAME:
        return _BY_NAME[name]
    for entry in _ENTRIES:
        if name in entry.tables.values():
            return entry
    raise UnknownNameError("data set", name, _BY_NAME)


def catalogue_tables() -> tuple[str, ...]:
    """Return the names of all tables that the catalogue makes."""
    return tuple(table for entry in _ENTRIES for table in entry.tables.values())
