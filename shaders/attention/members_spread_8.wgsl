// attention/members_spread_8 – the core of heads_attend by attention/spread, where subgroups have 8 invocations or more

#import attention/spread_group
#import attention/spread_8
