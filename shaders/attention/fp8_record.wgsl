// attention/fp8_record – where the parts of a record lie that keeps its latent in FP8, in u32 words: codes, scales, key
//
// A code is a byte. A scale is a bf16, the upper half of an f32, for each FP8_GROUP latents, the last group being what is left. Both parts
// are filled up with zeros to whole words. The rotated key follows as f16 pairs. (src/models/cache-form.ts counts the same.)

const FP8_GROUP: u32 = 128;

override SCALES_AT: u32 = (LATENT + 3) / 4;
override GROUPS_OF_LATENT: u32 = (LATENT + FP8_GROUP - 1) / FP8_GROUP;
override KEY_AT: u32 = SCALES_AT + (GROUPS_OF_LATENT + 1) / 2;
override RECORD_WORDS: u32 = KEY_AT + ROPE / 2;
