#!/usr/bin/env bash
# Train the built-in suites, pack them into the package, and compare them. Days on one core; goes on
# where it was. OUT names another folder for the trainings.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=experiments/rooms-suite out=${OUT:-runs/rooms-suite}
python "$here/recipes.py" "$out/recipes" --workers "${WORKERS:-2}"
for space in micro macro; do
  python "$here/build.py" "$space" "$out" --workers "${WORKERS:-2}"
  python "$here/collect.py" "$space" "$out"
  python "$here/pack.py" "$out/$space"
  python "$here/reproduce.py" "$space" --out "$out/reproduced"
done
python "$here/compare.py"
