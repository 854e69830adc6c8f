// fetch – the stored words of a weight matrix that has the binding `weights` to itself

fn fetch(i: u32) -> vec4<u32> { return weights[i]; }

fn fetch_word(i: u32) -> u32 { return weights[i / 4][i % 4]; }
