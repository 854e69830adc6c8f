// spread – the number of a workgroup in a grid of two dimensions, since one has at most 65535

fn spread(id: vec3<u32>, grid: vec3<u32>) -> u32 { return id.y * grid.x + id.x; }
