// weight_buffer – loads weights of a matrix that has its own binding, `weights`

fn weight_vec4(i: u32) -> vec4<u32> { return weights[i]; }

fn weight_word(i: u32) -> u32 { return weights[i / 4][i % 4]; }
