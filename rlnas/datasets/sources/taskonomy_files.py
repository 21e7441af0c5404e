"""Where Taskonomy's files are, in the layout that TransNAS-Bench-101 trained on. Torch-free."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rlnas.damage import read_json
from rlnas.datasets.sources.image_files import listed
from rlnas.errors import DataError, shown
from rlnas.seeding import generator

DOMAINS = {
    "rgb": "png",
    "class_object": "npy",
    "class_scene": "npy",
    "room_layout": "npy",
    "segmentsemantic": "png",
    "normal": "png",
}
"""The folders of a building and the ending of their files [code]."""
_SPLIT_FILES = {"train": "train", "valid": "val", "test": "test"}
_PLACE = "{domain}"
_SHARE = 0.15  # of the buildings, for validation and for test, where no lists are given


@dataclass(frozen=True)
class View:
    """One image of a building and its labels.

    Attributes:
        root: The data set's folder.
        template: Path inside it, with ``{domain}`` for the domain and without the ending, e.g.
            ``allensville/{domain}/point_0_view_0_domain_{domain}``.
    """

    root: Path
    template: str

    def file(self, domain: str) -> Path:
        """Return the file of one of `DOMAINS`."""
        return self.root / f"{self.template.replace(_PLACE, domain)}.{DOMAINS[domain]}"


def is_taskonomy(folder: Path) -> bool:
    """Return whether a folder has split lists of Taskonomy, or buildings with ``rgb`` in them."""
    return _split_file(folder, "train") is not None or bool(_buildings(folder))


def find_views(folder: Path, *, seed: int) -> dict[str, list[View]]:
    """Return the views of each split.

    With split lists [code]: ``{train,val,test}_filenames_final5k.json``, in the folder or in its
    ``final5k``, is ``{"filename_list": [FILE, …]}``; each FILE, inside the folder, is a JSON list
    of templates. Without them every ``<building>/rgb/*_domain_rgb.png`` is a view, and 15 % of the
    buildings, one at least, are drawn for validation and as many for test: no building is in two
    splits, as in the published data (24 buildings, 80k, 20k and 20k images [2nd]).

    Args:
        folder: The data set's folder.
        seed: Seed of the draw of buildings.

    Raises:
        DataError: If a list is missing, damaged, empty or leads out of the folder, or there are
            fewer than three buildings to draw from.
    """
    lists = {split: _split_file(folder, split) for split in _SPLIT_FILES}
    if all(path is None for path in lists.values()):
        return _drawn(folder, seed)
    views: dict[str, list[View]] = {}
    for split, path in lists.items():
        if path is None:
            raise DataError(
                f"{folder} has split lists, but none for {split}; expected "
                f"{_SPLIT_FILES[split]}_filenames_final5k.json beside the others."
            )
        views[split] = [
            View(folder, _template(entry, source))
            for name in _names(path, "filename_list")
            for source in [folder / _inside(name, path)]
            for entry in _names(source, None)
        ]
        if not views[split]:
            raise DataError(f"{path} lists no views; expected one or more.")
    _check_apart(views)
    return views


def check_files(views: Iterable[View], domains: Iterable[str]) -> None:
    """Make sure that every view has its files.

    Raises:
        DataError: If some are missing; the message lists ten of them.
    """
    domains = list(domains)
    missing = [
        path for view in views for domain in domains if not (path := view.file(domain)).is_file()
    ]
    if missing:
        raise DataError(
            f"{len(missing)} files that the lists name are missing; fetch them or take them off "
            f"the lists:\n{listed(missing)}"
        )


def find_beside(folder: Path, name: str) -> Path | None:
    """Return a file of the folder or of its ``final5k``, or None where there is none."""
    for path in (folder / name, folder / "final5k" / name):
        if path.is_file():
            return path
    return None


def _split_file(folder: Path, split: str) -> Path | None:
    return find_beside(folder, f"{_SPLIT_FILES[split]}_filenames_final5k.json")


def _buildings(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob("[!.]*/rgb") if path.is_dir())


def _drawn(folder: Path, seed: int) -> dict[str, list[View]]:
    buildings = _buildings(folder)
    if len(buildings) < 3:
        raise DataError(
            f"{folder} has {len(buildings)} buildings with an rgb folder; expected three or more, "
            "so that each split has its own, or split lists."
        )
    held = max(1, round(_SHARE * len(buildings)))
    order = [buildings[i] for i in generator(seed, "buildings").permutation(len(buildings))]
    parts = {"train": order[2 * held :], "valid": order[:held], "test": order[held : 2 * held]}
    ending = f"_domain_rgb.{DOMAINS['rgb']}"
    views = {
        split: [
            View(
                folder,
                f"{building.name}/{_PLACE}/{path.name.removesuffix(ending)}_domain_{_PLACE}",
            )
            for building in sorted(chosen)
            for path in sorted((building / "rgb").glob(f"*{ending}"))
        ]
        for split, chosen in parts.items()
    }
    for split, found in views.items():
        if not found:
            names = ", ".join(building.name for building in parts[split])
            raise DataError(f"The buildings drawn for {split} ({names}) have no *{ending} files.")
    return views


def _names(path: Path, key: str | None) -> list[str]:
    """Return the list of strings in a JSON file, under ``key`` where one is given."""
    content = read_json(path, "JSON list of views")
    found = content.get(key) if key is not None and isinstance(content, dict) else content
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        where = f" under {key!r}" if key else ""
        raise DataError(f"{path} holds no list of names{where}.")
    return found


def _inside(name: str, source: Path) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not name.isprintable():
        raise DataError(
            f"{source} names {shown(name)}, which is no path inside the data set's folder."
        )
    return name


def _template(entry: str, source: Path) -> str:
    if _PLACE not in entry:
        raise DataError(f"{source} lists {shown(entry)}; expected {_PLACE} in place of the domain.")
    for ending in (".png", ".npy"):
        entry = entry.removesuffix(ending)
    return _inside(entry, source)


def _check_apart(views: dict[str, list[View]]) -> None:
    seen: dict[str, str] = {}
    for split, found in views.items():
        for view in found:
            if view.template in seen:
                raise DataError(
                    f"{view.template} is listed for {seen[view.template]} and again for {split}."
                )
            seen[view.template] = split
