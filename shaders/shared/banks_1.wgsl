// banks_1 – loads expert weights that all lie in one buffer, the binding `weights0`
//
// `bank` numbers the buffers of this dispatch; with one buffer it is always 0.

const BANKS: u32 = 1;
var<private> bank: u32;

fn weight_vec4(i: u32) -> vec4<u32> { return weights0[i]; }

fn weight_word(i: u32) -> u32 { return weights0[i / 4][i % 4]; }
