// silu – the sigmoid, and the SiLU gate of every MLP; arguments are clamped where exp would overflow f32

fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(min(-x, 80.0))); }

// Below -80 the result is practically zero; the clamp keeps it so for huge negative x, where the sigmoid's
// would not.
fn silu(x: f32) -> f32 { return max(x, -80.0) * sigmoid(x); }
