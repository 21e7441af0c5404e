#!/usr/bin/env bash
# A search on a folder of images, and as many random architectures beside it; resumable.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=experiments/own-images out=runs/own-images
small=(--space transnas-micro --image-size 16 --width 8 --epochs 3 --train-size 500 --device cpu)

test -d "$out/digits" || python "$here/write_digits.py" "$out/digits"
for seed in 0 1 2; do
    rlnas search --dataset "$out/digits" --queries 20 --seed "$seed" "${small[@]}" \
        --out "$out/search-$seed" --resume
    rlnas evaluate --dataset "$out/digits" --architecture random:20 --seed "$seed" "${small[@]}" \
        --out "$out/random-$seed" --resume
done
python "$here/compare.py" "$out" "$here/results.txt"
cp "$out/search-1/progress.png" "$here"
