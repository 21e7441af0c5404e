#!/usr/bin/env bash
# Time environments and learners side by side in one run.
set -euo pipefail
cd "$(dirname "$0")/../.."
rlnas bench all --suite transnas-micro --task class_scene --json | tail -n 1 > experiments/speed/bench.json
