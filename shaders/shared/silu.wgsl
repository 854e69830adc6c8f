// silu – sigmoid and SiLU, the gate of every MLP; arguments are clamped where exp would overflow f32

fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(min(-x, 80.0))); }

// Below -80 the true result is practically zero. The factor x is clamped too, because a huge negative x times
// the clamped sigmoid of 2e-35 would not be.
fn silu(x: f32) -> f32 { return max(x, -80.0) * sigmoid(x); }
