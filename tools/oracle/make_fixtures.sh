#!/bin/sh
# Makes the fixtures again (about two minutes on one core).  Run inside the chroot.
set -eu
cd "$(dirname "$0")"
fixtures=../../tests/fixtures/models
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
mk() { n=$1; shift; rm -rf "${fixtures:?}/$n"; nice -n 10 python3 -W ignore make_fixture.py --out "$fixtures/$n" "$@"; }
mk deepseek_v3-fp8-tiny       --arch deepseek_v3 --dtype fp8 --size tiny --seed 11
mk deepseek_v3-fp8-awkward    --arch deepseek_v3 --dtype fp8 --size awkward --seed 12 --shards 3 --mtp shared --prompt-len 84
mk deepseek_v3-f16-awkward    --arch deepseek_v3 --dtype f16 --size awkward --seed 32 --rope none --mtp none --raw-layout
mk deepseek_v3-f32-tied       --arch deepseek_v3 --dtype f32 --size tiny --seed 31 --mtp none --tie
mk deepseek_v2_lite-bf16-tiny --arch deepseek_v2_lite --dtype bf16 --rope yarn --seed 13
mk deepseek_v2-bf16-tiny      --arch deepseek_v2 --dtype bf16 --seed 14
mk deepseek-bf16-tiny         --arch deepseek --dtype bf16 --seed 15
mk moonlight-bf16-tiny        --arch moonlight --dtype bf16 --seed 16
mk qwen2-bf16-tiny            --arch qwen2 --dtype bf16 --seed 17
mk llama-bf16-tiny            --arch llama --dtype bf16 --seed 18
python3 -W ignore verify.py "$fixtures"/*
