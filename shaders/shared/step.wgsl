// step – parameters of one step: the 64 bytes that are rewritten before a program is replayed
//
// src/kernels/step.ts writes them.

struct Step {
  position: u32,     // of the first row within the session
  tokens: u32,       // rows of this step
  context: u32,      // position + tokens
  split: u32,        // cached tokens per split of decode attention
  seed: u32,
  draw: u32,         // counts the random numbers drawn since the seed was set
  top_k: u32,        // 0 = off
  biases: u32,       // entries of the logit bias list
  temperature: f32,  // 0 = greedy
  top_p: f32,
  min_p: f32,
  repetition: f32,
  presence: f32,
  frequency: f32,
  alternatives: u32, // top log-probabilities asked for
  first_group: u32,  // of a slice of a grid: x in the lower 16 bits, y in the upper; else 0
}

// A workgroup's place in the whole grid, of which a submission may run a slice.
fn grid_group(group: vec3<u32>) -> vec2<u32> {
  return group.xy + vec2<u32>(step.first_group & 0xffff, step.first_group >> 16);
}

// 1, computed so that the compiler cannot know it. A loop bound multiplied by it is not unrolled: unrolling
// short loops around memory accesses takes some compilers seconds.
fn opaque_one() -> u32 { return min(step.tokens, 1); }
