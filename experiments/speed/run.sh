#!/usr/bin/env bash
# Measure everything side by side in one run, and make the page anew. Further arguments go to the
# command, e.g. --device cuda, or --quick for a look of a minute.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=experiments/speed
rlnas bench all --suite transnas-micro --task class_scene --threads 1 --max-seconds 60 \
  --out "$here" --page docs/performance.md "$@" | tee "$here/bench.txt"
