// prefill_tile_subgroup_broadcast_4 – prefill attention by broadcasts, for subgroups of 4 to 7 invocations

#import attention/broadcast_tokens
#import attention/subgroup_broadcast_4
