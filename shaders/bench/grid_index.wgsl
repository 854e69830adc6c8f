// grid_index – the index of a workgroup in a two-dimensional grid, for grids larger than 65535 workgroups

fn grid_index(id: vec3<u32>, grid: vec3<u32>) -> u32 { return id.y * grid.x + id.x; }
