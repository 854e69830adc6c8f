// taken_normed – inputs through their RMSNorm: squares are summed on the way, so that no pass over the input is needed before
//
// W (x / rms(x) * norm) = W (x * norm) / rms(x). The kernel has the binding `norm`, vec4<f32> [IN], and IN.

override EPSILON: f32 = 1e-6;

const EXTRA: u32 = 1; // the sum of squares

// 1 in the columns of the input, 0 in those that fill up its last chunk: what lies there may belong to others.
fn columns_in(chunk: u32) -> mat4x4<f32> {
  let one = vec4<f32>(1);
  if IN % 16 == 0 { return mat4x4<f32>(one, one, one, one); }
  let column = 16 * chunk;
  return mat4x4<f32>(
    ones_before(column, IN), ones_before(column + 4, IN), ones_before(column + 8, IN), ones_before(column + 12, IN));
}

fn taken(chunk: u32, own: f32) -> Inputs {
  let x = inputs(chunk);
  let at = 4 * chunk;
  sums[EACH] += own * row_squares(x, columns_in(chunk));
  return weighted(x, mat4x4<f32>(norm[at], norm[at + 1], norm[at + 2], norm[at + 3]));
}

fn input_scale(row: u32) -> f32 { return inverseSqrt(row_sum(sums[EACH], row) / f32(IN) + EPSILON); }
