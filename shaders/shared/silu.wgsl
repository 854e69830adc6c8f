// silu – the sigmoid and the gate function of every MLP; exponents are kept where f32 does not overflow

fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(min(-x, 80.0))); }

// Below -80 it is zero to all intents, also for x so large that the sigmoid's limit would not hide it.
fn silu(x: f32) -> f32 { return max(x, -80.0) * sigmoid(x); }
