// sample/select – which candidate does the running mass reach a wanted mass at? One workgroup, no sort, no rounding
//
// Candidates stand in the order of (rank, id). A radix search fixes their place byte by byte, four of the rank and three of the id:
// each level sums the masses of the candidates that share the bytes found so far into 256 bins, and takes the bin in which the wanted
// mass is reached. Masses are integers in units of 2^-42 and are added as such, so that no order of additions can change the result:
// the same numbers choose the same candidate, always. 2^18 - 1 candidates of mass 1 fit. Masses under 2^-42 count as nothing.
//
// The kernel that imports this has WORKGROUP = 256 and VOCAB, and defines
//   fn rank_at(id: u32) -> u32                    the rank of a candidate (sample/rank)
//   fn weigh(id: u32, rank: u32) -> vec3<u32>     its mass, as three digits of 14 bits; zero when it is out of question
//   fn wanted(total: vec2<u32>) -> vec2<u32>      the mass to reach, given the mass of all
// A mass as a vec2<u32> is (units of 2^-14, the rest in units of 2^-42).

const LOAD_AHEAD: u32 = 4; // loads that each invocation has in flight: a single workgroup is bound by latency
const ROW: u32 = 16;

var<workgroup> bins: array<atomic<u32>, 3 * WORKGROUP>;
var<workgroup> sums: array<vec2<u32>, WORKGROUP>;
var<workgroup> row_sums: array<vec2<u32>, WORKGROUP / ROW>;
var<workgroup> reached: vec3<u32>; // the bin, and the mass before it

fn mass_digits(weight: f32) -> vec3<u32> {
  let high = weight * 16384.0;
  let middle = (high - floor(high)) * 16384.0;
  let low = (middle - floor(middle)) * 16384.0;
  return vec3<u32>(u32(high), u32(middle), u32(low));
}

fn mass_value(mass: vec2<u32>) -> f32 { return f32(mass.x) + f32(mass.y) / 268435456.0; }

fn mass_from(value: f32) -> vec2<u32> { return vec2<u32>(u32(value), u32((value - floor(value)) * 268435456.0)); }

fn mass_less(a: vec2<u32>, b: vec2<u32>) -> bool { return a.x < b.x || (a.x == b.x && a.y < b.y); }

fn mass_plus(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let low = a.y + b.y;
  return vec2<u32>(a.x + b.x + (low >> 28), low & 0xfffffffu);
}

fn mass_minus(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let borrow = select(0u, 1u, a.y < b.y);
  return vec2<u32>(a.x - b.x - borrow, a.y + (borrow << 28) - b.y);
}

/// The place (rank, id) of the candidate that reaches the wanted mass. From level 4 on, only ids count: the order is that of ids, rank is 0.
fn select_place(first: u32, lane: u32) -> vec2<u32> {
  var place = vec2<u32>(0);
  var mask = 0u; // the bits of the rank that are known
  var rest = vec2<u32>(0);
  for (var level = first; level < 7; level++) {
    let shift = select(24 - 8 * level, 48 - 8 * level, level >= 4);
    fill_bins(place, mask, shift, level >= 4, lane);
    let own = bin_mass(lane);
    let summed = sum_bins(own, lane);
    let through = summed.xy;
    let total = summed.zw;
    if level == first { rest = wanted(total); }
    if mass_less(total, rest) { rest = total; }
    let before = mass_minus(through, own);
    if mass_less(before, rest) && !mass_less(through, rest) { reached = vec3<u32>(lane, before); }
    let found = workgroupUniformLoad(&reached);
    rest = mass_minus(rest, found.yz);
    if level < 4 {
      place.x |= found.x << shift;
      mask |= 255u << shift;
    } else {
      place.y |= found.x << shift;
    }
  }
  return place;
}

/// Sums the masses of the candidates at `place` so far by their next byte.
fn fill_bins(place: vec2<u32>, mask: u32, shift: u32, by_id: bool, lane: u32) {
  for (var part = 0u; part < 3; part++) { atomicStore(&bins[part * WORKGROUP + lane], 0u); }
  workgroupBarrier();
  let end = select(VOCAB, min(VOCAB, place.y + (256u << shift)), by_id);
  // Neighbours often fall into one bin: an invocation adds up a run of them before it touches shared memory.
  var run_bin = 0u;
  var run_mass = vec3<u32>(0);
  for (var base = place.y + lane; base < end; base += LOAD_AHEAD * WORKGROUP) {
    var ranks: array<u32, LOAD_AHEAD>;
    for (var i = 0u; i < LOAD_AHEAD; i++) { ranks[i] = rank_at(min(base + i * WORKGROUP, VOCAB - 1)); }
    for (var i = 0u; i < LOAD_AHEAD; i++) {
      let id = base + i * WORKGROUP;
      if id >= end || ((ranks[i] ^ place.x) & mask) != 0 { continue; }
      let bin = (select(ranks[i], id, by_id) >> shift) & 255;
      if bin != run_bin {
        add_to_bin(run_bin, run_mass);
        run_bin = bin;
        run_mass = vec3<u32>(0);
      }
      run_mass += weigh(id, ranks[i]);
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

/// The mass of all bins up to and with this invocation's, and that of all bins (zw). Bins form rows of ROW.
fn sum_bins(own: vec2<u32>, lane: u32) -> vec4<u32> {
  sums[lane] = own;
  workgroupBarrier();
  var through = own;
  for (var i = lane - lane % ROW; i < lane; i++) { through = mass_plus(through, sums[i]); }
  if lane % ROW == ROW - 1 { row_sums[lane / ROW] = through; }
  workgroupBarrier();
  var total = vec2<u32>(0);
  for (var i = 0u; i < WORKGROUP / ROW; i++) {
    if i == lane / ROW { through = mass_plus(total, through); }
    total = mass_plus(total, row_sums[i]);
  }
  return vec4<u32>(through, total);
}
