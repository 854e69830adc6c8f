// sample/radix_select – finds the candidate at which the running mass reaches a target, without a sort
//
// Candidates are ordered by (rank, id). A radix search by one workgroup determines the candidate byte by
// byte, four of the rank and three of the id: each level sums the masses of the candidates that share the
// bytes found so far into 256 bins, and takes the bin in which the target is reached. Masses are integers in
// units of 2^-42, so the result does not depend on the order of additions. 2^18 - 1 candidates of mass 1 fit.
// Masses under 2^-42 count as zero.
//
// The kernel that imports this has WORKGROUP = 256 and VOCAB, and defines
//   fn rank_at(id: u32) -> u32                           the rank of a candidate (sample/rank)
//   fn candidate_mass(id: u32, rank: u32) -> vec3<u32>   its mass as three 14-bit digits; zero if excluded
//   fn target_mass(total: vec2<u32>) -> vec2<u32>        the mass to reach, given the mass of all candidates
// A mass as a vec2<u32> is (units of 2^-14, the rest in units of 2^-42).

const LOAD_AHEAD: u32 = 4; // loads in flight per invocation, because a single workgroup is latency-bound
const BIN_ROW: u32 = 16;

var<workgroup> bins: array<atomic<u32>, 3 * WORKGROUP>;
var<workgroup> sums: array<vec2<u32>, WORKGROUP>;
var<workgroup> row_sums: array<vec2<u32>, WORKGROUP / BIN_ROW>;
var<workgroup> reached: vec3<u32>; // the bin, and the mass before it

fn mass_digits(weight: f32) -> vec3<u32> {
  let high = weight * 16384.0;
  let middle = (high - floor(high)) * 16384.0;
  let low = (middle - floor(middle)) * 16384.0;
  return vec3<u32>(u32(high), u32(middle), u32(low));
}

fn mass_value(mass: vec2<u32>) -> f32 { return f32(mass.x) + f32(mass.y) / 268435456.0; }

fn mass_from(value: f32) -> vec2<u32> {
  return vec2<u32>(u32(value), u32((value - floor(value)) * 268435456.0));
}

fn mass_less(a: vec2<u32>, b: vec2<u32>) -> bool { return a.x < b.x || (a.x == b.x && a.y < b.y); }

fn mass_plus(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let low = a.y + b.y;
  return vec2<u32>(a.x + b.x + (low >> 28), low & 0xfffffffu);
}

fn mass_minus(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let borrow = select(0u, 1u, a.y < b.y);
  return vec2<u32>(a.x - b.x - borrow, a.y + (borrow << 28) - b.y);
}

// (rank, id) of the candidate that reaches the target mass. With first = 4 candidates are ordered by id
// alone; rank is 0.
fn radix_select(first: u32, lane: u32) -> vec2<u32> {
  var candidate = vec2<u32>(0);
  var mask = 0u; // the bits of the rank that are known
  var remaining = vec2<u32>(0);
  for (var level = first; level < 7; level++) {
    let shift = select(24 - 8 * level, 48 - 8 * level, level >= 4);
    fill_bins(candidate, mask, shift, level >= 4, lane);
    let own = bin_mass(lane);
    let summed = sum_bins(own, lane);
    let inclusive = summed.xy;
    let total = summed.zw;
    if level == first { remaining = target_mass(total); }
    if mass_less(total, remaining) { remaining = total; }
    let before = mass_minus(inclusive, own);
    if mass_less(before, remaining) && !mass_less(inclusive, remaining) { reached = vec3<u32>(lane, before); }
    let found = workgroupUniformLoad(&reached);
    remaining = mass_minus(remaining, found.yz);
    if level < 4 {
      candidate.x |= found.x << shift;
      mask |= 255u << shift;
    } else {
      candidate.y |= found.x << shift;
    }
  }
  return candidate;
}

// Sums the masses of the candidates that match the bytes found so far (`candidate`), by their next byte.
fn fill_bins(candidate: vec2<u32>, mask: u32, shift: u32, by_id: bool, lane: u32) {
  for (var part = 0u; part < 3; part++) { atomicStore(&bins[part * WORKGROUP + lane], 0u); }
  workgroupBarrier();
  let end = select(VOCAB, min(VOCAB, candidate.y + (256u << shift)), by_id);
  // Neighbours often fall into one bin, so an invocation adds up a run of them before it touches workgroup
  // memory.
  var run_bin = 0u;
  var run_mass = vec3<u32>(0);
  for (var base = candidate.y + lane; base < end; base += LOAD_AHEAD * WORKGROUP) {
    var ranks: array<u32, LOAD_AHEAD>;
    for (var i = 0u; i < LOAD_AHEAD; i++) { ranks[i] = rank_at(min(base + i * WORKGROUP, VOCAB - 1)); }
    for (var i = 0u; i < LOAD_AHEAD; i++) {
      let id = base + i * WORKGROUP;
      if id >= end || ((ranks[i] ^ candidate.x) & mask) != 0 { continue; }
      let bin = (select(ranks[i], id, by_id) >> shift) & 255;
      if bin != run_bin {
        add_to_bin(run_bin, run_mass);
        run_bin = bin;
        run_mass = vec3<u32>(0);
      }
      run_mass += candidate_mass(id, ranks[i]);
    }
  }
  add_to_bin(run_bin, run_mass);
  workgroupBarrier();
}

fn add_to_bin(bin: u32, mass: vec3<u32>) {
  if mass.x != 0 { atomicAdd(&bins[bin], mass.x); }
  if mass.y != 0 { atomicAdd(&bins[WORKGROUP + bin], mass.y); }
  if mass.z != 0 { atomicAdd(&bins[2 * WORKGROUP + bin], mass.z); }
}

fn bin_mass(bin: u32) -> vec2<u32> {
  let low = atomicLoad(&bins[2 * WORKGROUP + bin]);
  let middle = atomicLoad(&bins[WORKGROUP + bin]) + (low >> 14);
  return vec2<u32>(atomicLoad(&bins[bin]) + (middle >> 14), ((middle & 0x3fffu) << 14) | (low & 0x3fffu));
}

// The mass of all bins up to and including this invocation's (xy), and of all bins (zw). Bins form rows of
// BIN_ROW.
fn sum_bins(own: vec2<u32>, lane: u32) -> vec4<u32> {
  sums[lane] = own;
  workgroupBarrier();
  var inclusive = own;
  for (var i = lane - lane % BIN_ROW; i < lane; i++) { inclusive = mass_plus(inclusive, sums[i]); }
  if lane % BIN_ROW == BIN_ROW - 1 { row_sums[lane / BIN_ROW] = inclusive; }
  workgroupBarrier();
  var total = vec2<u32>(0);
  for (var i = 0u; i < WORKGROUP / BIN_ROW; i++) {
    if i == lane / BIN_ROW { inclusive = mass_plus(total, inclusive); }
    total = mass_plus(total, row_sums[i]);
  }
  return vec4<u32>(inclusive, total);
}
