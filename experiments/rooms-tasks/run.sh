#!/usr/bin/env bash
# Measure constant and linear answers and three networks on each task of rooms. Half an hour on one
# core; goes on where it was.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=experiments/rooms-tasks
python "$here/run.py" --out "${OUT:-runs/rooms-tasks}" --keep "$here"
