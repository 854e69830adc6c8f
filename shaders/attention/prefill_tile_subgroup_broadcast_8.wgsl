// prefill_tile_subgroup_broadcast_8 – prefill attention by broadcasts, for subgroups of 8 or more invocations

#import attention/broadcast_tokens
#import attention/subgroup_broadcast_8
