#!/bin/sh
# Makes all committed fixtures (about four minutes on one core).  Run inside the chroot.
set -eu
cd "$(dirname "$0")"
fixtures=../../tests/fixtures/models
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
mk() {
    n=$1; shift
    rm -rf "${fixtures:?}/$n"
    nice -n 10 python3 -W ignore make_fixture.py --out "$fixtures/$n" "$@"
}
mk deepseek_v3-fp8-tiny       --arch deepseek_v3 --dtype fp8 --size tiny --seed 11
mk deepseek_v3-fp8-awkward    --arch deepseek_v3 --dtype fp8 --size awkward --seed 12 --shards 3 \
    --mtp shared --prompt-len 84
mk deepseek_v3-f16-awkward    --arch deepseek_v3 --dtype f16 --size awkward --seed 32 --rope none \
    --mtp none --raw-layout
mk deepseek_v3-f32-tied       --arch deepseek_v3 --dtype f32 --size tiny --seed 31 --mtp none --tie
mk moonlight-bf16-tiny        --arch moonlight --dtype bf16 --seed 16
# one of every other architecture, covering all storage formats; few dimensions are a multiple of 4
small() { mk "$@" --size awkward --prompt-len 68 --hidden-rows 2; }
# widths just above 128, so that FP8 scales have more than one block; a transposed grid of equal scales is
# not detected
wide="--set intermediate_size=150 --allow-weak fp8_scale_transposed fp8_scale_rows_only"
small deepseek_v2_lite-bf16   --arch deepseek_v2_lite --seed 51 --shards 2
small deepseek_v2-e8m0        --arch deepseek_v2 --dtype fp8 --seed 52 --scale-fmt ue8m0 \
    --scale-storage e8m0 --set hidden_size=138 --set kv_lora_rank=134 $wide
small glm4_moe_lite-f16       --arch glm4_moe_lite --dtype f16 --seed 53 --mtp none --raw-layout \
    --set rope_theta=null --set 'rope_parameters={"rope_theta":1000000,"rope_type":"default"}'
small youtu-bf16              --arch youtu --seed 54
small deepseek-f16            --arch deepseek --dtype f16 --seed 55
small qwen2-bf16              --arch qwen2 --seed 56
small qwen3-fp8               --arch qwen3 --dtype fp8 --seed 57 --set hidden_size=250 \
    $wide fp8_flush_subnormals no_mscale \
    --set 'rope_scaling={"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":32}'
small llama-bf16              --arch llama --seed 58
few="--set vocab_size=325"
small llama-linear-bf16       --arch llama --seed 65 $few --set num_hidden_layers=2 \
    --set 'rope_scaling={"type":"linear","factor":4.0}'
small granite-bf16            --arch granite --seed 62 $few
small bailing_moe-bf16        --arch bailing_moe --seed 63 $few
small smollm3-f16             --arch smollm3 --dtype f16 --seed 64 $few
small qwen3_moe-bf16          --arch qwen3_moe --seed 61 $few --set num_experts=9 --set 'mlp_only_layers=[1]'
python3 -W ignore verify.py "$fixtures"/*
