// attention/spread_1 – what attention/spread loads for one row

#import shared/spread_1
#import attention/spread

const OWN: u32 = 1;

fn own_queries(places: Places, row0: u32, head: u32, quad: u32) -> Quads { return row_query(row0, head, quad); }

fn own_weights(places: Places, quad: u32) -> Quads { return weights[quad]; }
