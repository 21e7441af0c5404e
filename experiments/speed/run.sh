#!/usr/bin/env bash
# Time environments and learners side by side in one run.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=experiments/speed
rlnas bench all --suite transnas-micro --task class_scene --json \
  2> >(tee "$here/bench.txt" >&2) | tail -n 1 > "$here/bench.json"
