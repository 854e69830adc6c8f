// prefill_tile_subgroup_broadcast_4 – prefill attention by broadcasts, for subgroups of 4 to 7 invocations

#import attention/spread_tokens
#import attention/spread_4
