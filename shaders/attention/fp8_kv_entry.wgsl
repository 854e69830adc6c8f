// fp8_kv_entry – layout of a KV entry whose latent is stored in FP8: u32 words of codes, scales, rotated key
//
// A code is a byte. Each FP8_GROUP latents share a bf16 scale (the upper half of an f32); the last group may
// be shorter. Codes and scales are padded with zeros to whole words. The rotated key follows as f16 pairs.
// src/models/cache-layout.ts computes the same sizes.

const FP8_GROUP: u32 = 128;

override SCALES_AT: u32 = (LATENT + 3) / 4;
override GROUPS_OF_LATENT: u32 = (LATENT + FP8_GROUP - 1) / FP8_GROUP;
override KEY_AT: u32 = SCALES_AT + (GROUPS_OF_LATENT + 1) / 2;
override KV_ENTRY_WORDS: u32 = KEY_AT + ROPE / 2;
