// gqa_tile_subgroup_broadcast_1 – the core of gqa_decode without broadcasts, for a group of one head

#import attention/spread_group
#import attention/spread_1
