// banks_1 – the stored words of expert weights that all lie in the binding `weights0`
//
// `bank` is the buffer among those of this dispatch; with one buffer there is nothing to choose.

const BANKS: u32 = 1;
var<private> bank: u32;

fn fetch(i: u32) -> vec4<u32> { return weights0[i]; }

fn fetch_word(i: u32) -> u32 { return weights0[i / 4][i % 4]; }
