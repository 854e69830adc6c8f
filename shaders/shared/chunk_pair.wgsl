// chunk_pair – two neighbouring chunks of a weight row, the first an even one: what decode reads at a time

#import shared/chunk

const OFFSET: f32 = 0; // of the numbers of a pair above the weights

fn weight_pair(m: Matrix, row: u32, first: u32, second: u32) -> ChunkPair {
  return ChunkPair(weight_chunk(m, row, first), weight_chunk(m, row, second));
}
