// banks_4 – the stored words of expert weights that lie in four buffers, because one binding has a size limit
//
// `bank` is the buffer among those of this dispatch. All invocations of a workgroup share it, so the branch costs little.

const BANKS: u32 = 4;
var<private> bank: u32;

fn fetch(i: u32) -> vec4<u32> {
  switch bank {
    case 0: { return weights0[i]; }
    case 1: { return weights1[i]; }
    case 2: { return weights2[i]; }
    default: { return weights3[i]; }
  }
}

fn fetch_word(i: u32) -> u32 {
  switch bank {
    case 0: { return weights0[i / 4][i % 4]; }
    case 1: { return weights1[i / 4][i % 4]; }
    case 2: { return weights2[i / 4][i % 4]; }
    default: { return weights3[i / 4][i % 4]; }
  }
}
