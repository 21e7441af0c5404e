#!/usr/bin/env bash
# Score samples of three spaces by the thirteen proxies and compare with the published scores.
# Needs RLNAS_DATA_MIRROR, the folder of the published files. Goes on where it was stopped.
set -euo pipefail
cd "$(dirname "$0")/../.."
python experiments/zero-cost-proxies/run.py --sample 128 --seed 0
