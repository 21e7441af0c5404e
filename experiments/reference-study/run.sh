#!/usr/bin/env bash
# Measure the reference study, with and without the shrunk policy head, and keep its tables here.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=experiments/reference-study
for variant in shrunk plain; do
  python "$here/study.py" "$variant" --out "runs/reference-study/$variant" --keep "$here/$variant"
done
