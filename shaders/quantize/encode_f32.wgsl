// encode_f32 – encodes 16 columns as weights/f32 reads them: scales multiplied in, nothing rounded again

const SPAN: u32 = 1; // chunks

fn encode(row: u32, span: u32) {
  let values = source_chunk(row, span);
  for (var i = 0u; i < 4; i++) { store_codes(row, 4 * span + i, bitcast<vec4<u32>>(values[i])); }
}
