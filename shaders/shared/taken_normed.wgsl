// taken_normed – inputs through their RMSNorm: squares are summed on the way, so that no pass over the input is needed before
//
// W (x / rms(x) * norm) = W (x * norm) / rms(x). The kernel has the binding `norm`, vec4<f32> [IN], and IN. What lies behind IN columns
// may belong to others, and counts for nothing.

override EPSILON: f32 = 1e-6;

var<private> squares: array<f32, ROWS>; // of the quads that this invocation took

fn taken_quad(row: u32, quad: u32) -> vec4<f32> {
  let x = input_quad(row, quad) * ones_before(4 * quad, IN);
  squares[row] += dot(x, x);
  return x * norm[quad];
}

// In uniform control flow.
fn input_scale(row: u32, lane: u32) -> f32 { return inverseSqrt(shared_sum(squares[row], lane) / f32(IN) + EPSILON); }
