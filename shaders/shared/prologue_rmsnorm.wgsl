// prologue_rmsnorm – applies RMSNorm to the inputs of a decode kernel while it loads them
//
// W (x / rms(x) * norm) = W (x * norm) / rms(x): squares are summed on the way, so no earlier pass over the
// input is needed. The kernel has the binding `norm`, vec4<f32> [IN], and IN. Columns beyond IN may belong to
// other tensors and are ignored.

override EPSILON: f32 = 1e-6;

var<private> squares: array<f32, ROWS>; // of the quads that this invocation loaded

fn prologue_quad(row: u32, quad: u32) -> vec4<f32> {
  let x = input_quad(row, quad) * ones_before(4 * quad, IN);
  squares[row] += dot(x, x);
  return x * norm[quad];
}

// Call in uniform control flow.
fn prologue_scale(row: u32, lane: u32) -> f32 {
  return inverseSqrt(sum_over_lanes(squares[row], lane) / f32(IN) + EPSILON);
}
