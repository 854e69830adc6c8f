// step – parameters of one step, the only ones a replayed program rewrites (64 bytes; src/kernels/step.ts)

struct Step {
  position: u32,      // of the first row within the session
  tokens: u32,        // rows of this step
  context: u32,       // position + tokens
  split: u32,         // cached tokens per split of decode attention
  seed: u32,
  draw: u32,          // number of the random draw since the seed was set
  top_k: u32,         // 0 = off
  biases: u32,        // entries of the logit bias list
  temperature: f32,   // 0 = greedy
  top_p: f32,
  min_p: f32,
  repetition: f32,
  presence: f32,
  frequency: f32,
  alternatives: u32,  // top log-probabilities asked for
  reserved: u32,
}

// 1, computed so that no compiler knows it: it would unroll short loops around memory accesses and compile
// for seconds.
fn opaque_one() -> u32 { return min(step.tokens, 1); }
