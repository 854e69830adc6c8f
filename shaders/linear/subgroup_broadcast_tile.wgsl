// subgroup_broadcast_tile – 16 input rows × 4 weight rows per invocation, without workgroup memory
//
// Defines what linear/matmul_tile lists. For software adapters, which run invocations as lanes of a CPU's
// vector registers. There every load, from workgroup memory too, is a gather that costs as much as dozens of
// multiplications. So each invocation decodes its own weights and loads only every 4th or 8th input row;
// subgroup broadcasts hand the inputs to the others. The modules tile_subgroup_broadcast_4 and _8 define
// own_rows and own_quads.

#import linear/matmul_tile

const WORKGROUP: u32 = 8;
const TILE_ROWS: u32 = 16; // the TILE of shared/subgroup_broadcast_4 and _8
const TILE_OUTS: u32 = 32;
const LANE_ROWS: u32 = 16;

var<private> tile_sums: Sums;

fn tile_row(lane: u32, i: u32) -> u32 { return i; }

fn tile_out(lane: u32) -> u32 { return 4 * lane; }

fn tile_value(i: u32) -> vec4<f32> { return tile_sums[i]; }

// Column `quad` of a matrix in registers. Unrolling the caller's loop instead would run no faster and take
// longer to compile.
fn quad_of(chunk: mat4x4<f32>, quad: u32) -> vec4<f32> {
  return select(select(chunk[0], chunk[1], quad == 1), select(chunk[2], chunk[3], quad == 3), quad >= 2);
}

fn multiply_tile(m: Matrix, row0: u32, out0: u32, chunks: u32, lane: u32) {
  let own = own_rows(row0);
  let first = out0 + tile_out(lane);
  let rows = vec4<u32>(
    weight_row(first), weight_row(first + 1), weight_row(first + 2), weight_row(first + 3));
  let quads = 4 * opaque_one();
  var sums = Sums();
  for (var chunk = 0u; chunk < chunks; chunk++) {
    let a = dequantized_chunk(m, rows.x, chunk);
    let b = dequantized_chunk(m, rows.y, chunk);
    let c = dequantized_chunk(m, rows.z, chunk);
    let d = dequantized_chunk(m, rows.w, chunk);
    for (var quad = 0u; quad < quads; quad++) {
      let weights = transpose(
        mat4x4<f32>(quad_of(a, quad), quad_of(b, quad), quad_of(c, quad), quad_of(d, quad)));
      add_rows(&sums, weights, own_quads(own, 4 * chunk + quad));
    }
  }
  tile_sums = sums;
}
