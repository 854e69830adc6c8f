// walk – an invocation's sums of products with its EACH weight rows: a pair of input chunks is taken once for all of them
//
// The kernel defines `fn row_at(first: u32, i: u32) -> u32`, its i-th weight row, one that exists, and `fn input_chunk(row: u32, chunk: u32)
// -> mat4x4<f32>`, and imports the modules of `rows`, that says what a LaneSum is, and of `taken`, that takes the inputs. The slot `share`
// says how many rows EACH is, and who shares them.

#import shared/chunk
#import weights
#import share

var<private> sums: array<LaneSum, EACH + EXTRA>;

// Adds `factor` times the products of the first `chunks` chunks.
fn walk(m: Matrix, first: u32, chunks: u32, factor: f32, lane: u32) {
  for (var chunk = 2 * (lane % LANES); chunk < chunks; chunk += 2 * LANES) {
    let next = min(chunk + 1, chunks - 1);
    let own = f32(next - chunk); // of the second chunk: 0 where there is none
    let a = taken(chunk, 1.0);
    let b = taken(next, own);
    for (var i = 0u; i < each(); i++) {
      let row = row_at(first, i);
      let w = weight_pair(m, row, chunk, next);
      let scale = factor * weight_scale(m, row, chunk);
      if BLOCK_COLS % 32 == 0 {
        sums[i] += scale * (row_products(w.first, a) + own * row_products(w.second, b));
      } else {
        sums[i] += scale * row_products(w.first, a)
          + (own * factor * weight_scale(m, row, next)) * row_products(w.second, b);
      }
    }
  }
}
