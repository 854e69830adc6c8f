// banks_4 – loads expert weights that lie in up to four buffers, because the size of one binding is limited
//
// `bank` numbers the buffers of this dispatch. It is the same in a whole workgroup, so the branch costs
// little.

const BANKS: u32 = 4;
var<private> bank: u32;

fn weight_vec4(i: u32) -> vec4<u32> {
  switch bank {
    case 0: { return weights0[i]; }
    case 1: { return weights1[i]; }
    case 2: { return weights2[i]; }
    default: { return weights3[i]; }
  }
}

fn weight_word(i: u32) -> u32 {
  switch bank {
    case 0: { return weights0[i / 4][i % 4]; }
    case 1: { return weights1[i / 4][i % 4]; }
    case 2: { return weights2[i / 4][i % 4]; }
    default: { return weights3[i / 4][i % 4]; }
  }
}
